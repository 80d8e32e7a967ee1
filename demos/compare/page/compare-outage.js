// What a lane can tell after the network broke: who has noticed it and when, how often it tried
// again, with which cursor, and what became of the events in between.

import { duration } from './compare-events.js';

export class Outage {
  constructor(lane, how, at) {
    Object.assign(this, { lane, how, at });
    // A lane that polls holds nothing. It falls into it with its next request.
    this.conn = lane.name === 'polling' ? 0 : lane.conn;
    this.server = undefined; // how long after the break the server knew
    this.page = undefined;
    this.attempts = 0; // up to the one that got through
    this.through = false;
    this.cursor = '';
    this.missed = new Set();
    this.replayed = new Set();
    this.again = 0; // events that came twice
    this.back = Infinity; // when the lane was whole again
    this.whole = false; // a snapshot stands for what was missed
  }

  // happened takes an event that the lane could not bring.
  happened(name) {
    if (this.back === Infinity && !this.lane.seen.has(name)) this.missed.add(name);
  }

  // came takes an event that the lane has brought: when it happened, and when it came. It reports
  // whether the event was a victim of the break.
  came(name, at, came) {
    if (at < this.at) return false;
    this.back = Math.min(this.back, came);
    if (at >= this.back) return false;
    this.missed.add(name);
    this.replayed.add(name);
    return true;
  }

  snapshot() {
    this.whole = true;
    this.back = Math.min(this.back, performance.now());
  }

  twice() {
    this.again++;
  }

  noticed(at) {
    if (at < this.back) this.page ??= at - this.at;
  }

  // row looks at what crosses the wire.
  row({ kind, from, at, conn, cursor, events }) {
    if (at < this.at) return;
    if (kind === 'request' && !this.through) {
      this.attempts++;
      this.cursor = cursor;
      this.conn ||= conn;
    }
    // What the server sends into the silence has events too.
    if (events && conn !== this.conn) this.through = true;
    const over = kind === 'reset' || (kind === 'FIN' && from === 'server');
    if (over && conn === this.conn) this.server ??= at - this.at;
  }

  // words says it all, at this moment.
  words(now) {
    const parts = [this.how === 'reset' ? 'Reset.' : 'Silence.', this.serverWords(), this.pageWords(now)];
    if (this.attempts > 0) {
      parts.push(`${count(this.attempts, 'attempt')}, with the cursor ${this.cursor || '(none)'}.`);
    }
    const sum = `${this.missed.size} missed, ${this.replayed.size} replayed, ${this.again} twice`;
    parts.push(this.whole ? `${sum}; a snapshot stands for the rest.` : `${sum}.`);
    return parts.filter((part) => part).join(' ');
  }

  serverWords() {
    if (this.how === 'reset' && this.lane.name !== 'polling') return 'The server knew at once: it did it.';
    if (this.how === 'reset') return this.server === undefined ? '' : `It met the next question, after ${duration(this.server)}.`;
    if (this.server === undefined) return 'The server has not noticed.';
    return `The server noticed after ${duration(this.server)}.`;
  }

  pageWords(now) {
    if (this.page !== undefined) return `This page noticed after ${duration(this.page)}.`;
    if (this.back < Infinity) return 'This page has not noticed anything: the browser itself asked again.';
    const waits = `${duration(now - this.at)} so far`;
    if (this.lane.name === 'polling') return `This page holds no connection; its next question falls into it (${waits}).`;
    return `This page has not noticed: nobody tells it, and its own clock gives up after ${this.lane.patience / 1000} s (${waits}).`;
  }
}

function count(n, thing) {
  return n === 1 ? `1 ${thing}` : `${n} ${thing}s`;
}
