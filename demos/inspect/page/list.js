// The time line: as many rows of the document as fit on the screen, for any number of rows there are.

const threads = { first: '┌ ', middle: '├ ', last: '└ ', between: '│ ' };
const ready = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];
const grades = { legal: '✓ legal', 'legal but odd': '~ odd', broken: '✗ broken' };

export class List {
  constructor(grid, store, choose) {
    this.grid = grid;
    this.space = grid.querySelector('[role=rowgroup]');
    this.head = grid.querySelector('.head');
    this.newest = document.getElementById('newest');
    this.store = store;
    this.choose = choose;
    this.pool = [];
    this.rows = [];
    this.selected = null;
    this.following = true; // as long as the display is at the bottom
    this.top = 0; // where it was when that was last looked at
    this.unread = 0;
    this.last = 0; // the number of the newest row, and of those that were dropped
    this.dropped = 0;
    this.height = this.rowHeight();
    grid.addEventListener('scroll', () => this.scrolled(), { passive: true });
    grid.addEventListener('click', ({ target }) => {
      const row = target.closest('.row')?.data;
      if (row) this.choose(row);
    });
    new ResizeObserver(() => this.resized()).observe(grid);
  }

  // rowHeight is the height of a row in pixels, which the style sheet decides.
  rowHeight() {
    return parseFloat(getComputedStyle(this.grid).getPropertyValue('--row'));
  }

  resized() {
    this.look();
    this.height = this.rowHeight();
    this.space.style.height = `${this.rows.length * this.height}px`;
    if (this.following) this.toBottom();
    this.draw();
  }

  // update shows what the store has now. What is being read does not move.
  update() {
    this.look();
    const { store } = this;
    this.rows = store.shown();
    const gone = store.viewDropped - this.dropped;
    this.dropped = store.viewDropped;
    if (!this.following || store.held) this.unread += this.countAfter(this.last);
    this.last = store.view.at(-1)?.seq ?? 0;
    this.space.style.height = `${this.rows.length * this.height}px`;
    this.grid.setAttribute('aria-rowcount', this.rows.length + 1);
    if (this.following && !store.held) this.toBottom();
    else if (gone > 0 && !store.held) this.grid.scrollTop = this.top -= gone * this.height;
    this.tellNew();
    this.schedule();
  }

  countAfter(seq) {
    const { view } = this.store;
    let at = view.length;
    while (at > 0 && view[at - 1].seq > seq) at--;
    return view.length - at;
  }

  tellNew() {
    if (this.following && !this.store.held) this.unread = 0;
    this.newest.hidden = this.unread === 0;
    this.newest.textContent = `${this.unread} new ↓`;
  }

  scrolled() {
    this.look();
    this.tellNew();
    this.draw();
  }

  // look finds out whether somebody has scrolled. The event that tells of it comes late: rows that
  // come before it must not tear the display away.
  look() {
    const { scrollTop, clientHeight, scrollHeight } = this.grid;
    if (scrollTop === this.top) return;
    this.top = scrollTop;
    this.following = scrollTop + clientHeight >= scrollHeight - this.height / 2;
  }

  toBottom() {
    this.grid.scrollTop = this.grid.scrollHeight;
    this.top = this.grid.scrollTop;
  }

  toNewest() {
    this.following = true;
    this.toBottom();
    this.tellNew();
    this.draw();
    this.grid.focus();
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = undefined;
    const { scrollTop, clientHeight } = this.grid;
    const from = Math.max(0, Math.floor(scrollTop / this.height) - 3);
    const to = Math.min(this.rows.length, Math.ceil((scrollTop + clientHeight) / this.height) + 3);
    while (this.pool.length < to - from) this.pool.push(this.make());
    // A row keeps its element while it is on the screen, so little is written anew.
    for (const [i, element] of this.pool.entries()) {
      const at = from + ((((i - from) % this.pool.length) + this.pool.length) % this.pool.length);
      if (at < to) this.write(element, at);
      else this.clear(element);
    }
    const active = this.selected && this.pool.find(({ data }) => data === this.selected);
    if (active) this.grid.setAttribute('aria-activedescendant', active.id);
    else this.grid.removeAttribute('aria-activedescendant');
  }

  make() {
    const element = document.createElement('div');
    element.className = 'row';
    element.setAttribute('role', 'row');
    element.id = `row-${this.pool.length}`;
    element.cells = Array.from({ length: 9 }, () => {
      const cell = document.createElement('span');
      cell.setAttribute('role', 'gridcell');
      element.append(cell);
      return cell;
    });
    this.space.append(element);
    return element;
  }

  clear(element) {
    element.hidden = true;
    element.data = null;
  }

  write(element, at) {
    const row = this.rows[at];
    element.hidden = false;
    element.style.transform = `translateY(${at * this.height}px)`;
    element.setAttribute('aria-rowindex', at + 2);
    element.setAttribute('aria-selected', row === this.selected);
    if (element.data === row && element.version === row.reaction?.seen) return;
    element.data = row;
    element.version = row.reaction?.seen;
    element.dataset.grade = row.grade ?? '';
    element.dataset.from = row.from;
    if (row.message && row.thread) element.dataset.thread = row.thread;
    else delete element.dataset.thread;
    texts(row, this.store.start).forEach((text, i) => { element.cells[i].textContent = text; });
    element.cells[6].ariaLabel = row.states ? `client ${row.states.client}, server ${row.states.server}` : null;
  }

  select(row) {
    this.selected = row;
    this.draw();
  }

  // reveal scrolls as little as brings the row into sight.
  reveal(row) {
    const at = this.rows.indexOf(row);
    if (at < 0) return;
    const room = this.grid.clientHeight - this.head.offsetHeight;
    const top = at * this.height;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + this.height > this.grid.scrollTop + room) this.grid.scrollTop = top + this.height - room;
    this.draw();
  }

  // move selects the row that is step rows further on.
  move(step) {
    if (this.rows.length === 0) return;
    let at = this.rows.indexOf(this.selected);
    if (at < 0) at = this.rows.length - 1; // a first step begins at the newest
    this.choose(this.rows[Math.min(this.rows.length - 1, Math.max(0, at + step))]);
  }

  page() {
    return Math.max(1, Math.floor(this.grid.clientHeight / this.height) - 2);
  }
}

function texts(row, start) {
  const kind = row.frame ? row.frame.name : row.kind;
  return [
    ((row.time - start) / 1000).toFixed(3),
    String(row.conn),
    row.path || '–',
    row.from === 'client' ? 'client →' : '← server',
    row.part === 'whole' ? kind : `${kind}, ${row.part}`,
    String(row.size),
    row.states ? `${ready.indexOf(row.states.client)} ${ready.indexOf(row.states.server)}` : '–',
    (threads[row.thread] ?? '') + row.summary,
    grades[row.grade] ?? '–',
  ];
}
