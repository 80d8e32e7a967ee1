// A lane is the right to hold one request open.
//
// Over HTTP/1.1 a browser opens at most six connections to a host, for all of its tabs together. A held
// request occupies one. When six are held, every further request to that host
// waits in silence: also the next page, also a vote. So our pages share four
// lanes among all tabs, and a page that gets none polls instead, and says so.

const names = [1, 2, 3, 4].map((n) => `ws101-lane-${n}`);

// lane returns true if this page has a lane now. The page keeps it until it is closed, also
// while its tab is hidden.
export async function lane() {
  for (const name of names) {
    if (await (navigator.locks ? lock(name) : lease(name))) return true;
  }
  return false;
}

// The browser gives a lock back by itself when the page goes away, even if it crashes.
function lock(name) {
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (held) => {
      resolve(held !== null);
      return held && new Promise(() => {}); // held for as long as the page lives
    });
  });
}

// Web Locks exist only on https and on the machine's own addresses. Elsewhere a page leases its lane
// with a note in the storage that all tabs share, and renews it. A hidden tab may run
// its timers only once a minute, so a lease is good for longer than that.
const leaseTime = 150_000;

function lease(name) {
  let note;
  try {
    note = JSON.parse(localStorage.getItem(name));
  } catch {
    note = null;
  }
  try {
    if (note && note.until > Date.now() && note.until <= Date.now() + leaseTime) return false;
    const owner = Math.random();
    const renew = () => localStorage.setItem(name, JSON.stringify({ owner, until: Date.now() + leaseTime }));
    renew();
    setInterval(renew, 20_000);
    addEventListener('pagehide', () => localStorage.removeItem(name));
    return true;
  } catch {
    return false; // no storage: then nobody can know how many are held, and polling is safe
  }
}
