// A hidden iframe: it loads a page that never ends, and each script in there calls window.ws101 here.

import { again, Watch } from './connection.js';
import { withLane } from './lane.js';
import { post } from './post.js';

// The server says something at least every 15 s. A stream that breaks in the middle is noticed by this
// clock alone: for the browser, the iframe just goes on loading.
export const patience = 45_000;

// An iframe that is there while the page loads keeps it loading for ever: the browser shows that it
// waits for something. One that comes later does not.
const loaded = new Promise((done) => {
  if (document.readyState === 'complete') done();
  else addEventListener('load', done);
});

export class Streaming {
  constructor(page, path = 'news') {
    this.page = page;
    this.path = path;
    this.send = post(page);
    this.streams = 0;
    this.scripts = 0;
  }

  run(signal) {
    return withLane(this.page, signal, (_, lane) => again(this.page, signal, async (succeeded) => {
      await loaded;
      signal.throwIfAborted();
      await this.stream(signal, lane, succeeded);
    }));
  }

  // stream returns a promise that fails when the stream ends without a word, and else just ends.
  stream(signal, lane, succeeded) {
    const { page } = this;
    page.fact('requests', ++this.streams);
    page.status.set('connecting', 'Connecting…', 'The iframe asks for a page that never ends.');
    const frame = document.createElement('iframe');
    frame.hidden = true;
    frame.title = 'The stream of news';
    frame.src = page.address(this.path);
    return new Promise((ended, failed) => {
      let goodbye;
      const end = (why) => {
        watch.stop();
        frame.remove(); // with all that the browser has kept of its scripts
        delete window.ws101;
        if (goodbye) ended();
        else failed(new Error(why));
      };
      const watch = new Watch(patience, () => end('the server has been silent for too long'));
      signal.onabort = () => end('stopped');
      window.ws101 = {
        take: (batch) => {
          watch.heard();
          succeeded();
          page.status.set('waiting', 'Connected.', `Stream ${this.streams} is open, on ${lane}.`);
          page.fact('scripts', ++this.scripts);
          page.take(batch);
        },
        end: (why) => {
          goodbye = why;
        },
      };
      // Only a page that has come to its end is "loaded", be it the browser's own about a failure.
      frame.onload = () => end('the stream broke off');
      document.body.append(frame);
    });
  }
}
