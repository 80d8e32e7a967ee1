// bufferedAmount, while it falls.
//
// It falls on its own, and no event tells. So whoever wants to know looks again and again.

// drain looks at socket.bufferedAmount until nothing is left, and calls tell(left) each time. It returns
// what it has seen: [{left, after}, ...], with after in milliseconds.
export async function drain(socket, tell) {
  const start = performance.now();
  const seen = [];
  for (;;) {
    const left = socket.bufferedAmount;
    if (left !== seen.at(-1)?.left) {
      seen.push({ left, after: Math.round(performance.now() - start) });
      tell(left);
    }
    // After the end it stays as it is: the rest was never sent.
    if (left === 0 || socket.readyState === WebSocket.CLOSED) return few(seen);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

// few leaves out so many that a person can read what is left, but neither the first nor the last.
function few(seen, most = 8) {
  const step = (seen.length - 1) / (most - 1);
  return seen.length <= most ? seen : Array.from({ length: most }, (_, i) => seen[Math.round(i * step)]);
}
