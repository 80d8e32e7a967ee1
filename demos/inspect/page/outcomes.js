// What a server can do about a frame, in words. The names are those of the server's answer: a code
// of four digits is that of a Close frame.

const outcomes = {
  echo: 'sends the message back',
  pong: 'answers with a pong',
  nothing: 'nothing: it waits',
  1000: 'closes with 1000, normal',
  1002: 'closes with 1002, protocol error',
  1005: 'closes without a code',
  1007: 'closes with 1007, not UTF-8',
  1009: 'closes with 1009, too big',
  gone: 'hangs up without a Close frame',
};

// What may be predicted, in this order. The last one is none.
export const predictions = ['echo', 'pong', 'nothing', '1000', '1002', '1005', '1007', '1009', 'gone', 'none'];

export function describe(outcome) {
  if (outcome === 'none') return 'I do not know: show me';
  return outcomes[outcome] ?? `closes with ${outcome}`;
}

// describeAll joins what a server did, or should do.
export function describeAll(list) {
  return list.map(describe).join(', and then ');
}
