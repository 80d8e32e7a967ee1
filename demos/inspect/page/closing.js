// How a WebSocket ended, as three facts: the first Close frame, the first FIN or RST, and what the
// browser's API makes of both.

export function showClosing(place, conn, link) {
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
    add(api(facts.api));
  } else {
    add('TCP has not ended yet.');
  }
  place.append(title, list);
}

function api({ code, reason, wasClean }) {
  return `What the API of a browser at the client’s end makes of these bytes: close event with code ${code}, reason ${JSON.stringify(reason)}, wasClean ${wasClean}. `
    + (code === 1005 || code === 1006 ? `No frame carries ${code}: the browser makes it up. ` : '')
    + 'What it really reported, no page has told.';
}
