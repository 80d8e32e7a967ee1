// How a page sends when its technique can only bring news down: as a plain POST.

import { random } from './page.js';

// post returns the method send of a transport.
export function post(page) {
  return async (action) => {
    // When a connection breaks before there is an answer, the browser may send a POST again by itself. The
    // key tells the server that it is the same one.
    const address = `do?me=${page.me}&once=${random()}`;
    let answer;
    try {
      answer = await fetch(address, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(action),
        signal: AbortSignal.timeout(10_000),
      });
    } catch {
      throw new Error('The server did not answer, so this may have arrived or not.');
    }
    if (!answer.ok) throw new Error(await answer.text());
  };
}
