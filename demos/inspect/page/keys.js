// The keys that work anywhere on the page, and those of the time line.

export function listenForKeys({ pause, message, list, help, filter, inside }) {
  const walk = {
    ArrowUp: () => list.move(-1),
    ArrowDown: () => list.move(1),
    PageUp: () => list.move(-list.page()),
    PageDown: () => list.move(list.page()),
    Home: () => list.move(-Infinity),
    End: () => list.move(Infinity),
    Enter: inside,
  };
  const anywhere = {
    '[': () => message(-1),
    ']': () => message(1),
    ' ': pause,
    '?': help,
    '/': filter,
    Escape: () => list.grid.focus(),
  };
  addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector('dialog[open]')) return;
    const typing = target.matches('input, textarea, select, [contenteditable]');
    if (typing && key !== 'Escape') return;
    if (key === ' ' && target.closest('button, summary, a')) return; // they have a use for it themselves
    const act = (target === list.grid && walk[key]) || anywhere[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
