// What every page with a WebSocket needs besides the browser's own class.

// webSocketURL makes the address of a WebSocket out of one that is relative to the page.
export function webSocketURL(path) {
  const url = new URL(path, location);
  url.protocol = url.protocol.replace('http', 'ws'); // and so wss, with TLS, if the page came over TLS
  return url;
}

// withName gives the address of a WebSocket a name of its own, by which reportEnd speaks of it. The server
// does not look at it.
export function withName(url) {
  url.searchParams.set('socket', Math.random().toString(36).slice(2, 10));
  return url;
}

// reportEnd lets an inspector in another tab know what this browser reports of a socket's end. What the bytes
// say may be something else: a page is told 1006 where its own browser has sent a Close frame with 1002.
export function reportEnd(socket) {
  socket.addEventListener('close', ({ code, reason, wasClean }) => {
    const channel = new BroadcastChannel('ends of sockets'); // to all pages of this origin
    channel.postMessage({ address: socket.url, code, reason, wasClean });
    channel.close();
  });
}

// The close codes of RFC 6455, section 7.4.1, and the registry behind it.
const meanings = {
  1000: 'the conversation is over, and nothing went wrong',
  1001: 'this side goes away: a server shuts down, or a page is left',
  1002: 'a rule of the protocol was broken',
  1003: 'a type of message came that is not accepted here',
  1005: 'a Close frame came without a code',
  1006: 'no Close frame came: the connection broke, or was never there',
  1007: 'a text came that is not UTF-8',
  1008: 'a rule of the application was broken',
  1009: 'a message was too large',
  1011: 'something unexpected happened at the server',
  1012: 'the server restarts',
  1013: 'the server has too much to do',
};

// meaning says in a few words what a close code means.
export function meaning(code) {
  if (code in meanings) return meanings[code];
  if (code >= 4000) return 'the two programs have agreed what it means';
  return 'this code is not in common use';
}

const bytesOf = new TextEncoder();

// size is the number of bytes of a message: a text travels as UTF-8.
export function size(data) {
  return typeof data === 'string' ? bytesOf.encode(data).length : data.byteLength;
}
