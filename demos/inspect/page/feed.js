// How the rows come here: over one WebSocket, which the server leaves out of what it shows.
//
// From the server, as JSON:
//   {hello: {epoch, maxRows}}      first; another epoch is another server
//   {rows, conns, missed}          new rows, or rows that have changed; connections that have changed
//   {explained: {seq, hex, ...}}   a row laid open
// From here: {explain: seq}

import { again } from './connection.js';
import { webSocketURL } from './socket.js';

export class Feed {
  // use has status, begin(hello, anew), batch(news) and explained(answer).
  constructor(use) {
    this.use = use;
    this.status = use.status; // for again
  }

  run() {
    const stop = new AbortController();
    // A browser may keep the page for the way back. Its socket would be closed then.
    addEventListener('pagehide', () => stop.abort());
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) location.reload();
    });
    again(this, stop.signal, (heard) => this.connect(heard, stop.signal));
  }

  connect(heard, signal) {
    return new Promise((_, reject) => {
      const socket = new WebSocket(webSocketURL('ws'));
      this.socket = socket;
      signal.addEventListener('abort', () => socket.close());
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.hello) {
          heard();
          this.hello(message.hello);
        } else if (message.explained) {
          this.use.explained(message.explained);
        } else {
          this.use.batch(message);
        }
      };
      socket.onclose = () => reject(new Error('The connection to the server has ended.'));
    });
  }

  hello(hello) {
    this.use.begin(hello, hello.epoch !== this.epoch);
    this.epoch = hello.epoch;
    this.status.set('connected', 'Watching.', 'Rows are made while a page like this one is open.');
  }

  // explain asks for a row to be laid open, and says whether that can be.
  explain(seq) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify({ explain: seq }));
    return true;
  }
}
