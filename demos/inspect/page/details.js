// The selected row: the verdict on it, what the other side owes and did, and its bytes laid open.

import { Anatomy } from './anatomy.js';
import { showClosing } from './closing.js';

const id = (name) => document.getElementById(name);

export class Details {
  // explain(seq) asks for a row to be laid open; select(seq) selects another row.
  constructor(store, explain, select) {
    this.store = store;
    this.explain = explain;
    this.select = select;
    this.row = null;
    this.anatomy = new Anatomy();
  }

  show(row) {
    this.row = row;
    id('nothing').hidden = row !== null;
    id('facts').hidden = row === null;
    id('anatomy').hidden = true;
    if (!row) {
      id('details-title').textContent = 'No row is selected';
      return;
    }
    this.refresh();
    if (!this.explain(row.seq)) this.gone('The server cannot be asked for its bytes now.');
  }

  explained(answer) {
    if (answer.seq !== this.row?.seq) return;
    if (answer.gone) {
      this.gone('Its bytes are not kept any more.');
      return;
    }
    id('rules').replaceChildren(
      ...(answer.problems ?? []).slice(1).map(({ text, source, rule }) => item(`Also broken: ${text} (${source}, ${rule}).`)),
    );
    id('anatomy').hidden = answer.hex === '';
    if (answer.hex !== '') this.anatomy.show(this.row, answer);
  }

  gone(why) {
    id('rules').replaceChildren(item(why));
  }

  // refresh shows again what may have changed since the row was selected.
  refresh() {
    const { row } = this;
    id('details-title').textContent = `Row ${row.seq}: ${row.frame?.name ?? row.kind} from the ${row.from}, connection ${row.conn}`;
    id('verdict').textContent = row.verdict ?? 'Nobody judges this here.';
    id('verdict').dataset.grade = row.grade ?? '';
    const about = id('about');
    about.replaceChildren();
    const fact = (name, ...values) => {
      const term = document.createElement('dt');
      const text = document.createElement('dd');
      term.textContent = name;
      text.append(...values);
      about.append(term, text);
    };
    if (row.rule) fact('Rule', `${row.level}, ${row.source} (${row.rule}), broken by the ${row.by}`);
    if (row.reaction) this.reaction(row.reaction, fact);
    if (row.answers) fact('Answers', this.link(row.answers), `, ${ms(row.after)} later`);
    if (row.message) fact('Message', ...this.message(row));
    if (row.states) fact('States after it', `client ${row.states.client}, server ${row.states.server}`);
    fact('When', `${new Date(row.time).toISOString().slice(11, 23)} UTC`);
    const conn = this.store.conns.get(row.conn);
    if (conn?.ends) fact('Connection', `${conn.ends}, ${conn.path ?? 'no request yet'}`);
    showClosing(id('closing'), conn, (seq) => this.link(seq));
  }

  reaction({ level, due, seen, row, after, met }, fact) {
    fact('Required', `${level}: ${due}`);
    if (row) fact('Observed', `${met ? '✓' : '✗'} ${seen}, `, this.link(row), `, ${ms(after)} later`);
    else fact('Observed', seen);
  }

  message({ seq, message, thread }) {
    const says = {
      first: 'This is its first fragment.',
      middle: 'A fragment of the message that begins with ',
      last: 'The last fragment of the message that begins with ',
      between: 'Between two fragments of the message that begins with ',
    }[thread];
    return seq === message ? [says] : [says, this.link(message), '.'];
  }

  // link leads to another row.
  link(seq) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'link';
    button.textContent = `row ${seq}`;
    button.addEventListener('click', () => this.select(seq));
    return button;
  }

  focus() {
    this.anatomy.focus();
  }
}

function item(text) {
  const element = document.createElement('li');
  element.textContent = text;
  return element;
}

// ms says how long something took.
export function ms(time) {
  return time < 10 ? `${time.toFixed(2)} ms` : `${Math.round(time)} ms`;
}
