// Long polling: ask, wait for as long as the server holds the request, show the answer, ask again.

import { again } from './connection.js';
import { withLane } from './lane.js';
import { post } from './post.js';
import { milliseconds } from './vote.js';

// The server holds for 30 s. If there is no answer long after that, the connection is dead, and
// nothing but this clock would ever tell.
export const patience = 45_000;

export class LongPolling {
  constructor(page, path = 'news') {
    this.page = page;
    this.path = path;
    this.send = post(page);
    this.requests = 0;
    this.news = 0;
  }

  run(signal) {
    return withLane(this.page, signal, (_, lane) => again(this.page, signal, async (succeeded) => {
      await this.ask(signal, lane);
      succeeded();
    }));
  }

  async ask(signal, lane) {
    const start = performance.now();
    const number = ++this.requests;
    this.page.fact('requests', number);
    // The first request has no cursor, and is answered at once with the whole state.
    const answer = await fetch(this.page.address(this.path), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    });
    if (!answer.ok) throw new Error(await answer.text());

    // The status and the header fields are here. The body is what takes long.
    const holding = () => {
      const held = Math.floor((performance.now() - start) / 1000);
      this.page.status.set('waiting', 'Connected.', `The server holds request ${number} (${held} s), on ${lane}.`);
    };
    const clock = setInterval(holding, 250);
    holding();
    try {
      const batch = await answer.json();
      signal.throwIfAborted(); // from here on another transport brings the news, and these events too
      if (batch.snapshot || batch.events.length > 0) this.page.fact('news', ++this.news);
      const what = this.page.take(batch);
      this.page.fact('last', `${what}, after ${milliseconds(performance.now() - start)}`);
    } finally {
      clearInterval(clock);
    }
  }
}
