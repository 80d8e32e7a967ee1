// WebSocket: one connection, and each side speaks when it has something to say.

import { again, Watch } from './connection.js';
import { webSocketURL, withName, reportEnd, meaning, size } from './socket.js';

// The server says something at least every 25 s.
export const patience = 60_000;

export class WebSockets {
  constructor(page, path = 'news') {
    this.page = page;
    this.path = path;
    this.connections = 0;
    this.messages = 0;
    this.sent = 0;
    this.waiting = new Map(); // what I have sent and the server has not acknowledged: n -> {done, failed}
  }

  run(signal) {
    return again(this.page, signal, (succeeded) => this.connect(signal, succeeded));
  }

  // connect returns a promise that fails when the connection ends.
  connect(signal, succeeded) {
    const { page } = this;
    page.fact('requests', ++this.connections);
    page.status.set('connecting', 'Connecting…', 'readyState 0: a request that asks for an Upgrade is on its way.');
    const socket = new WebSocket(withName(webSocketURL(page.address(this.path))));
    this.socket = socket;
    reportEnd(socket);
    return new Promise((_, failed) => {
      let opened = false;
      const end = (why) => {
        watch.stop();
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        this.lose();
        failed(new Error(why));
      };
      // close() waits for an answer, and where nobody is left to give one, it waits long.
      const watch = new Watch(patience, () => end('the server has been silent for too long'));
      signal.onabort = () => end('stopped');
      socket.onopen = () => {
        opened = true;
        watch.heard();
        page.status.set('connected', 'Connected.', 'readyState 1: both sides may send at any time.');
      };
      socket.onmessage = ({ data }) => {
        watch.heard();
        succeeded();
        this.take(data);
      };
      socket.onclose = ({ code, reason, wasClean }) => {
        if (!opened) {
          end('there was no answer to the Upgrade, or a refusal; the browser does not tell which');
          return;
        }
        const text = `close code ${code}: ${reason || meaning(code)}`;
        page.fact('closed', `${text} (${wasClean ? 'clean' : 'not clean'})`);
        end(text);
      };
    });
  }

  // take takes a batch, or the answer to something that I have sent: {ack: n} or {ack: n, error}.
  take(text) {
    const message = JSON.parse(text);
    if ('ack' in message) {
      const mine = this.waiting.get(message.ack);
      this.waiting.delete(message.ack);
      if (message.error) mine?.failed(new Error(message.error));
      else mine?.done();
      return;
    }
    const what = this.page.take(message);
    this.page.fact('messages', ++this.messages);
    this.page.fact('last', `${what}: ${size(text)} bytes, and ${header(size(text))} for the frame`);
  }

  // send lets an action go, with a number to tell its answer by: on this connection there are no
  // requests and responses, unless we make them.
  send(action) {
    return new Promise((done, failed) => {
      if (this.socket?.readyState !== WebSocket.OPEN) {
        failed(new Error('There is no connection, so nothing was sent.'));
        return;
      }
      const n = ++this.sent;
      this.waiting.set(n, { done, failed });
      this.socket.send(JSON.stringify({ n, ...action }));
    });
  }

  // lose tells those who wait for an answer that none will come. Nothing is sent again: if it did
  // arrive, it would count twice.
  lose() {
    for (const { failed } of this.waiting.values()) {
      failed(new Error('The connection ended, so this may have arrived or not.'));
    }
    this.waiting.clear();
  }
}

// header is how many bytes a server's frame has besides the message.
function header(bytes) {
  if (bytes < 126) return 2;
  return bytes < 65_536 ? 4 : 10;
}
