// Echo: every event of the browser's WebSocket, as it comes.

import { StatusLine } from './connection.js';
import { milliseconds } from './vote.js';
import { webSocketURL, meaning, size } from './socket.js';

const id = (name) => document.getElementById(name);
const status = new StatusLine(id('status'));
const address = webSocketURL('ws');
id('address').textContent = address;

const states = {
  0: ['connecting', 'Connecting…', 'readyState 0 (CONNECTING): the Upgrade has no answer yet.'],
  1: ['connected', 'Connected.', 'readyState 1 (OPEN): both sides may send.'],
  2: ['retrying', 'Closing…', 'readyState 2 (CLOSING): our Close frame has no answer yet.'],
  3: ['waiting', 'Closed.', 'readyState 3 (CLOSED): to go on takes a new WebSocket.'],
};

let socket;
let sent = []; // what has not come back yet: {data, at}

function connect() {
  const mine = new WebSocket(address);
  mine.binaryType = 'arraybuffer'; // else binary messages come as Blob
  mine.addEventListener('open', () => {
    log('open', 'The server has answered 101 Switching Protocols.');
  });
  mine.addEventListener('message', ({ data }) => {
    const { data: original, at } = sent.shift();
    const same = equal(data, original) ? 'as it was sent' : 'and it is NOT what was sent';
    log('message', `${describe(data)}, ${same}, after ${milliseconds(performance.now() - at)}`);
  });
  mine.addEventListener('error', () => {
    // A browser tells a script nothing more, lest it explore the network behind it.
    log('error', 'The connection failed. The event says no more than that.');
  });
  mine.addEventListener('close', ({ code, reason, wasClean }) => {
    log('close', `code ${code} (${meaning(code)}), reason ${JSON.stringify(reason)}, wasClean ${wasClean}`);
  });
  socket = mine;
  sent = [];
  say();
}

function send(data) {
  if (socket?.readyState !== WebSocket.OPEN) {
    log('not sent', 'Connect first.');
    return;
  }
  sent.push({ data, at: performance.now() });
  socket.send(data);
  log('send()', `${describe(data)}; bufferedAmount is now ${socket.bufferedAmount}`);
}

function close() {
  if (!socket) {
    log('not closed', 'Connect first.');
    return;
  }
  try {
    socket.close(id('code').valueAsNumber, id('reason').value);
    log('close()', `with code ${id('code').value}`);
  } catch (error) {
    log('not closed', error.message); // a code that a page may not send, or a reason that is too long
  }
}

function bytes(n) {
  const data = new Uint8Array(n);
  for (let i = 0; i < n; i++) data[i] = i;
  return data.buffer;
}

function equal(a, b) {
  if (typeof a !== typeof b) return false;
  if (typeof a === 'string') return a === b;
  if (a.byteLength !== b.byteLength) return false;
  const right = new Uint8Array(b);
  return new Uint8Array(a).every((byte, i) => byte === right[i]);
}

function describe(data) {
  const n = `${size(data)} ${size(data) === 1 ? 'byte' : 'bytes'}`;
  if (typeof data !== 'string') return `binary, ${n}`;
  return `text, ${n}: ${JSON.stringify(data.length > 200 ? `${data.slice(0, 200)}…` : data)}`;
}

const start = performance.now();

function log(event, text) {
  const row = document.createElement('li');
  const time = document.createElement('span');
  time.className = 'time';
  time.textContent = `${((performance.now() - start) / 1000).toFixed(3)} s`;
  const name = document.createElement('strong');
  name.textContent = event;
  row.append(time, ' ', name, ' ', text);
  const list = id('log');
  list.append(row);
  while (list.children.length > 200) list.firstChild.remove();
  list.scrollTop = list.scrollHeight;
  say();
}

function say() {
  status.set(...states[socket?.readyState ?? 3]);
}

id('connect').addEventListener('click', () => {
  if (socket && socket.readyState < WebSocket.CLOSING) {
    log('not opened', 'There is a connection already. Close it first.');
    return;
  }
  connect();
});
id('send-text').addEventListener('click', () => send(id('text').value));
id('text').addEventListener('keydown', ({ key, isComposing }) => {
  if (key === 'Enter' && !isComposing) send(id('text').value);
});
id('send-binary').addEventListener('click', () => {
  if (id('count').reportValidity()) send(bytes(id('count').valueAsNumber || 0));
});
id('close').addEventListener('click', close);
connect();
