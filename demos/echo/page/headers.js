// The heads of two requests, side by side, as the server received them.

import { webSocketURL } from './socket.js';

// What each field is for.
const purposes = {
  Connection: 'Names what is for the next machine on the way only. Upgrade is, so a proxy that does not know it drops it.',
  Upgrade: 'Asks to speak another protocol from here on. The answer is 101, or the connection stays HTTP.',
  Host: 'Which site of this server is meant: the host and port of the address.',
  Origin: 'Which page asks. The browser sends it, no script can change it, and only the server can refuse it.',
  'Sec-WebSocket-Key': 'Sixteen random bytes, new each time. The server returns a hash of them in Sec-WebSocket-Accept, and so proves that it understood, and that no cache has answered. It is no secret and no login.',
  'Sec-WebSocket-Version': 'The version of the protocol: 13, which is RFC 6455. To another one a server answers 426.',
  'Sec-WebSocket-Protocol': 'The subprotocols that the page offers. The server chooses one of them, or none.',
  'Sec-WebSocket-Extensions': 'What the browser could do besides, such as compressed messages. The server accepts it or leaves it out.',
  Cookie: 'Goes along with an Upgrade as with any request. So a server that trusts it has to look at Origin.',
  'Cache-Control': 'no-cache: no stored answer will do.',
  Pragma: 'Cache-Control, in the words of HTTP/1.0.',
  Accept: 'The types of content that the page can use. An Upgrade asks for none.',
  'Accept-Encoding': 'How the body of an answer may be compressed. A 101 has no body.',
  'Accept-Language': 'The languages of the user.',
  Referer: 'The address of the page that asks. An Upgrade has only Origin.',
  'User-Agent': 'The name of the browser.',
};

// A browser adds Sec- fields by itself, and lets no script set one.
const purpose = (name) => {
  if (name in purposes) return purposes[name];
  if (name.startsWith('Sec-Ch-Ua')) return 'The browser, its version and its system, in parts.';
  if (name.startsWith('Sec-Fetch-')) return 'Where the request comes from, and what its answer is used for.';
  return '';
};

// The server writes Sec-Websocket-Key. Capitals mean nothing there, and the RFC writes it so:
const spelled = (name) => name.replace('Sec-Websocket-', 'Sec-WebSocket-');

async function ask() {
  const said = document.getElementById('asked');
  said.textContent = 'Asking…';
  try {
    const [plain, upgrade] = await Promise.all([plainHead(), upgradeHead()]);
    document.getElementById('heads').replaceChildren(...rows(plain, upgrade));
    said.textContent = 'Both have been answered.';
  } catch (error) {
    said.textContent = `There was no answer (${error.message}).`;
  }
}

async function plainHead() {
  const answer = await fetch('headers');
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return await answer.json();
}

// At this address the server begins with a message: the head of the Upgrade.
function upgradeHead() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(webSocketURL('upgrade'), ['echo.v1', 'echo.v2']);
    socket.onmessage = ({ data }) => {
      resolve(JSON.parse(data));
      socket.close(1000);
    };
    socket.onclose = ({ code }) => reject(new Error(`close code ${code}`)); // too late if it has resolved
  });
}

const differences = ['different', 'only in the Upgrade', 'only in the plain request', 'the same'];

function difference(plain, upgrade) {
  if (plain === undefined) return 'only in the Upgrade';
  if (upgrade === undefined) return 'only in the plain request';
  return plain === upgrade ? 'the same' : 'different';
}

function rows(plain, upgrade) {
  const [left, right] = [plain, upgrade].map(byName);
  const fields = [...new Set([...left.keys(), ...right.keys()])].map((name) => {
    const [one, other] = [left.get(name), right.get(name)];
    return { name, plain: one, upgrade: other, why: purpose(name), how: difference(one, other) };
  });
  const known = Object.keys(purposes);
  const place = ({ name, how }) => differences.indexOf(how) * 1000 + (known.includes(name) ? known.indexOf(name) : 999);
  fields.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
  const line = { name: 'the first line', plain: plain.line, upgrade: upgrade.line, why: 'An Upgrade is an ordinary GET.', how: 'different' };
  return [line, ...fields].map(row);
}

function byName({ fields }) {
  const values = new Map();
  for (const { name: received, value } of fields) {
    const name = spelled(received);
    values.set(name, values.has(name) ? `${values.get(name)}, ${value}` : value);
  }
  return values;
}

function row({ name, plain, upgrade, why, how }) {
  const line = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  const note = document.createElement('span');
  note.className = 'quiet';
  note.textContent = how;
  head.append(name, ' ', note);
  line.append(head);
  for (const value of [plain, upgrade]) {
    const code = document.createElement('code');
    code.textContent = value ?? '–';
    line.insertCell().append(code);
  }
  line.insertCell().textContent = why;
  return line;
}

document.getElementById('ask').addEventListener('click', ask);
ask();
