// How a WebSocket ended, as three facts: the first Close frame, the first FIN or RST, and what the
// browser's API makes of both.

// told is what a page has said that its browser reported, if one has.
export function showClosing(place, conn, told, link) {
  place.replaceChildren();
  const facts = conn?.closing;
  if (!facts) return;
  const title = document.createElement('h3');
  title.textContent = 'How it was closed';
  const list = document.createElement('ol');
  list.className = 'closing';
  const add = (...parts) => {
    const item = document.createElement('li');
    item.append(...parts);
    list.append(item);
  };
  const by = ({ from, what, row }) => [`the ${from}: ${what} (`, link(row), ')'];
  if (facts.first) {
    add('First Close frame, by ', ...by(facts.first), ...(facts.second ? ['; the other side, ', ...by(facts.second)] : ['; no answer to it was seen']), '.');
  } else {
    add('No Close frame has passed.');
  }
  if (facts.end) {
    add('First end of TCP, by ', ...by(facts.end), ...(facts.otherEnd ? ['; the other side, ', ...by(facts.otherEnd)] : []), '.');
    add(api(facts.api, told));
  } else {
    add('TCP has not ended yet.');
  }
  place.append(title, list);
}

function api(due, told) {
  const made = (code) => (code === 1005 || code === 1006 ? ` No frame carries ${code}: the browser makes it up.` : '');
  if (told) {
    return `What the page was told: a ${event(told)}.${made(told.code)} `
      + (event(told) === event(due) ? 'These bytes say the same.' : `These bytes call for a ${event(due)}.`);
  }
  return `What the API of a browser at the client’s end makes of these bytes: ${event(due)}.${made(due.code)} What it really reported, no page has told.`;
}

const event = ({ code, reason, wasClean }) => `close event with code ${code}, reason ${JSON.stringify(reason)}, wasClean ${wasClean}`;
