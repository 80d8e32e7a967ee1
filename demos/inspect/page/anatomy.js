// The bytes of a row in three views: the bits of the header, the fields, and the bytes in hex. They are
// one: what is chosen in one of them is marked in all.

import { Walk } from './walk.js';
import { drawHex } from './hex.js';

const id = (name) => document.getElementById(name);
const perLine = 16; // bits on a line of the ruler: the first one is what every frame has

export class Anatomy {
  constructor() {
    this.walks = {
      ruler: new Walk(id('ruler'), perLine, (at) => this.choose(Number(at))),
      fields: new Walk(id('fields'), 1, (at) => this.choose(Number(at))),
      hex: new Walk(id('hex'), 8, (at) => this.choose(Number(at))),
    };
    id('all').addEventListener('click', () => this.drawBytes(Infinity));
  }

  show(row, answer) {
    this.row = row;
    this.bytes = Uint8Array.from(answer.hex.match(/../g), (pair) => parseInt(pair, 16));
    this.answer = answer;
    this.chosen = -1;
    this.drawRuler();
    this.drawFields();
    this.drawBytes(256);
    this.drawInflated(row.inflated);
    this.choose(0);
    id('anatomy').dataset.row = row.seq;
  }

  drawRuler() {
    const { fields, headerLen = 0 } = this.answer;
    const end = 8 * (headerLen || (this.row.frame ? this.bytes.length : 0));
    const hidden = end === 0;
    id('ruler').hidden = hidden;
    id('ruler-title').hidden = hidden;
    const lines = [];
    for (let at = 0; at < end; at += perLine) {
      const line = div('bits', 'row');
      for (let bit = at; bit < Math.min(end, at + perLine); bit++) {
        line.append(this.bit(bit, fields.findIndex(({ bit: from, width }) => bit >= from && bit < from + width)));
      }
      lines.push(line);
    }
    id('ruler').replaceChildren(...lines);
    this.walks.ruler.begin();
  }

  bit(bit, index) {
    const field = this.answer.fields[index];
    const value = (this.bytes[bit >> 3] >> (7 - (bit & 7))) & 1;
    const cell = this.cell('bit', index);
    const digit = document.createElement('b');
    digit.textContent = value;
    const letter = document.createElement('i');
    letter.textContent = field.kind;
    cell.append(digit, letter);
    cell.ariaLabel = `bit ${bit}: ${value}, ${field.name} ${field.value}${field.meaning ? `, ${field.meaning}` : ''}${field.rule ? `, breaks ${field.rule}` : ''}`;
    return cell;
  }

  // cell makes what can be focused, and stands for a field.
  cell(name, index, role = 'gridcell') {
    const cell = document.createElement('span');
    cell.className = name;
    cell.setAttribute('role', role);
    cell.tabIndex = -1;
    cell.dataset.field = index;
    const { kind, rule } = this.answer.fields[index];
    cell.dataset.kind = kind;
    if (rule) cell.dataset.broken = '';
    return cell;
  }

  drawFields() {
    const rows = this.answer.fields.map((field, index) => {
      const row = this.cell('field', index, 'row');
      for (const [name, text] of Object.entries({
        letter: field.kind,
        name: field.name,
        place: place(field),
        value: field.bits ? `${field.bits} = ${field.value}` : field.value,
        meaning: (field.meaning ?? '') + (field.rule ? ` ✗ breaks ${field.rule}` : ''),
      })) {
        const cell = document.createElement('span');
        cell.setAttribute('role', 'gridcell');
        cell.className = name;
        cell.textContent = text;
        row.append(cell);
      }
      return row;
    });
    id('fields').replaceChildren(...rows);
    this.walks.fields.begin();
  }

  drawBytes(limit) {
    const { answer, bytes } = this;
    drawHex(id('hex'), bytes.subarray(0, limit), answer, (name, index) => this.cell(name, index));
    this.walks.hex.begin();
    id('mask-note').hidden = !answer.maskKey || bytes.length <= answer.headerLen;
    id('all').hidden = bytes.length <= limit;
    const parts = [];
    if (bytes.length > limit) parts.push(`${bytes.length - limit} more bytes are not shown yet.`);
    if (answer.notKept > 0) parts.push(`${answer.notKept} more bytes passed and were not kept.`);
    id('kept').textContent = parts.join(' ');
    this.mark();
  }

  drawInflated(inflated) {
    const place = id('inflated');
    place.replaceChildren();
    if (!inflated) return;
    const title = document.createElement('h3');
    title.textContent = 'The message, inflated';
    const note = document.createElement('p');
    note.className = 'quiet';
    place.append(title, note);
    if (inflated.why) {
      note.textContent = `It cannot be inflated here: ${inflated.why}.`;
      return;
    }
    note.textContent = `${inflated.compressed} bytes on the wire are ${inflated.size} bytes of message (permessage-deflate, RFC 7692).`;
    const text = document.createElement('pre');
    text.textContent = inflated.hex ? inflated.start.match(/../g)?.join(' ') ?? '' : inflated.start;
    place.append(text);
  }

  // choose marks a field everywhere, and says what it means.
  choose(index) {
    if (index === this.chosen) return;
    this.chosen = index;
    this.mark();
    const field = this.answer.fields[index];
    id('meaning').textContent = `${field.kind} · ${field.name} = ${field.value}${field.meaning ? `: ${field.meaning}` : ''}`;
  }

  mark() {
    for (const old of document.querySelectorAll('#anatomy [data-chosen]')) delete old.dataset.chosen;
    for (const cell of document.querySelectorAll(`#anatomy [data-field="${this.chosen}"]`)) cell.dataset.chosen = '';
  }

  focus() {
    if (id('anatomy').hidden) return;
    (id('ruler').hidden ? this.walks.fields : this.walks.ruler).focus();
  }
}

function place({ bit, width }) {
  if (width % 8 === 0 && bit % 8 === 0) {
    const [from, to] = [bit / 8, (bit + width) / 8 - 1];
    return from === to ? `byte ${from}` : `bytes ${from}–${to}`;
  }
  return width === 1 ? `bit ${bit}` : `bits ${bit}–${bit + width - 1}`;
}

function div(name, role) {
  const element = document.createElement('div');
  element.className = name;
  element.setAttribute('role', role);
  return element;
}
