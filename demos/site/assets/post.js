// How a page sends when its technique can only bring news down: as a plain POST.

// post returns the method send of a transport.
export function post(page) {
  return async (action) => {
    const [path, body] = 'vote' in action ? ['vote', { uid: action.vote }] : [`do?me=${page.me}`, action];
    let answer;
    try {
      answer = await fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
    } catch {
      throw new Error('The server did not answer, so this may have arrived or not.');
    }
    if (!answer.ok) throw new Error(await answer.text());
  };
}
