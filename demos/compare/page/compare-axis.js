// The time axis: a line for each lane, what crosses the wire on it, and when each event came.
//
// Each mark is made once, at its moment, and all of them move together. What is older than the axis is
// taken away.

import { drawn, duration } from './compare-events.js';

const span = 20_000; // milliseconds on the axis
const top = 24;
const height = 44; // of a lane

export class Axis {
  // select(event) is called when somebody clicks on one.
  constructor(svg, lanes, select) {
    Object.assign(this, { svg, select, held: false, marks: [], open: new Map() });
    this.origin = performance.now();
    this.moment = this.origin; // the right end of the axis
    this.rows = new Map(lanes.map((lane, i) => [lane.name, top + i * height + height / 2 + 7]));
    this.bottom = top + lanes.length * height;
    this.ground = drawn('g');
    this.wire = drawn('g'); // bars and ticks, behind the events
    this.news = drawn('g');
    svg.replaceChildren(this.ground, this.wire, this.news);
    for (const lane of lanes) {
      const y = this.rows.get(lane.name);
      this.ground.append(drawn('line', { class: 'rail', x1: 0, x2: '100%', y1: y, y2: y }));
      const title = drawn('text', { x: 4, y: y - 17 });
      title.textContent = lane.title;
      this.ground.append(title);
    }
    svg.setAttribute('height', this.bottom + 6);
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(svg);
    this.resize();
  }

  stop() {
    this.watch.disconnect();
    this.svg.replaceChildren();
  }

  resize() {
    this.width = this.svg.clientWidth || 300;
    for (const mark of this.marks) mark.place();
    this.draw(this.moment);
  }

  x(at) {
    return ((at - this.origin) / span) * this.width;
  }

  // add keeps a mark: place() puts it where it belongs, and it goes when its last moment has passed.
  add(group, element, last, place) {
    const mark = { element, last, place };
    place();
    this.marks.push(mark);
    group.append(element);
    return mark;
  }

  // row marks what crossed the wire.
  row(row) {
    const y = this.rows.get(row.lane);
    if (row.kind === 'request') {
      this.end(row.lane, row.conn, row.at);
      this.begin(row, y);
    }
    const last = row.kind === 'last chunk' || row.kind === 'body' || row.kind === 'FIN' || row.kind === 'reset';
    if (last || (row.kind === 'response' && row.empty)) this.end(row.lane, row.conn, row.at);
    if (row.kind === 'reset') this.cross(row, y);
    if (row.size === 0) return;
    const up = row.from === 'client';
    const tick = drawn('line', { class: up ? 'tick up' : 'tick down', y1: y, y2: up ? y - 8 : y + 8 });
    this.add(this.wire, tick, row.at, () => line(tick, this.x(row.at), this.x(row.at)));
  }

  // begin draws a bar for as long as a request is held.
  begin(row, y) {
    const bar = drawn('rect', { class: 'held', y: y - 4, height: 8 });
    const one = { from: row.at, to: undefined };
    const key = `${row.lane} ${row.conn}`;
    one.mark = this.add(this.wire, bar, Infinity, () => {
      bar.setAttribute('x', this.x(one.from));
      bar.setAttribute('width', Math.max(1, this.x(one.to ?? performance.now()) - this.x(one.from)));
    });
    this.open.set(key, one);
  }

  end(lane, conn, at) {
    const key = `${lane} ${conn}`;
    const one = this.open.get(key);
    if (!one) return;
    one.to = at;
    one.mark.last = at;
    one.mark.place();
    this.open.delete(key);
  }

  cross(row, y) {
    const cross = drawn('text', { class: 'cross', y: y + 5, 'text-anchor': 'middle' });
    cross.textContent = '✕';
    this.add(this.news, cross, row.at, () => cross.setAttribute('x', this.x(row.at)));
  }

  // event draws a line through all lanes, at the moment when it happened.
  event(event) {
    const through = drawn('line', { class: 'moment', y1: top - 4, y2: this.bottom });
    this.add(this.wire, through, event.at, () => line(through, this.x(event.at), this.x(event.at)));
    this.number(event);
  }

  // number labels an event. Those that stand too close have one label.
  number({ number, at }) {
    const { last } = this;
    if (last && this.x(at) - this.x(last.at) < 18) {
      last.label.textContent = `${last.number}–${number}`;
      return;
    }
    const label = drawn('text', { class: 'number', y: top - 8, 'text-anchor': 'middle' });
    label.textContent = number;
    this.last = { label, number, at };
    this.add(this.news, label, at, () => label.setAttribute('x', this.x(at)));
  }

  // came marks an event in a lane.
  came(event, lane, at) {
    const y = this.rows.get(lane.name);
    const way = drawn('line', { class: 'way', y1: y, y2: y });
    this.add(this.wire, way, at, () => line(way, this.x(Math.min(event.at, at)), this.x(at)));
    const dot = drawn('circle', { class: 'news', cy: y, r: 6 });
    const title = drawn('title');
    title.textContent = `${event.number}: ${event.text}, by ${lane.title} after ${duration(at - event.at)}. Click to see its bytes.`;
    dot.append(title);
    dot.addEventListener('click', () => this.select(event));
    this.add(this.news, dot, at, () => dot.setAttribute('cx', this.x(at)));
  }

  // broken marks the moment of a break.
  broken(at) {
    const through = drawn('line', { class: 'break', y1: top - 4, y2: this.bottom });
    this.add(this.wire, through, at, () => line(through, this.x(at), this.x(at)));
  }

  draw(now) {
    if (!this.held) this.moment = now;
    for (const one of this.open.values()) one.mark.place();
    this.marks = this.marks.filter((mark) => {
      if (mark.last > this.moment - span) return true;
      mark.element.remove();
      return false;
    });
    for (const group of [this.wire, this.news]) {
      group.setAttribute('transform', `translate(${this.width - 12 - this.x(this.moment)} 0)`);
    }
  }
}

function line(element, x1, x2) {
  element.setAttribute('x1', x1);
  element.setAttribute('x2', x2);
}
