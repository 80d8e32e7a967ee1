// The comparison in words and numbers: what the lanes cost, the last events, and the bytes of one.

import { bytes, duration, element } from './compare-events.js';

const measures = [
  ['Requests', (lane) => lane.cost.requests],
  ['Empty answers', (lane) => lane.cost.empty],
  ['Bytes up', (lane) => bytes(lane.cost.up)],
  ['Bytes down', (lane) => bytes(lane.cost.down)],
  ['Events', (lane) => lane.cost.events],
  ['Useful payload', (lane) => bytes(lane.cost.useful)],
  ['Overhead per event', (lane) => bytes(lane.overhead())],
  ['Delay p50', (lane) => duration(lane.delay(50))],
  ['Delay p99', (lane) => duration(lane.delay(99))],
  ['Opening, apart', (lane) => bytes(lane.cost.opening)],
];

function head(first, lanes) {
  const th = (text) => Object.assign(element('th', { textContent: text }), { scope: 'col' });
  return element('thead', {}, element('tr', {}, th(first), ...lanes.map((lane) => th(lane.title))));
}

function rowHead(...content) {
  const th = element('th', {}, ...content);
  th.scope = 'row';
  return th;
}

// Costs is the table of what each lane has cost.
export class Costs {
  constructor(table, lanes) {
    this.cells = [];
    const body = element('tbody');
    for (const [name, measure] of measures) {
      const row = element('tr', {}, rowHead(name));
      for (const lane of lanes) {
        const cell = element('td');
        row.append(cell);
        this.cells.push(() => show(cell, measure(lane)));
      }
      body.append(row);
    }
    table.replaceChildren(head('', lanes), body);
  }

  draw() {
    for (const cell of this.cells) cell();
  }
}

function show(place, text) {
  if (place.textContent !== String(text)) place.textContent = text;
}

const most = 12; // events in the table

// Events is the table of the last events, the newest first.
export class Events {
  constructor(table, lanes, select) {
    Object.assign(this, { lanes, select, rows: new Map() });
    this.body = element('tbody');
    table.replaceChildren(head('Event', lanes), this.body);
  }

  add(event) {
    const button = element('button', { type: 'button', className: 'link' }, `${event.number} `, element('bdi', { textContent: event.text }));
    button.addEventListener('click', () => this.select(event));
    const cells = new Map(this.lanes.map((lane) => [lane.name, element('td', { textContent: '…' })]));
    const row = element('tr', {}, rowHead(button), ...cells.values());
    row.dataset.event = event.name;
    this.rows.set(event.name, { row, cells });
    this.body.prepend(row);
    if (this.rows.size > most) {
      const [oldest, { row: gone }] = this.rows.entries().next().value;
      this.rows.delete(oldest);
      gone.remove();
    }
  }

  came(event, lane, ms) {
    const cell = this.rows.get(event.name)?.cells.get(lane.name);
    if (cell) cell.textContent = duration(ms);
  }
}

// showBytes shows what carried an event, lane by lane.
export function showBytes(place, event, lanes) {
  const title = element('h3', { textContent: `The bytes of event ${event.number}: ${event.text}`, tabIndex: -1 });
  place.replaceChildren(title);
  for (const lane of lanes) {
    const rows = event.rows.get(lane.name) ?? [];
    const sum = rows.reduce((n, row) => n + row.size, 0);
    const box = element('details', { open: true }, element('summary', { textContent: `${lane.title}: ${words(rows, sum)}` }));
    box.dataset.lane = lane.name;
    for (const row of rows) {
      box.append(element('pre', { tabIndex: 0 }, element('code', { textContent: `${row.kind}, ${row.size ? bytes(row.size) : 'in the chunk above'}\n\n${row.text}` })));
    }
    place.append(box);
  }
  title.focus({ preventScroll: true });
  place.scrollIntoView({ block: 'nearest' });
}

function words(rows, sum) {
  if (rows.length === 0) return 'nothing yet, or no longer kept';
  const names = rows.filter((row) => row.size).map((row) => row.kind);
  return `${bytes(sum)} in ${names.join(', ')}`;
}
