// The package ws as a peer: `node ws.mjs client URL...` or `node ws.mjs server`.
// What a URL asks for is in the doc comment of the Go package.

import { createServer } from 'node:http';
import WebSocket, { WebSocketServer } from 'ws';

const maxPayload = 16 << 20;

const tasks = {
  '/echo'(socket) {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  },
  '/fragments'(socket, query) {
    const size = Number(query.get('size'));
    socket.on('message', (data, binary) => {
      for (let at = 0; at < data.length; at += size) {
        socket.send(data.subarray(at, at + size), { binary, fin: at + size >= data.length });
      }
    });
  },
  '/ping'(socket, query) {
    socket.on('pong', (data) => socket.send(data.toString()));
    socket.ping(query.get('payload'));
  },
  '/close'(socket, query) {
    const code = query.get('code');
    if (code) socket.close(Number(code), query.get('reason') ?? '');
    else socket.close();
  },
};

// deflate returns the options of permessage-deflate that a URL asks for.
function deflate(query) {
  if (!query.has('deflate')) return false;
  const options = { threshold: 0 };
  if (query.has('server_no_context_takeover')) options.serverNoContextTakeover = true;
  if (query.has('client_no_context_takeover')) options.clientNoContextTakeover = true;
  if (query.has('server_max_window_bits')) options.serverMaxWindowBits = Number(query.get('server_max_window_bits'));
  if (query.has('client_max_window_bits')) options.clientMaxWindowBits = Number(query.get('client_max_window_bits'));
  return options;
}

// parse takes the target of a URL apart.
function parse(url) {
  const { pathname, search, searchParams } = new URL(url, 'ws://localhost');
  return { target: pathname + search, task: tasks[pathname], query: searchParams };
}

function print(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

// perform does a task, and prints a report when the connection has ended.
function perform(socket, { target, task, query }) {
  const report = { target, error: '' };
  socket.on('error', (error) => { report.error = String(error); });
  if (socket.readyState === WebSocket.OPEN) task(socket, query);
  else socket.on('open', () => task(socket, query));
  return new Promise((ended) => {
    socket.on('close', (code, reason) => {
      print({ ...report, code, reason: reason.toString() });
      ended();
    });
  });
}

const [role, ...urls] = process.argv.slice(2);
if (role === 'client') {
  for (const url of urls) {
    const wanted = parse(url);
    await perform(new WebSocket(url, { maxPayload, perMessageDeflate: deflate(wanted.query) }), wanted);
  }
} else {
  const server = createServer().on('upgrade', (request, socket, head) => {
    const wanted = parse(request.url);
    // The options belong to the server object, so each connection has its own.
    new WebSocketServer({ noServer: true, maxPayload, perMessageDeflate: deflate(wanted.query) })
      .handleUpgrade(request, socket, head, (ws) => perform(ws, wanted));
  });
  server.listen(0, '127.0.0.1', () => print({ url: `ws://127.0.0.1:${server.address().port}` }));
  process.stdin.on('end', () => process.exit()).resume();
}
