// A clock that a test can put forward. The page runs as it is; elapse(ms) lets its timers, and
// nothing else, believe that so much time has gone by.
(() => {
  const { setTimeout, clearTimeout } = window;
  const now = performance.now.bind(performance);
  const timers = new Map(); // id -> {at, act}
  let ahead = 0;
  performance.now = () => now() + ahead;
  window.setTimeout = (act, ms = 0, ...args) => {
    const fire = () => {
      timers.delete(id);
      act(...args);
    };
    const id = setTimeout(fire, ms);
    timers.set(id, { at: performance.now() + ms, fire });
    return id;
  };
  window.clearTimeout = (id) => {
    timers.delete(id);
    clearTimeout(id);
  };
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    window.setTimeout(() => controller.abort(new DOMException('too late', 'TimeoutError')), ms);
    return controller.signal;
  };
  window.elapse = (ms) => {
    ahead += ms;
    for (const [id, { at, fire }] of [...timers]) {
      if (at > performance.now() || !timers.has(id)) continue;
      clearTimeout(id);
      fire();
    }
  };
})();
