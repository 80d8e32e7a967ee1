// The script in the editor: frames, and how they are cut. One frame at a time is in the form.

const id = (name) => document.getElementById(name);
const bits = ['fin', 'rsv1', 'rsv2', 'rsv3', 'masked'];
const opcodes = ['continuation', 'text', 'binary', , , , , , 'close', 'ping', 'pong'];

const empty = { fin: true, rsv1: false, rsv2: false, rsv3: false, opcode: 1, masked: true, key: '', declared: '', form: '', payload: '', hex: false };

export class ScriptForm {
  // changed() is called after each change.
  constructor(changed) {
    this.changed = changed;
    this.frames = [];
    this.at = 0;
    for (let op = 0; op < 16; op++) {
      id('opcode').append(new Option(`${op}, ${opcodes[op] ?? 'reserved'}`, op));
    }
    for (const button of id('switches').children) {
      button.addEventListener('click', () => {
        button.ariaPressed = button.ariaPressed !== 'true';
        this.edited();
      });
    }
    for (const name of ['opcode', 'key', 'declared', 'form', 'payload']) {
      id(name).addEventListener('input', () => this.edited());
    }
    id('payload-kind').addEventListener('change', ({ target }) => this.rewrite(target.value === 'hex'));
    id('new-key').addEventListener('click', () => {
      id('key').value = randomKey();
      this.edited();
    });
    id('add-frame').addEventListener('click', () => {
      this.frames.push({ ...empty, key: randomKey() });
      this.choose(this.frames.length - 1);
    });
    id('remove-frame').addEventListener('click', () => {
      if (this.frames.length === 1) return;
      this.frames.splice(this.at, 1);
      this.choose(Math.min(this.at, this.frames.length - 1));
    });
    id('cuts').addEventListener('input', () => this.changed());
    id('delays').addEventListener('input', () => this.changed());
  }

  // load shows a script.
  load({ frames, cuts = [], delays = [] }) {
    this.frames = frames.map((frame) => ({ ...empty, ...frame, key: frame.masked && !frame.key ? '00000000' : frame.key }));
    id('cuts').value = cuts.join(', ');
    id('delays').value = delays.join(', ');
    this.choose(0);
  }

  // script returns what is to be sent.
  script() {
    return { frames: this.frames, cuts: numbers('cuts'), delays: numbers('delays') };
  }

  // choose brings a frame into the form.
  choose(at) {
    this.at = at;
    const frame = this.frames[at];
    for (const button of id('switches').children) button.ariaPressed = frame[button.dataset.bit];
    for (const name of ['opcode', 'key', 'declared', 'form', 'payload']) id(name).value = frame[name];
    id('payload-kind').value = frame.hex ? 'hex' : 'text';
    this.list();
    this.changed();
  }

  // edited takes the frame from the form.
  edited() {
    const frame = this.frames[this.at];
    for (const name of bits) frame[name] = id('switches').querySelector(`[data-bit=${name}]`).ariaPressed === 'true';
    frame.opcode = Number(id('opcode').value);
    for (const name of ['key', 'declared', 'form', 'payload']) frame[name] = id(name).value;
    frame.declared = frame.declared.trim();
    this.list();
    this.changed();
  }

  // rewrite shows the same payload in the other way. Bytes that are no text stay hex.
  rewrite(hex) {
    const frame = this.frames[this.at];
    try {
      id('payload').value = hex ? toHex(new TextEncoder().encode(frame.payload)) : fromHex(frame.payload);
      frame.hex = hex;
    } catch {
      id('payload-kind').value = 'hex';
    }
    this.edited();
  }

  // list shows all frames, as buttons.
  list() {
    const old = [...id('frames').children];
    const items = this.frames.map((frame, i) => {
      const item = old[i] ?? document.createElement('li');
      const button = item.firstChild ?? item.appendChild(document.createElement('button'));
      button.type = 'button';
      button.onclick = () => this.choose(i);
      button.textContent = `${i + 1}: ${opcodes[frame.opcode] ?? `opcode ${frame.opcode}`}${frame.fin ? '' : ', to go on'}`;
      if (i === this.at) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
      return item;
    });
    id('frames').replaceChildren(...items);
    id('frame-legend').textContent = `Frame ${this.at + 1} of ${this.frames.length}`;
    id('remove-frame').ariaDisabled = this.frames.length === 1;
  }
}

// numbers reads a list such as "1, 6".
function numbers(name) {
  return id(name).value.split(/[\s,]+/).filter((word) => word !== '').map((word) => (/^\d{1,9}$/.test(word) ? Number(word) : -1));
}

export function toHex(bytes) {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');
}

// fromHex returns the text that bytes in hex are. It throws if they are none.
function fromHex(text) {
  const digits = text.replace(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error('no hex');
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function randomKey() {
  return toHex(crypto.getRandomValues(new Uint8Array(4)));
}
