// Which rows of the wire carried an event.
//
// With a stream it is a chunk or a frame, and nothing else. Where each answer needs a request, it is the
// whole exchange.

const most = 40; // rows of one exchange that are kept

export class Exchanges {
  constructor() {
    this.byConn = new Map(); // number of the connection -> {lane, whole, rows}
  }

  // add takes a row and returns the list of rows that carried what is in it.
  add(row) {
    if (row.kind === 'request') {
      const whole = row.lane === 'polling' || row.lane === 'longpolling' || row.text.includes('/poll?');
      this.byConn.delete(row.conn);
      this.byConn.set(row.conn, { whole, rows: [] });
      if (this.byConn.size > 64) this.byConn.delete(this.byConn.keys().next().value);
    }
    const one = this.byConn.get(row.conn);
    if (!one?.whole) return [row];
    if (one.rows.length < most) one.rows.push(row);
    return one.rows; // also what is still to come
  }
}
