// A lane: one technique at work, what it has brought, and what it has cost.
//
// It is what a page is to the modules of the techniques; see page.js. They do not know that they are
// compared.

import { StatusLine } from './connection.js';
import { eventsOf, percentile } from './compare-events.js';
import { Outage } from './compare-outage.js';

const most = 1000; // delays that are kept, and names

export class Lane {
  // line is a status line, arrived(event) is called for each event, once it is there.
  constructor({ name, title, patience }, id, line, arrived) {
    Object.assign(this, { name, title, patience, id, arrived });
    this.cursor = '';
    this.status = new LaneStatus(line, this);
    this.seen = new Set(); // names of events
    this.delays = [];
    this.conn = 0; // the number of its connection
    this.cost = { requests: 0, empty: 0, up: 0, down: 0, useful: 0, events: 0, opening: 0 };
    this.running = { bytes: 0, events: 0 }; // without what it takes to open the lane
  }

  // run uses a transport until the signal is aborted.
  run(transport, signal) {
    this.transport = transport;
    transport.run(signal);
  }

  address(path) {
    return `compare/${this.name}/${path}?cursor=${encodeURIComponent(this.cursor)}&page=${this.id}`;
  }

  fact() {} // what a page of its own shows about itself, here the wire tells

  take(batch) {
    for (const event of eventsOf(batch)) {
      if (this.seen.has(event.name)) {
        this.outage?.twice();
        continue;
      }
      this.seen.add(event.name);
      if (this.seen.size > most) this.seen.delete(this.seen.values().next().value);
      this.arrived(event);
    }
    if (batch.snapshot) this.outage?.snapshot();
    this.cursor = batch.cursor;
    return '';
  }

  // row counts what crossed the wire.
  row(row) {
    const { cost } = this;
    if (row.kind === 'request') {
      cost.requests++;
      this.conn = row.conn;
    }
    this.outage?.row(row);
    if (row.kind === 'event') return; // its chunk is counted
    if (row.empty) cost.empty++;
    const events = row.events?.length ?? 0;
    cost.useful += row.useful;
    cost.events += events;
    if (row.opening) {
      cost.opening += row.size;
      return;
    }
    cost[row.from === 'client' ? 'up' : 'down'] += row.size;
    this.running.bytes += row.size - row.useful;
    this.running.events += events;
  }

  // took takes note of how long an event has taken.
  took(ms) {
    this.delays.push(ms);
    if (this.delays.length > most) this.delays.shift();
  }

  delay(percent) {
    return percentile(this.delays, percent);
  }

  // overhead is what an event costs beside itself.
  overhead() {
    const { bytes, events } = this.running;
    return events ? bytes / events : undefined;
  }

  broke(how, at) {
    this.outage = new Outage(this, how, at);
    // The end of a connection may have been here before the word about it.
    if (this.status.lost >= at) this.outage.noticed(this.status.lost);
  }
}

// LaneStatus is a status line that also tells the lane when its transport has noticed something.
class LaneStatus extends StatusLine {
  constructor(line, lane) {
    super(line);
    this.lane = lane;
  }

  set(state, word, detail = '') {
    super.set(state, word, detail);
    if (state !== 'retrying') return;
    this.lost = performance.now();
    this.lane.outage?.noticed(this.lost);
  }
}
