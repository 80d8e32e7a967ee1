// How the connection is, said to the reader, and how long to wait when it is lost.

// A StatusLine shows one word for the state, and a detail beside it that may change often.
// Only the word is announced by a screen reader.
export class StatusLine {
  constructor(line) {
    this.line = line;
    this.word = line.querySelector('.word');
    this.detail = line.querySelector('.detail');
  }

  // state is 'connecting', 'connected', 'waiting' or 'retrying'.
  set(state, word, detail = '') {
    if (this.line.dataset.state !== state) this.line.dataset.state = state;
    if (this.word.textContent !== word) this.word.textContent = word;
    if (this.detail.textContent !== detail) this.detail.textContent = detail;
  }
}

// A Backoff says how long to wait before the next try: twice as long after each failure, up
// to a limit, and never exactly as long as the others do. When a server comes
// back, its thousand pages must not all knock in the same moment.
export class Backoff {
  constructor(first = 500, limit = 15_000) {
    this.first = first;
    this.limit = limit;
    this.failures = 0;
  }

  reset() {
    this.failures = 0;
  }

  next() {
    const most = Math.min(this.limit, this.first * 2 ** this.failures);
    this.failures++;
    return most * (0.5 + Math.random() / 2);
  }
}

// A Pause waits, and can be told to stop waiting, also by the signal. tick(left) is called a few times
// a second with the milliseconds that are left.
export class Pause {
  constructor(signal) {
    signal?.addEventListener('abort', () => this.stop());
  }

  wait(ms, tick = () => {}) {
    const end = performance.now() + ms;
    return new Promise((resolve) => {
      const step = () => {
        const left = end - performance.now();
        if (left <= 0) {
          this.stop();
          return;
        }
        tick(left);
        this.timer = setTimeout(step, Math.min(left, 250));
      };
      this.resolve = resolve;
      step();
    });
  }

  stop() {
    clearTimeout(this.timer);
    this.resolve?.();
    this.resolve = undefined;
  }
}

// A Watch calls late() when nothing has been heard for too long. A connection can be dead without a
// word, and then nothing but a clock ever tells.
export class Watch {
  constructor(ms, late) {
    this.ms = ms;
    this.late = late;
    this.heard();
  }

  heard() {
    this.stop();
    this.timer = setTimeout(this.late, this.ms);
  }

  stop() {
    clearTimeout(this.timer);
  }
}

// again calls connect() over and over until the signal is aborted. connect says with heard() that it
// has succeeded, and when it fails, the next try waits; it does not if the browser is online again.
export async function again(page, signal, connect) {
  const backoff = new Backoff();
  const pause = new Pause(signal);
  const now = () => pause.stop();
  addEventListener('online', now, { signal });
  while (!signal.aborted) {
    try {
      await connect(() => backoff.reset(), pause);
    } catch (error) {
      if (signal.aborted) return;
      await pause.wait(backoff.next(), (left) => {
        page.status.set('retrying', 'No connection.', `Retrying in ${Math.ceil(left / 1000)} s. (${reason(error)})`);
      });
    }
  }
}

function reason(error) {
  if (error.name === 'TimeoutError') return 'the last request got no answer in time';
  if (error.name === 'TypeError') return 'the server cannot be reached';
  return error.message.trim();
}
