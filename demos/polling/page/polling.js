// Polling: ask, show the answer, wait, ask again.

import { again } from './connection.js';
import { post } from './post.js';
import { milliseconds } from './vote.js';

// An answer comes at once. If there is none for so long, the connection is dead.
export const patience = 10_000;

export class Polling {
  constructor(page, path = 'news') {
    this.page = page;
    this.path = path;
    this.send = post(page);
    this.seconds = 2;
    this.because = 'The next question';
    this.polls = 0;
    this.news = 0;
  }

  // every changes the interval. The old one is not waited for.
  every(seconds) {
    this.seconds = seconds;
    this.pause?.stop();
  }

  // The next question is asked when the answer to the last one is there. With setInterval, a slow
  // server would get more and more questions at once.
  run(signal) {
    return again(this.page, signal, async (succeeded, pause) => {
      this.pause = pause;
      await this.ask(signal);
      succeeded();
      await pause.wait(this.seconds * 1000, (left) => {
        this.page.status.set('connected', 'Polling.', `${this.because} in ${(left / 1000).toFixed(1)} s.`);
      });
    });
  }

  async ask(signal) {
    const start = performance.now();
    this.page.fact('requests', ++this.polls);
    // No cache option is needed. The answer says no-cache, so the browser asks the server each
    // time whether its copy is still true. If it is, the server sends 304, and here it looks like 200.
    const address = this.page.address(this.path);
    const answer = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]) });
    if (!answer.ok) throw new Error(await answer.text());
    const batch = await answer.json();
    signal.throwIfAborted(); // from here on another transport brings the news, and these events too
    this.page.fact('took', milliseconds(performance.now() - start));
    this.page.fact('curl', `curl -i -H 'If-None-Match: ${answer.headers.get('ETag')}' '${new URL(address, location)}'`);
    if (batch.snapshot || batch.events.length > 0) this.page.fact('news', ++this.news);
    this.page.take(batch);
  }
}
