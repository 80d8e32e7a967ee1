// Server-sent events: the browser reads a stream that never ends, and connects again by itself.

import { again, Watch } from './connection.js';
import { withLane } from './lane.js';
import { post } from './post.js';

// The server says something at least every 15 s.
export const patience = 45_000;

export class ServerSentEvents {
  constructor(page, path = 'news') {
    this.page = page;
    this.path = path;
    this.send = post(page);
    this.streams = 0;
    this.events = 0;
  }

  run(signal) {
    return withLane(this.page, signal, (_, lane) => again(this.page, signal, (succeeded) => this.stream(signal, lane, succeeded)));
  }

  // stream returns a promise that fails when the stream is beyond what the browser mends by itself.
  stream(signal, lane, succeeded) {
    const { page } = this;
    page.status.set('connecting', 'Connecting…', 'The request for the stream is on its way.');
    const source = new EventSource(page.address(this.path));
    return new Promise((_, fail) => {
      const end = (why) => {
        source.close();
        watch.stop();
        fail(new Error(why));
      };
      const watch = new Watch(patience, () => end('the server has been silent for too long'));
      signal.onabort = () => end('stopped');
      source.onopen = () => {
        watch.heard();
        page.fact('requests', ++this.streams);
        page.status.set('waiting', 'Connected.', `Stream ${this.streams} is open, on ${lane}.`);
      };
      source.onerror = () => {
        // The browser tries again by itself, except when the answer was no stream at all.
        if (source.readyState === EventSource.CLOSED) end('the server refused the stream');
        else page.status.set('retrying', 'No connection.', 'The browser itself connects again, and sends the id of the last event.');
      };
      const take = (event, batch) => {
        watch.heard();
        succeeded();
        page.take({ cursor: event.lastEventId, ...batch });
        page.fact('news', ++this.events);
        page.fact('last', `${event.type}, ${event.data.length} characters of data`);
      };
      source.addEventListener('snapshot', (event) => take(event, { snapshot: true, state: JSON.parse(event.data) }));
      for (const kind of ['vote', 'chat', 'here']) {
        source.addEventListener(kind, (event) => take(event, { events: [{ [kind]: JSON.parse(event.data) }] }));
      }
      source.addEventListener('beat', () => watch.heard());
    });
  }
}
