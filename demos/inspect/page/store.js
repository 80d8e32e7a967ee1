// The rows that this page keeps: the latest ones, and those of them that pass the filter.

const maxConns = 1024;

export class Store {
  constructor() {
    this.max = 10_000;
    this.test = () => true;
    this.clear();
  }

  clear() {
    this.rows = []; // by number
    this.view = []; // those that pass the filter
    this.heldRows = null; // the rows as they were when the display was paused, or null
    this.held = null; // those of them that pass the filter
    this.conns = new Map();
    this.bySeq = new Map();
    this.dropped = 0;
    this.viewDropped = 0; // of those that passed the filter
    this.start = undefined; // the time of the first row
    this.missed = 0;
  }

  // take takes in a message of the server. A row with a known number has changed.
  take({ rows, conns = [], missed = 0 }) {
    const fresh = [];
    const amended = new Set();
    let refilter = false;
    for (const row of rows) {
      const known = this.bySeq.get(row.seq);
      if (known) {
        const passed = this.test(known);
        Object.assign(known, row);
        amended.add(row.seq);
        refilter ||= passed !== this.test(known);
      } else if (row.seq > (this.rows.at(-1)?.seq ?? 0)) {
        this.start ??= row.time;
        fresh.push(row);
        this.rows.push(row);
        this.bySeq.set(row.seq, row);
        if (this.test(row)) this.view.push(row);
      }
    }
    this.missed += missed;
    this.dropOldest();
    if (refilter) this.filter(this.test);
    for (const conn of conns) this.conns.set(conn.conn, conn);
    for (const oldest of this.conns.keys()) {
      if (this.conns.size <= maxConns) break;
      this.conns.delete(oldest);
    }
    return { fresh, amended };
  }

  dropOldest() {
    const excess = this.rows.length - this.max;
    if (excess <= 0) return;
    for (const { seq } of this.rows.splice(0, excess)) this.bySeq.delete(seq);
    const first = this.rows[0].seq;
    const from = this.view.findIndex(({ seq }) => seq >= first);
    this.viewDropped += this.view.splice(0, from < 0 ? this.view.length : from).length;
    this.dropped += excess;
  }

  filter(test) {
    this.test = test;
    this.view = this.rows.filter(test);
    this.held = this.heldRows?.filter(test) ?? null;
  }

  // hold lets the display stand still, or go on.
  hold(on) {
    this.heldRows = on ? [...this.rows] : null;
    this.held = this.heldRows?.filter(this.test) ?? null;
  }

  // shown are the rows on display.
  shown() {
    return this.held ?? this.view;
  }

  get(seq) {
    return this.bySeq.get(seq) ?? this.heldRows?.find((row) => row.seq === seq);
  }
}
