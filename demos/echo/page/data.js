// The three kinds of data that a WebSocket sends: text, ArrayBuffer and Blob.

// bytes returns an ArrayBuffer of n bytes.
export function bytes(n) {
  const data = new Uint8Array(n);
  for (let i = 0; i < n; i++) data[i] = i;
  return data.buffer;
}

// describe says in a few words what data is. A text travels as UTF-8, and is counted so.
export function describe(data) {
  const n = data.size ?? data.byteLength ?? new TextEncoder().encode(data).length;
  const much = `${n} ${n === 1 ? 'byte' : 'bytes'}`;
  if (typeof data !== 'string') return `${data.constructor.name}, ${much}`;
  return `text, ${much}: ${JSON.stringify(data.length > 200 ? `${data.slice(0, 200)}…` : data)}`;
}

// same tells whether b is what a is. A Blob and an ArrayBuffer may hold the same message.
export async function same(a, b) {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  const [left, right] = await Promise.all([a, b].map(content));
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

// content returns the bytes of data. An ArrayBuffer has them at hand. Those of a Blob may
// lie on a disk, so it makes you wait.
async function content(data) {
  return new Uint8Array(data instanceof Blob ? await data.arrayBuffer() : data);
}
