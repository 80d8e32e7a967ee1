// Polling: ask, show the answer, wait, ask again.

import { Vote, post, milliseconds } from './vote.js';
import { StatusLine, Backoff, Pause, retry } from './connection.js';

const id = (name) => document.getElementById(name);
const vote = new Vote(id('vote'), id('message'), post);
const status = new StatusLine(id('status'));
const backoff = new Backoff();
const pause = new Pause();
const interval = id('interval');

let seconds = 2;
let polls = 0;
let news = 0;
let before = '';

interval.addEventListener('input', () => {
  if (!interval.validity.valid || interval.value === '') return;
  seconds = interval.valueAsNumber;
  id('delay').textContent = milliseconds(seconds * 500);
  pause.stop(); // the old interval is not waited for
});

async function poll() {
  const start = performance.now();
  polls++;
  id('polls').textContent = polls;
  // No cache option is needed. The answer says no-cache, so the browser asks the server each
  // time whether its copy is still true. If it is, the server sends 304, and here it looks like 200.
  const answer = await fetch('get_vote', { signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  id('took').textContent = milliseconds(performance.now() - start);
  id('curl').textContent = `curl -i -H 'If-None-Match: ${answer.headers.get('ETag')}' ${new URL('get_vote', location)}`;
  if (text === before) return;
  before = text;
  news++;
  id('news').textContent = news;
  vote.show(JSON.parse(text));
}

// The next question is asked when the answer to the last one is there. With setInterval, a slow server
// would get more and more questions at once.
for (;;) {
  try {
    await poll();
    backoff.reset();
  } catch (error) {
    await retry(status, backoff, pause, error);
    continue;
  }
  await pause.wait(seconds * 1000, (left) => {
    status.set('connected', 'Connected.', `The next question in ${(left / 1000).toFixed(1)} s.`);
  });
}
