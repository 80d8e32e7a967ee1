// Bytes in hex, eight on a line. Below each stands the letter of its field. Of a masked payload there
// are three rows instead: as it crossed the wire, the key over and over, and the clear bytes.

const perLine = 8;

// drawHex draws bytes into a place. cell(name, field) makes a cell for a byte.
export function drawHex(place, bytes, { fields, headerLen = 0, maskKey = '' }, cell) {
  const fieldOf = (at) => fields.findIndex(({ bit, width }) => 8 * at < bit + width);
  const key = (maskKey.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
  const masked = key.length > 0;
  const lines = [];
  const draw = (from, to) => {
    for (let at = from; at < to; at += perLine) {
      const range = Array.from({ length: Math.min(perLine, to - at) }, (_, i) => at + i);
      const hidden = masked && at >= headerLen;
      const line = (name, text, focusable) => {
        const row = document.createElement('div');
        row.className = 'octets';
        row.setAttribute('role', 'row');
        row.append(header(`${focusable ? at : ''}`, 'offset'), header(name, 'which'));
        for (const n of range) {
          const index = fieldOf(n);
          const octet = focusable ? cell('octet', index) : plain(index);
          octet.textContent = text(n);
          if (focusable) octet.ariaLabel = `byte ${n}: ${hex(bytes[n])}, ${fields[index].name}`;
          row.append(octet);
        }
        for (let n = range.length; n < Math.min(perLine, to - from); n++) row.append(blank()); // what follows stays in its column
        lines.push(row);
        return row;
      };
      const clear = (n) => (hidden ? bytes[n] ^ key[(n - headerLen) % 4] : bytes[n]);
      if (hidden) {
        line('masked', (n) => hex(bytes[n]), true);
        line('key', (n) => hex(key[(n - headerLen) % 4]), false);
        line('clear', (n) => hex(clear(n)), false).append(ascii(range.map(clear)));
      } else {
        const row = line('', (n) => hex(bytes[n]), true);
        if (!masked) row.append(ascii(range.map(clear)));
        letters(lines, range, fieldOf, fields);
      }
    }
  };
  draw(0, masked ? Math.min(headerLen, bytes.length) : bytes.length);
  if (masked) draw(headerLen, bytes.length);
  place.replaceChildren(...lines);
}

// letters is the line below the bytes. The views are marked by colour too, but not by it alone.
function letters(lines, range, fieldOf, fields) {
  const row = document.createElement('div');
  row.className = 'octets letters';
  row.ariaHidden = 'true'; // the bytes have it in their labels
  row.append(header('', 'offset'), header('', 'which'));
  for (const n of range) {
    const letter = plain(fieldOf(n));
    // A byte of the header may hold several fields.
    letter.textContent = fields.filter(({ bit, width }) => bit < 8 * n + 8 && bit + width > 8 * n).map(({ kind }) => kind).join('').slice(0, 5);
    row.append(letter);
  }
  lines.push(row);
}

function header(text, name) {
  const element = document.createElement('span');
  element.className = name;
  element.setAttribute('role', 'rowheader');
  element.textContent = text;
  return element;
}

function plain(index) {
  const element = document.createElement('span');
  element.className = 'octet';
  element.setAttribute('role', 'gridcell');
  element.dataset.of = index;
  return element;
}

function blank() {
  const element = document.createElement('span');
  element.className = 'octet';
  return element;
}

function ascii(bytes) {
  const element = document.createElement('span');
  element.className = 'ascii';
  element.setAttribute('role', 'gridcell');
  element.textContent = String.fromCharCode(...bytes.map((b) => (b < 0x20 || b > 0x7e ? 0xb7 : b)));
  return element;
}

const hex = (byte) => byte.toString(16).padStart(2, '0');
