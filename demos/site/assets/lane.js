// A lane is the right to hold one request open.
//
// Over HTTP/1.1 a browser opens at most six connections to a host, for all of its tabs together. A held
// request occupies one. When six are held, every further request to that host
// waits in silence: also the next page, also a vote. So our pages share four
// lanes among all tabs, and a page that gets none polls instead, and says so.

import { Pause } from './connection.js';
import { random } from './page.js';
import { Polling } from './polling.js';

const lanes = [1, 2, 3, 4];
const nameOf = (lane) => `ws101-lane-${lane}`;

// withLane calls hold(signal, lane) as soon as there is a lane, and polls until then.
export async function withLane(page, signal, hold) {
  const lane = (await freeLane()) ?? (await pollForLane(page, signal));
  if (!lane) return; // it was stopped before there was one
  try {
    await hold(signal, `lane ${lane.number} of the ${lanes.length} that all tabs share`);
  } finally {
    lane.release();
  }
}

// freeLane returns {number, release} of a lane that nobody has, or null.
async function freeLane() {
  for (const number of lanes) {
    const release = await (navigator.locks ? lock : lease)(nameOf(number));
    if (release) return { number, release };
  }
  return null;
}

async function pollForLane(page, signal) {
  const found = new AbortController();
  const polling = new Polling(page, 'poll');
  polling.because = `Other tabs have all ${lanes.length} lanes. Until one is free, this page asks again`;
  polling.run(AbortSignal.any([signal, found.signal]));
  const lane = await (navigator.locks ? queue(signal) : lookAgain(signal));
  found.abort();
  return lane;
}

// The browser gives a lock back by itself when the page goes away, even if it crashes.
function lock(name) {
  return new Promise((got) => {
    navigator.locks.request(name, { ifAvailable: true }, (held) => {
      if (held) return new Promise((release) => got(release));
      got(null);
      return undefined;
    });
  });
}

// queue stands in line for every lane at once, and leaves the other lines when it gets one. It
// returns null when it is stopped.
function queue(signal) {
  const served = new AbortController();
  const wanted = AbortSignal.any([signal, served.signal]);
  return new Promise((got) => {
    signal.addEventListener('abort', () => got(null));
    for (const number of lanes) {
      navigator.locks.request(nameOf(number), { signal: wanted }, () => {
        if (wanted.aborted) return undefined; // two lanes at once, or one too late: given back
        served.abort();
        return new Promise((release) => got({ number, release }));
      }).catch(() => {}); // it has left the line
    }
  });
}

// Web Locks exist only on https and on the machine's own addresses. Elsewhere a page leases its lane
// with a note in the storage that all tabs share, and renews it. A hidden tab may run
// its timers only once a minute, so a lease is good for longer than that.
const leaseTime = 150_000;

async function lease(name) {
  try {
    const note = () => JSON.parse(localStorage.getItem(name) ?? 'null');
    if (note()?.until > Date.now() && note().until <= Date.now() + leaseTime) return null;
    const owner = random();
    const renew = () => localStorage.setItem(name, JSON.stringify({ owner, until: Date.now() + leaseTime }));
    const release = () => {
      clearInterval(timer);
      if (note()?.owner === owner) localStorage.removeItem(name);
    };
    renew();
    const timer = setInterval(renew, 20_000);
    addEventListener('pagehide', release);
    // Another page may have written its note in the same moment. The last one counts, and half a
    // second later both have seen it.
    await new Promise((seen) => setTimeout(seen, 500));
    if (note()?.owner === owner) return release;
    release();
    return null;
  } catch {
    return null; // no storage: then nobody can know how many are held, and polling is safe
  }
}

async function lookAgain(signal) {
  const pause = new Pause(signal);
  while (!signal.aborted) {
    await pause.wait(5_000);
    const lane = await freeLane();
    if (lane) return lane;
  }
  return null;
}
