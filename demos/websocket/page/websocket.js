// WebSocket: one connection, and each side speaks when it has something to say.

import { Vote } from './vote.js';
import { StatusLine, Backoff, Pause, retry } from './connection.js';
import { webSocketURL, meaning, size } from './socket.js';

const id = (name) => document.getElementById(name);
const vote = new Vote(id('vote'), id('message'), send);
const status = new StatusLine(id('status'));
const backoff = new Backoff();
const pause = new Pause();

// The server says something at least every 25 s. After a long silence the connection is dead,
// and nothing but this clock would ever tell.
const patience = 60_000;

let socket;
let cursor = ''; // what I have seen; the server gave it with its last message
let votes = []; // of mine that are on their way: {uid, counted, lost}
let connections = 0;
let messages = 0;

function connect() {
  id('connections').textContent = ++connections;
  status.set('connecting', 'Connecting…', 'readyState 0: a request that asks for an Upgrade is on its way.');
  socket = new WebSocket(webSocketURL(`vote?cursor=${encodeURIComponent(cursor)}`));
  // The promise ends when the connection does.
  return new Promise((closed) => {
    let silence;
    let opened = false;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abandon('the server has been silent for too long'), patience);
    };
    // close() would wait for an answer, and there is nobody to give one.
    const abandon = (reason) => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      closed(reason);
    };
    heard();
    socket.onopen = () => {
      opened = true;
      heard();
      status.set('connected', 'Connected.', 'readyState 1: both sides may send at any time.');
    };
    socket.onmessage = ({ data }) => {
      heard();
      show(data);
    };
    socket.onclose = ({ code, reason, wasClean }) => {
      clearTimeout(silence);
      if (!opened) {
        closed('there was no answer to the Upgrade, or a refusal; the browser does not tell which');
        return;
      }
      const text = `close code ${code}: ${reason || meaning(code)}`;
      id('closed').textContent = `${text} (${wasClean ? 'clean' : 'not clean'})`;
      closed(text);
    };
  });
}

// show takes {cursor, snapshot: true, state}, {cursor, snapshot: false, events} or {error}.
function show(text) {
  const batch = JSON.parse(text);
  if (batch.error) {
    votes.shift()?.lost(new Error(`Your vote was not counted: ${batch.error}`));
    return;
  }
  backoff.reset();
  if (batch.snapshot) vote.show(batch.state);
  else batch.events.forEach(change);
  cursor = batch.cursor; // only now: a reconnect asks again for what could not be shown
  id('messages').textContent = ++messages;
  id('last').textContent = `${what(batch)}: ${size(text)} bytes, and ${header(size(text))} for the frame`;
  id('cursor').textContent = cursor;
}

function change(event) {
  vote.change(event);
  const mine = votes.findIndex((one) => one.uid === String(event.uid));
  if (mine >= 0) votes.splice(mine, 1)[0].counted();
}

// send lets a vote go. No answer comes back for it, but the news that everybody gets.
function send(uid) {
  return new Promise((counted, lost) => {
    if (socket.readyState !== WebSocket.OPEN) {
      lost(new Error('Your vote was not sent: there is no connection.'));
      return;
    }
    socket.send(uid);
    votes.push({ uid, counted, lost });
  });
}

function what(batch) {
  if (batch.snapshot) return 'a snapshot';
  const n = batch.events.length;
  if (n === 0) return 'a sign of life';
  return n === 1 ? 'one vote' : `${n} votes`;
}

// header is how many bytes a server's frame has besides the message.
function header(bytes) {
  if (bytes < 126) return 2;
  return bytes < 65_536 ? 4 : 10;
}

for (;;) {
  const reason = await connect();
  // A vote that was on its way is not sent again: if it did arrive, it would count twice.
  for (const one of votes) one.lost(new Error('The connection ended, so your vote may be counted or not.'));
  votes = [];
  await retry(status, backoff, pause, new Error(reason));
}
