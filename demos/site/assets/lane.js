// A lane is the right to hold one request open.
//
// Over HTTP/1.1 a browser opens at most six connections to a host, for all of its tabs together. A held
// request occupies one. When six are held, every further request to that host
// waits in silence: also the next page, also a vote. So our pages share four
// lanes among all tabs, and a page that gets none polls instead, and says so.

import { Polling } from './polling.js';

const lanes = [1, 2, 3, 4];

// withLane calls hold(signal, lane) as soon as there is a lane, and polls until then.
export async function withLane(page, signal, hold) {
  while (!signal.aborted) {
    for (const number of lanes) {
      const release = await (navigator.locks ? lock : lease)(`ws101-lane-${number}`);
      if (!release) continue;
      try {
        await hold(signal, `lane ${number} of the ${lanes.length} that all tabs share`);
      } finally {
        release();
      }
      return;
    }
    const polling = new Polling(page, 'poll');
    polling.because = 'Other tabs hold four requests already, so this one asks again';
    await polling.run(AbortSignal.any([signal, AbortSignal.timeout(10_000)]));
  }
}

// The browser gives a lock back by itself when the page goes away, even if it crashes.
function lock(name) {
  return new Promise((got) => {
    navigator.locks.request(name, { ifAvailable: true }, (held) => {
      if (!held) {
        got(null);
        return undefined;
      }
      return new Promise((release) => got(release));
    });
  });
}

// Web Locks exist only on https and on the machine's own addresses. Elsewhere a page leases its lane
// with a note in the storage that all tabs share, and renews it. A hidden tab may run
// its timers only once a minute, so a lease is good for longer than that.
const leaseTime = 150_000;

function lease(name) {
  try {
    const note = JSON.parse(localStorage.getItem(name) ?? 'null');
    if (note?.until > Date.now() && note.until <= Date.now() + leaseTime) return null;
    const renew = () => localStorage.setItem(name, JSON.stringify({ until: Date.now() + leaseTime }));
    renew();
    const timer = setInterval(renew, 20_000);
    const release = () => {
      clearInterval(timer);
      localStorage.removeItem(name);
    };
    addEventListener('pagehide', release);
    return release;
  } catch {
    return null; // no storage: then nobody can know how many are held, and polling is safe
  }
}
