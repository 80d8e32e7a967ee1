// An event has a name, which is the same in every lane and at the server: "vote 1 301", "chat 7".

// eventsOf returns {name, text} for each event of a batch that has a name.
export function eventsOf(batch) {
  const found = [];
  for (const { vote, chat } of batch.events ?? []) {
    if (vote) found.push({ name: `vote ${vote.uid} ${vote.count}`, text: `${vote.name}: ${vote.count}` });
    if (chat) found.push({ name: `chat ${chat.id}`, text: `${chat.name} says something` });
  }
  return found;
}

// percentile returns the value below which so much of a list lies, or undefined.
export function percentile(list, percent) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}

// duration writes milliseconds for people, with as many digits as say something.
export function duration(ms) {
  if (ms === undefined) return '–';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

// bytes writes a number of bytes.
export function bytes(n) {
  if (n === undefined || Number.isNaN(n)) return '–';
  return n < 10_000 ? `${Math.round(n)} B` : `${(n / 1000).toFixed(1)} kB`;
}

// element makes an element with properties and children.
export function element(tag, properties = {}, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
}

// drawn makes an element of an SVG.
export function drawn(tag, attributes = {}) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  return e;
}
