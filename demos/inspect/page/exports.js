// Rows as a file or on the clipboard: for Wireshark, for a browser's network panel, for go test, for a shell.

import { copy } from './talk.js';

const files = { pcap: 'Wireshark (pcapng)', har: 'HAR', go: 'Go test', curl: 'curl', hex: 'hex' };
const texts = { hex: 'Hex', curl: 'A command for curl', go: 'A test in Go' };
const maxConns = 100; // more would make too long an address; then it is all rows

export function startExports(element, inspector) {
  const which = document.createElement('select');
  which.id = 'export-rows';
  which.append(new Option('all connections shown', 'all'), new Option('the connection of the selected row', 'conn'), new Option('the selected row', 'row'));
  const label = document.createElement('label');
  label.htmlFor = which.id;
  label.textContent = 'Save';
  const note = document.createElement('span');
  note.className = 'quiet';
  note.role = 'status';

  // address returns where the rows are to be had, or null if there are none.
  function address(format) {
    const row = inspector.selected();
    const rows = inspector.visible();
    const query = new URLSearchParams({ format, from: 1 });
    if (which.value === 'all') {
      if (rows.length === 0) return null;
      const conns = new Set(rows.map(({ conn }) => conn));
      if (conns.size <= maxConns) for (const conn of conns) query.append('conn', conn);
      query.set('to', rows.at(-1).seq);
    } else if (!row) {
      return null;
    } else if (which.value === 'conn') {
      query.set('conn', row.conn);
    } else {
      query.set('from', row.seq);
      query.set('to', row.seq);
    }
    return `export?${query}`;
  }

  // get returns what the server answers, or null after it has said why not.
  async function get(format) {
    const from = address(format);
    if (!from) {
      note.textContent = which.value === 'all' ? 'There are no rows.' : 'No row is selected.';
      return null;
    }
    try {
      const response = await fetch(from);
      if (response.ok) return response;
      note.textContent = (await response.text()).trim();
    } catch {
      note.textContent = 'The server does not answer.';
    }
    return null;
  }

  async function save(format) {
    const response = await get(format);
    if (!response) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await response.blob());
    link.download = response.headers.get('Content-Disposition').match(/filename="(.*)"/)[1];
    link.click();
    URL.revokeObjectURL(link.href);
    note.textContent = `Saved as ${link.download}.`;
  }

  async function copied(format) {
    const response = await get(format);
    if (!response) return;
    const text = await response.text();
    note.textContent = text === '' ? 'There is nothing of that kind in these rows.' : await copy(text, texts[format]);
  }

  const button = (text, act) => {
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'plain';
    b.textContent = text;
    b.addEventListener('click', act);
    return b;
  };
  element.append(label, which, 'as', ...Object.keys(files).map((format) => button(files[format], () => save(format))),
    'or copy', ...Object.keys(texts).map((format) => button(files[format], () => copied(format))), note);
}
