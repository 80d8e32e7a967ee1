// The comparison on the start page: five lanes, one for each technique, with the same events.

import { again, StatusLine } from './connection.js';
import { random } from './page.js';
import { Polling, patience as pollPatience } from './polling.js';
import { LongPolling, patience as longPatience } from './longpolling.js';
import { Streaming, patience as streamPatience } from './streaming.js';
import { ServerSentEvents, patience as eventsPatience } from './sse.js';
import { WebSockets, patience as socketPatience } from './websocket.js';
import { Axis } from './compare-axis.js';
import { Control } from './compare-control.js';
import { duration, element, eventsOf } from './compare-events.js';
import { Lane } from './compare-lane.js';
import { Costs, Events, showBytes } from './compare-tables.js';
import { Waits } from './compare-waits.js';
import { Exchanges } from './compare-wire.js';

const techniques = [
  { name: 'polling', title: 'Polling', Transport: Polling, patience: pollPatience },
  { name: 'longpolling', title: 'Long polling', Transport: LongPolling, patience: longPatience },
  { name: 'streaming', title: 'Hidden iframe', Transport: Streaming, patience: streamPatience },
  { name: 'sse', title: 'Server-sent events', Transport: ServerSentEvents, patience: eventsPatience },
  { name: 'websocket', title: 'WebSocket', Transport: WebSockets, patience: socketPatience },
];

const most = 200; // events that are kept
const get = (id) => document.getElementById(id);

class Comparison {
  constructor(signal) {
    this.signal = signal;
    this.status = new StatusLine(get('compare-status'));
    this.candidate = undefined; // {uid, name}, the first one
    // The control channel comes first. When it ends, as with a server that starts again, everything
    // begins anew.
    again(this, signal, (succeeded) => this.session(succeeded));
    const press = (id, act) => get(id).addEventListener('click', act, { signal });
    press('compare-send', () => this.vote());
    press('compare-ten', () => this.ten());
    press('compare-reset', () => this.shatter('reset'));
    press('compare-silence', () => this.shatter('silence'));
    press('compare-hold', () => this.hold());
    const clock = setInterval(() => this.draw(), 100);
    signal.addEventListener('abort', () => clearInterval(clock));
  }

  // session is one life of the control channel, and of the lanes with it.
  async session(succeeded) {
    const over = new AbortController();
    const signal = AbortSignal.any([this.signal, over.signal]);
    this.events = new Map(); // name -> {name, text, number, at, rows, came}
    this.number = 0;
    this.exchanges = new Exchanges();
    const id = random();
    const control = new Control(id, {
      news: (batch, at) => this.happened(batch, at),
      row: (row) => this.row(row),
      missed: (n) => this.say(`The server had too much to show: ${n} rows are missing in the figures.`),
      broken: (how, at) => this.broke(how, at),
      error: (text) => this.say(text, 'bad'),
    });
    this.control = control;
    this.status.set('connecting', 'Connecting…');
    try {
      await control.run(signal, () => {
        succeeded();
        this.status.set('connected', 'The five lanes are open.', 'A channel of its own, a WebSocket, brings what crosses the wire.');
        this.open(id, signal);
      });
    } finally {
      over.abort();
      this.axis?.stop();
      this.lanes = undefined;
    }
  }

  open(id, signal) {
    this.lanes = techniques.map((technique) => {
      const { line, says, item } = laneLine(technique);
      const lane = new Lane(technique, id, line, (event) => this.arrived(lane, event));
      return Object.assign(lane, { says, item });
    });
    get('compare-lanes').replaceChildren(...this.lanes.map((lane) => lane.item));
    this.axis = new Axis(get('compare-axis'), this.lanes, (event) => this.select(event));
    this.axis.held = get('compare-hold').getAttribute('aria-pressed') === 'true';
    this.costs = new Costs(get('compare-costs'), this.lanes);
    this.table = new Events(get('compare-events'), this.lanes, (event) => this.select(event));
    get('compare-bytes').replaceChildren();
    this.lanes.forEach((lane, i) => {
      // Each has a signal of its own: a transport may hang its one handler on it.
      lane.run(new techniques[i].Transport(lane), AbortSignal.any([signal]));
    });
    const first = this.lanes[0];
    this.waits = new Waits(get, (seconds) => first.transport.every(seconds), signal);
    this.meet(first);
  }

  // meet learns from the first snapshot who can be voted for.
  meet(lane) {
    const take = lane.take.bind(lane);
    lane.take = (batch) => {
      if (batch.snapshot) {
        const [uid, { name }] = Object.entries(batch.state.vote)[0];
        this.candidate = Number(uid);
        get('compare-send').textContent = `Vote for ${name}`;
      }
      return take(batch);
    };
  }

  vote() {
    if (this.candidate) this.control.say({ vote: this.candidate });
  }

  // ten casts votes over as many intervals of polling, each at any moment of its interval.
  ten() {
    const { control } = this;
    const interval = this.waits.interval * 1000;
    for (let i = 0; i < 10; i++) {
      setTimeout(() => control === this.control && this.vote(), (i + Math.random()) * interval);
    }
    this.say(`Ten votes within ${duration(10 * interval)}.`);
  }

  shatter(how) {
    if (this.candidate) this.control.say({ break: how, vote: this.candidate });
  }

  hold() {
    const button = get('compare-hold');
    const held = button.getAttribute('aria-pressed') !== 'true';
    button.setAttribute('aria-pressed', held);
    if (this.axis) this.axis.held = held;
  }

  // happened takes what the control channel tells, which may be earlier or later than the lanes.
  happened(batch, at) {
    if (!this.lanes) return;
    for (const { name, text } of eventsOf(batch)) {
      const event = this.event(name, text);
      if (event.at !== undefined) continue; // it was told before, with its own moment
      event.at = at;
      this.axis.event(event);
      for (const lane of this.lanes) {
        if (at >= lane.outage?.at) lane.outage.happened(name);
        if (event.came.has(lane)) this.mark(lane, event);
      }
    }
  }

  event(name, text) {
    let event = this.events.get(name);
    if (!event) {
      event = { name, text, number: ++this.number, at: undefined, rows: new Map(), came: new Map() };
      this.events.set(name, event);
      if (this.events.size > most) this.events.delete(this.events.keys().next().value);
      this.table.add(event);
    }
    return event;
  }

  arrived(lane, { name, text }) {
    const event = this.event(name, text);
    event.came.set(lane, performance.now());
    if (event.at !== undefined) this.mark(lane, event);
  }

  // mark shows an event in a lane, once both its moments are known.
  mark(lane, event) {
    const came = event.came.get(lane);
    const ms = Math.max(0, came - event.at); // two clocks, never quite the same
    this.axis.came(event, lane, came);
    this.table.came(event, lane, ms);
    const victim = lane.outage?.came(event.name, event.at, came);
    if (!victim) {
      lane.took(ms);
      if (lane.name === 'polling') this.waits.add(ms);
    }
    if (event.came.size === this.lanes.length) {
      const words = this.lanes.map((one) => `${one.title} ${duration(Math.max(0, event.came.get(one) - event.at))}`);
      this.say(`Event ${event.number}, ${event.text}: ${words.join(', ')}.`);
    }
  }

  row(row) {
    const lane = this.lanes?.find(({ name }) => name === row.lane);
    if (!lane) return;
    const carried = this.exchanges.add(row);
    lane.row(row);
    this.axis.row(row);
    for (const name of row.events ?? []) {
      const rows = this.event(name, name).rows;
      if (!rows.has(lane.name)) rows.set(lane.name, carried);
      else if (!rows.get(lane.name).includes(row)) rows.get(lane.name).push(row);
    }
  }

  broke(how, at) {
    if (!this.lanes) return;
    this.axis.broken(at);
    for (const lane of this.lanes) lane.broke(how, at);
  }

  select(event) {
    showBytes(get('compare-bytes'), event, this.lanes);
  }

  draw() {
    if (!this.lanes || document.hidden) return;
    const now = performance.now();
    this.axis.draw(now);
    this.costs.draw();
    for (const lane of this.lanes) {
      const words = lane.outage?.words(now) ?? '';
      if (lane.says.textContent !== words) lane.says.textContent = words;
    }
  }

  say(text, kind = '') {
    get('compare-said').dataset.kind = kind;
    get('compare-said').textContent = text;
  }
}

// laneLine makes the lines that tell of one lane.
function laneLine({ name, title }) {
  const line = element('p', { className: 'status' },
    element('strong', { textContent: title }), ' ', element('span', { className: 'word' }), ' ', element('span', { className: 'detail' }));
  const says = element('p', { className: 'outage' });
  const item = element('li', {}, line, says);
  item.dataset.lane = name;
  return { line, says, item };
}

// The lanes are opened when they are wanted: other pages of this browser need some too.
let stop;
function toggle() {
  const open = !stop;
  const button = get('compare-open');
  button.setAttribute('aria-expanded', open);
  button.textContent = open ? 'Close the lanes' : 'Open the five lanes';
  get('comparison').hidden = !open;
  document.body.classList.toggle('comparing', open);
  if (open) {
    stop = new AbortController();
    new Comparison(stop.signal);
  } else {
    stop.abort();
    stop = undefined;
  }
}
get('compare-open').addEventListener('click', toggle);
function wanted() {
  if (location.hash === '#compare' && !stop) toggle();
}
addEventListener('hashchange', wanted);
wanted();
addEventListener('pagehide', () => stop?.abort());
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});
