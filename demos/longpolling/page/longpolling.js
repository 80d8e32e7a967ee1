// Long polling: ask, wait for as long as the server holds the request, show the answer, ask again.

import { Vote, post, milliseconds } from './vote.js';
import { StatusLine, Backoff, Pause, retry } from './connection.js';
import { lane } from './lane.js';

const id = (name) => document.getElementById(name);
const vote = new Vote(id('vote'), id('message'), post);
const status = new StatusLine(id('status'));
const backoff = new Backoff();
const pause = new Pause();

// The server holds for 30 s. If there is no answer long after that, the connection is dead, and
// nothing but this clock would ever tell.
const patience = 45_000;

let cursor = ''; // what I have seen; the server gave it with its last answer
let polls = 0;
let news = 0;

async function ask(wait) {
  const start = performance.now();
  const number = ++polls;
  id('polls').textContent = number;
  const address = `get_vote?cursor=${encodeURIComponent(cursor)}${wait ? '' : '&wait=0'}`;
  const answer = await fetch(address, { signal: AbortSignal.timeout(patience) });
  if (!answer.ok) throw new Error(await answer.text());

  // The status and the header fields are here. The body is what takes long.
  const holding = () => {
    const held = Math.floor((performance.now() - start) / 1000);
    status.set('waiting', 'Connected.', `The server holds request ${number} (${held} s).`);
  };
  const clock = wait && setInterval(holding, 250);
  if (wait) holding();
  try {
    show(await answer.json(), performance.now() - start);
  } finally {
    clearInterval(clock);
  }
}

// show takes {cursor, snapshot: true, state} or {cursor, snapshot: false, events}.
function show(batch, took) {
  if (batch.snapshot) vote.show(batch.state);
  else batch.events.forEach((event) => vote.change(event));

  // Only now: if anything above fails, the next request asks for the same news again.
  cursor = batch.cursor;
  const what = batch.snapshot ? 'a snapshot' : events(batch.events.length);
  if (batch.snapshot || batch.events.length > 0) id('news').textContent = ++news;
  id('last').textContent = `${what}, after ${milliseconds(took)}`;
  id('cursor').textContent = cursor;
}

function events(n) {
  if (n === 0) return 'nothing new';
  return n === 1 ? 'one vote' : `${n} votes`;
}

let mine = await lane();
for (;;) {
  try {
    // The first request has no cursor, and is answered at once with the whole state.
    await ask(mine);
    backoff.reset();
  } catch (error) {
    await retry(status, backoff, pause, error);
    continue;
  }
  if (mine) continue;
  await pause.wait(2000, (left) => {
    status.set('connected', 'Polling.', `Other tabs hold four requests already, so this one asks again in ${(left / 1000).toFixed(1)} s.`);
  });
  mine = await lane();
}
