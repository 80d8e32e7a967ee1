// The inspector: a time line of all that crosses the wire, and the selected row laid open.

import { StatusLine } from './connection.js';
import { Feed } from './feed.js';
import { Store } from './store.js';
import { List } from './list.js';
import { Details } from './details.js';
import { parseFilter, describeFilters } from './filter.js';
import { listenForKeys } from './keys.js';
import { readHash, writeHash } from './hash.js';
import { Announcer } from './announce.js';
import { startEditor } from './editor.js';
import { startExports } from './exports.js';

const id = (name) => document.getElementById(name);
const store = new Store();
const status = new StatusLine(id('status'));
const announcer = new Announcer(id('live'));
const watchers = [];
let selected = null;
let wanted = 0; // the row that the address names, until it is there
let filterText = '';

// What other modules may know and do.
export const inspector = {
  selected: () => selected, // the row, or null
  visible: () => store.view, // the rows that pass the filter
  onSelect: (fn) => watchers.push(fn), // fn(row or null)
  select, // (seq)
};

const list = new List(id('grid'), store, (row) => select(row.seq));
const feed = new Feed({
  status,
  begin({ maxRows }, anew) {
    store.max = maxRows;
    if (!anew) { // the connection was lost, and the selected row may not have been laid open
      if (selected) details.show(selected);
      return;
    }
    store.clear(); // another server: its numbers begin anew
    show(null);
    list.update();
  },
  batch,
  explained: (answer) => details.explained(answer),
});
const details = new Details(store, (seq) => feed.explain(seq), select);

function batch(news) {
  const { fresh, amended } = store.take(news);
  for (const row of fresh) announcer.heard(row);
  if (wanted && store.get(wanted)) select(wanted);
  list.update();
  if (selected && (amended.has(selected.seq) || news.conns?.some(({ conn }) => conn === selected.conn))) details.refresh();
  count();
}

function count() {
  const { view, rows, dropped, missed, held } = store;
  const parts = [view.length === rows.length ? `${rows.length} rows` : `${view.length} of ${rows.length} rows`];
  if (dropped > 0) parts.push(`${dropped} older ones dropped: the latest ${store.max} are kept`);
  if (missed > 0) parts.push(`${missed} never came here: they were too many at once`);
  if (held !== null) parts.push('paused, and rows go on being taken in');
  id('counts').textContent = `${parts.join('; ')}.`;
}

function select(seq) {
  const row = store.get(seq);
  if (!row) return;
  wanted = 0;
  show(row);
  list.reveal(row);
  writeHash(row.seq, filterText);
}

function show(row) {
  selected = row;
  list.select(row);
  details.show(row);
  for (const fn of watchers) fn(row);
}

function filter(text) {
  filterText = text.trim();
  const { test, error } = parseFilter(filterText);
  id('filter-note').textContent = error ?? '';
  id('filter').toggleAttribute('aria-invalid', Boolean(error));
  if (error) return;
  store.filter(test);
  list.update();
  if (selected && store.view.includes(selected)) list.reveal(selected);
  count();
  writeHash(selected?.seq ?? wanted, filterText);
}

function pause() {
  store.hold(store.held === null);
  const paused = store.held !== null;
  id('pause').textContent = paused ? 'Go on' : 'Pause';
  id('pause').setAttribute('aria-pressed', paused);
  list.update();
  count();
}

// message selects the message before, or the next one.
function message(step) {
  const rows = store.shown();
  const begins = ({ frame, thread, part }) => frame && part !== 'ended' && (frame.opcode === 1 || frame.opcode === 2) && (!thread || thread === 'first');
  let at = selected ? rows.indexOf(selected) : -1;
  if (at < 0) at = step < 0 ? rows.length : -1;
  for (at += step; at >= 0 && at < rows.length; at += step) {
    if (begins(rows[at])) {
      select(rows[at].seq);
      return;
    }
  }
  announcer.say(step < 0 ? 'There is no message before this one.' : 'There is no message after this one.');
}

id('filter').addEventListener('input', ({ target }) => filter(target.value));
id('pause').addEventListener('click', pause);
id('newest').addEventListener('click', () => {
  if (store.held !== null) pause();
  list.toNewest();
});
id('help-open').addEventListener('click', () => id('help').showModal());
id('help-close').addEventListener('click', () => id('help').close());
describeFilters(id('filter-help'));
listenForKeys({
  pause, message, list,
  help: () => id('help').showModal(),
  filter: () => id('filter').focus(),
  inside: () => details.focus(),
});

function follow() {
  const hash = readHash();
  id('filter').value = hash.filter;
  wanted = hash.row;
  filter(hash.filter);
  if (wanted && wanted !== selected?.seq) select(wanted);
}
addEventListener('hashchange', follow);
follow();
startExports(id('exports'), inspector);
startEditor(id('editor'), inspector);
feed.run();
