// Echo: all that the browser's WebSocket has, as it happens.

import { StatusLine } from './connection.js';
import { webSocketURL, withName, reportEnd, meaning } from './socket.js';
import { bytes, describe, same } from './data.js';
import { drain } from './drain.js';

const id = (name) => document.getElementById(name);
const status = new StatusLine(id('status'));

let socket;
let sent = []; // what has not come back yet: {data, at}

// The constructor returns at once, with readyState 0. What comes of it is told by events.
function connect() {
  const offer = id('protocols').value.split(',').map((name) => name.trim()).filter((name) => name !== '');
  try {
    socket = new WebSocket(withName(webSocketURL(id('address').value)), offer);
  } catch (error) {
    log('new WebSocket()', thrown(error)); // a name that is offered twice, or is none
    return;
  }
  socket.binaryType = id('binary-type').value;
  sent = [];
  listen(socket, id('listen').value);
  reportEnd(socket);
  log('new WebSocket()', offer.length > 0 ? `offers ${offer.join(', ')}` : 'offers no subprotocol');
}

// There is one onopen, and another one takes its place. Of listeners there may be any number, and each
// can be removed. They are called in the order in which they were set.
function listen(socket, how) {
  if (how !== 'listener') {
    socket.onopen = (event) => opened('onopen', event);
    socket.onmessage = (event) => received('onmessage', event);
    socket.onerror = (event) => failed('onerror', event);
    socket.onclose = (event) => closed('onclose', event);
  }
  if (how !== 'on') {
    socket.addEventListener('open', (event) => opened('open', event));
    socket.addEventListener('message', (event) => received('message', event));
    socket.addEventListener('error', (event) => failed('error', event));
    socket.addEventListener('close', (event) => closed('close', event));
  }
}

function opened(name, { target }) {
  const { protocol } = target;
  log(name, `101 Switching Protocols has come, ${protocol === '' ? 'without a subprotocol' : `and the subprotocol is ${protocol}`}`);
}

async function received(name, event) {
  const { data } = event;
  event.original ??= sent.shift() ?? {}; // with two handlers, the same event comes twice
  const { data: original, at } = event.original;
  const row = log(name, describe(data));
  if (original === undefined) {
    row.append(' (sent by the server unasked)');
    return;
  }
  const took = Math.round(performance.now() - at);
  const verdict = (await same(data, original)) ? 'as it was sent' : 'and it is NOT what was sent';
  row.append(`, ${verdict}, after ${took} ms`);
  follow();
}

function failed(name) {
  log(name, 'Something failed. The event says no more than that.');
}

function closed(name, { code, reason, wasClean }) {
  log(name, `code ${code} (${meaning(code)}), reason ${JSON.stringify(reason)}, wasClean ${wasClean}`);
}

// send does not wait, and does not say whether anything arrives. After the end it throws nothing either:
// what is sent is dropped, and counted in bufferedAmount.
function send(data) {
  if (socket?.readyState !== WebSocket.OPEN) {
    log('not sent', 'Connect first.');
    return false;
  }
  sent.push({ data, at: performance.now() });
  socket.send(data);
  log('send()', `${describe(data)}; bufferedAmount is now ${socket.bufferedAmount}`);
  return true;
}

async function sendMuch({ currentTarget: button }) {
  // The attribute "disabled" would take the keyboard focus away.
  if (button.ariaDisabled === 'true' || !send(bytes(10_000_000))) return;
  button.ariaDisabled = 'true';
  const seen = await drain(socket, (left) => {
    id('waiting').value = left;
    show();
  });
  button.ariaDisabled = 'false';
  const list = seen.map(({ left, after }) => `${left} after ${after} ms`).join(', ');
  id('drained').textContent = `bufferedAmount was ${list}.`;
}

function close() {
  if (!socket) {
    log('not closed', 'Connect first.');
    return;
  }
  const { value: code } = id('code');
  const { value: reason } = id('reason');
  try {
    if (code === '') socket.close(); // a Close frame without a code
    else socket.close(Number(code), reason);
    log('close()', code === '' ? 'without a code' : `with code ${code} and reason ${JSON.stringify(reason)}`);
  } catch (error) {
    log('close()', thrown(error)); // a code that a page may not send, or a reason that is too long
  }
}

const thrown = ({ name, message }) => `throws ${name}: ${message}`;

// log adds a row, and returns it. Everything from outside goes in as text.
function log(name, text) {
  const row = document.createElement('li');
  const time = document.createElement('span');
  time.className = 'time';
  time.textContent = `${(performance.now() / 1000).toFixed(3)} s`;
  const title = document.createElement('strong');
  title.textContent = name;
  const state = document.createElement('span');
  state.className = 'time';
  state.textContent = `[readyState ${socket?.readyState ?? '–'}]`;
  row.append(time, ' ', title, ' ', state, ' ', text);
  const list = id('log');
  list.append(row);
  while (list.children.length > 200) list.firstChild.remove();
  follow();
  show();
  return row;
}

function follow() {
  id('log').scrollTop = id('log').scrollHeight;
}

const states = [
  ['connecting', 'Connecting…', 'The Upgrade has no answer yet.'],
  ['connected', 'Connected.', 'Both sides may send.'],
  ['retrying', 'Closing…', 'The Close frame has no answer yet.'],
  ['waiting', 'Closed.', 'To go on takes a new WebSocket.'],
];

// show shows what the object says now. No event tells of most of it.
function show() {
  if (!socket) return;
  status.set(...states[socket.readyState]);
  [...id('states').children].forEach((item, i) => {
    if (i === socket.readyState) item.setAttribute('aria-current', 'true');
    else item.removeAttribute('aria-current');
  });
  for (const property of ['url', 'protocol', 'extensions', 'binaryType', 'bufferedAmount']) {
    const value = socket[property];
    id(property).textContent = value === '' ? '"" (none)' : value;
  }
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
id('send-buffer').addEventListener('click', () => {
  if (id('count').reportValidity()) send(bytes(id('count').valueAsNumber || 0));
});
id('send-blob').addEventListener('click', () => {
  if (id('count').reportValidity()) send(new Blob([bytes(id('count').valueAsNumber || 0)]));
});
id('send-much').addEventListener('click', sendMuch);
id('binary-type').addEventListener('change', () => {
  if (socket) socket.binaryType = id('binary-type').value;
  show();
});
id('close').addEventListener('click', close);
connect();
