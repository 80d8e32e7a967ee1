// A client of the WebSocket API that browsers have, and Node 22 too. It does what
// a URL asks for, as the doc comment of the Go package says. The API has no Ping
// and no fragments, and close takes 1000 and 3000 to 4999 only.

const tasks = {
  '/echo'(socket) {
    socket.addEventListener('message', ({ data }) => socket.send(data));
  },
  '/close'(socket, query) {
    const code = query.get('code');
    if (code) socket.close(Number(code), query.get('reason') ?? '');
    else socket.close();
  },
};

// perform opens a URL and returns a promise of the report.
export function perform(url) {
  const { pathname, search, searchParams: query } = new URL(url);
  const report = { target: pathname + search, error: '' };
  return new Promise((ended) => {
    const socket = new WebSocket(url);
    socket.binaryType = query.get('binaryType') ?? 'blob';
    socket.addEventListener('open', () => tasks[pathname](socket, query));
    socket.addEventListener('error', (event) => { report.error = event.message || 'an error event'; });
    socket.addEventListener('message', ({ data }) => {
      const type = typeof data === 'string' ? 'text' : data instanceof Blob ? 'blob' : 'arraybuffer';
      if (type !== 'text' && type !== socket.binaryType) report.error = `a message came as ${type}`;
    });
    socket.addEventListener('close', ({ code, reason, wasClean }) => {
      if (!wasClean && !report.error) report.error = 'the end was not clean';
      ended({ ...report, code, reason });
    });
  });
}
