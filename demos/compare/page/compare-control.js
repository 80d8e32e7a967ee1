// The control channel: what crossed the wire for this page comes in, and what it wants goes out.
//
// It is a WebSocket, because those do not count among the six connections that a browser has for
// all requests to a server.

import { webSocketURL } from './socket.js';

export class Control {
  // heard has a function for each kind of message: news(batch, at), rows(rows), missed(n),
  // broken(how, at), error(text). Times are those of performance.now().
  constructor(id, heard) {
    this.id = id;
    this.heard = heard;
    this.pings = new Map(); // number -> when it left
    this.number = 0;
    this.best = Infinity; // the shortest way there and back
    this.offset = 0; // from the server's time to the page's
  }

  // run connects. It calls ready() when all is known that has to be, and its promise fails when the
  // connection ends.
  run(signal, ready) {
    const socket = new WebSocket(webSocketURL(`compare/control?page=${this.id}`));
    this.socket = socket;
    return new Promise((_, failed) => {
      const end = (why) => {
        clearInterval(clock);
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        failed(new Error(why));
      };
      // Nobody tells that a connection is dead, so pings that stay without an answer have to.
      const clock = setInterval(() => (this.pings.size > 3 ? end('the control channel is silent') : this.ping()), 5_000);
      signal.addEventListener('abort', () => end('stopped'));
      socket.onopen = () => this.ping();
      socket.onclose = () => end('the control channel has ended');
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (!message.pong) {
          this.take(message);
          return;
        }
        this.pong(message);
        if (message.pong < 5) this.ping();
        if (message.pong === 5) ready();
      };
    });
  }

  // Neither clock knows the other. Of several pings the fastest tells best: the server has
  // looked at its clock somewhere between the two moments of this one.
  ping() {
    this.pings.set(++this.number, performance.now());
    this.say({ ping: this.number });
  }

  pong({ pong, now }) {
    const back = performance.now();
    const left = this.pings.get(pong);
    this.pings.delete(pong);
    const offset = (left + back) / 2 - now;
    const took = back - left;
    // If both cannot be true, one of the clocks has jumped, as when a machine has slept.
    const jumped = Math.abs(offset - this.offset) > (took + this.best) / 2;
    if (took > this.best && !jumped) return;
    this.best = took;
    this.offset = offset;
  }

  take(message) {
    const at = message.at + this.offset;
    if (message.broken) this.heard.broken(message.broken, at);
    if (message.news) this.heard.news(message.news, at);
    if (message.missed) this.heard.missed(message.missed);
    for (const row of message.rows ?? []) this.heard.row({ ...row, at: row.at + this.offset });
    if (message.error) this.heard.error(message.error);
  }

  say(wish) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(wish));
  }
}
