// The filter, with the names that Wireshark has for things:
//
//   websocket.opcode == 9 and not (tcp.stream == 3 or broken)
//
// A word that is no name is looked for as text.

const isHTTP = new Set(['request', 'response', 'body', 'chunk', 'last chunk']);
const isTCP = new Set(['opened', 'FIN', 'reset']);
const techniques = ['polling', 'longpolling', 'streaming', 'sse'];

const words = {
  http: [({ kind }) => isHTTP.has(kind), 'heads, bodies and chunks'],
  websocket: [({ frame, technique }) => Boolean(frame) || technique === 'websocket', 'frames, and all else on a WebSocket'],
  tcp: [({ kind }) => isTCP.has(kind), 'how connections begin and end'],
  broken: [({ grade }) => grade === 'broken', 'a rule is broken'],
  odd: [({ grade }) => grade === 'legal but odd', 'legal but odd'],
  legal: [({ grade }) => grade === 'legal', 'judged, and nothing is wrong'],
  injected: [({ injected }) => Boolean(injected), 'slipped in by the editor'],
  client: [({ from }) => from === 'client', 'sent by the client'],
  server: [({ from }) => from === 'server', 'sent by the server'],
};
for (const name of techniques) words[name] = [({ technique }) => technique === name, 'on this technique'];

const fields = {
  'websocket.opcode': [({ frame }) => frame?.opcode, '0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong'],
  'websocket.fin': [({ frame }) => frame?.fin, '0 or 1'],
  'websocket.rsv': [({ frame }) => frame?.rsv, '4 is RSV1, 2 is RSV2, 1 is RSV3'],
  'websocket.pmc': [({ frame }) => frame && frame.rsv >= 4, '1 if RSV1 says that the message is compressed'],
  'websocket.mask': [({ frame }) => frame?.masked, '0 or 1'],
  'websocket.payload_length': [({ frame }) => frame?.length, 'as declared, in bytes'],
  'websocket.payload.close.status_code': [({ frame }) => frame?.code, 'such as 1000'],
  'websocket.fragments': [({ thread }) => thread, 'first, middle, last or between'],
  'tcp.stream': [({ conn }) => conn, 'the number of a connection'],
  'tcp.flags.fin': [({ kind }) => (kind === 'FIN' ? true : undefined), '1'],
  'tcp.flags.reset': [({ kind }) => (kind === 'reset' ? true : undefined), '1'],
  'http.request': [({ kind }) => (kind === 'request' ? true : undefined), 'heads of requests'],
  'http.request.method': [({ method }) => method, 'such as GET'],
  'http.request.uri': [({ path }) => path, 'the path, without a query'],
  'http.response': [({ kind }) => (kind === 'response' ? true : undefined), 'heads of responses'],
  'http.response.code': [({ status }) => status, 'such as 101'],
  'frame.number': [({ seq }) => seq, 'the number of a row'],
  'frame.len': [({ size }) => size, 'bytes on the wire'],
};

const compare = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  contains: (a, b) => String(a).toLowerCase().includes(String(b).toLowerCase()),
};
const named = { eq: '==', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' };
const token = /\s*(?:("(?:[^"\\]|\\.)*")|([()])|(&&|\|\||==|!=|<=|>=|<|>|!)|([^\s()&|=<>!"]+))/y;

// parseFilter returns {test}, or {error}: a sentence.
export function parseFilter(text) {
  try {
    const parser = new Parser(tokens(text));
    return { test: parser.whole() };
  } catch (error) {
    if (error instanceof FilterError) return { error: error.message };
    throw error;
  }
}

class FilterError extends Error {}

function tokens(text) {
  const list = [];
  token.lastIndex = 0;
  while (text.slice(token.lastIndex).trim() !== '') {
    const at = token.lastIndex;
    const found = token.exec(text);
    if (!found) throw new FilterError(`Nobody can read this from here on: ${text.slice(at).trim()}`);
    const [, quoted, paren, sign, word] = found;
    if (quoted) list.push({ text: quoted.slice(1, -1).replace(/\\(.)/g, '$1'), quoted: true });
    else list.push({ text: paren ?? sign ?? word });
  }
  return list;
}

class Parser {
  constructor(list) {
    this.list = list;
    this.depth = 0;
  }

  whole() {
    if (this.list.length === 0) return () => true;
    const test = this.or();
    if (this.list.length > 0) throw new FilterError(`“${this.list[0].text}” has nothing to belong to.`);
    return test;
  }

  is(...texts) {
    const [next] = this.list;
    return next !== undefined && !next.quoted && texts.includes(next.text);
  }

  or() {
    let left = this.and();
    while (this.is('or', '||')) {
      this.list.shift();
      const [a, b] = [left, this.and()];
      left = (row) => a(row) || b(row);
    }
    return left;
  }

  // Parts that stand beside each other have to be true both.
  and() {
    let left = this.not();
    while (this.list.length > 0 && !this.is('or', '||', ')')) {
      if (this.is('and', '&&')) this.list.shift();
      const [a, b] = [left, this.not()];
      left = (row) => a(row) && b(row);
    }
    return left;
  }

  not() {
    if (!this.is('not', '!')) return this.one();
    this.list.shift();
    const test = this.deeper(() => this.not());
    return (row) => !test(row);
  }

  one() {
    const next = this.list.shift();
    if (next === undefined) throw new FilterError('Something is still to come here.');
    if (next.quoted) return contains(next.text);
    if (next.text === '(') {
      const test = this.deeper(() => this.or());
      if (!this.is(')')) throw new FilterError('A closing parenthesis is missing.');
      this.list.shift();
      return test;
    }
    if (/^[)&|=<>!]/.test(next.text)) throw new FilterError(`“${next.text}” cannot stand here.`);
    if (next.text in fields) return this.field(next.text);
    if (/^(websocket|http|tcp|frame)\./.test(next.text)) throw new FilterError(`There is no ${next.text} here; ? shows the names that there are.`);
    return words[next.text]?.[0] ?? contains(next.text);
  }

  deeper(parse) {
    if (++this.depth > 100) throw new FilterError('This has too many levels.');
    const test = parse();
    this.depth--;
    return test;
  }

  // A field without a comparison asks whether there is one.
  field(name) {
    const [value] = fields[name];
    const sign = named[this.list[0]?.text] ?? this.list[0]?.text;
    if (this.list[0]?.quoted || !Object.hasOwn(compare, sign)) return (row) => value(row) !== undefined;
    this.list.shift();
    const next = this.list.shift();
    if (next === undefined) throw new FilterError(`${name} ${sign} what?`);
    const right = next.quoted ? next.text : plain(next.text);
    const test = compare[sign];
    return (row) => {
      const left = value(row);
      return left !== undefined && test(typeof left === 'boolean' ? Number(left) : left, right);
    };
  }
}

// plain turns 9, 0x9 and true into numbers.
function plain(text) {
  if (text === 'true') return 1;
  if (text === 'false') return 0;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

function contains(text) {
  const wanted = text.toLowerCase();
  return ({ summary, path = '', verdict = '', kind, technique = '', inflated }) =>
    [summary, path, verdict, kind, technique, inflated?.start ?? ''].some((part) => part.toLowerCase().includes(wanted));
}

// describeFilters lists the names for the help.
export function describeFilters(list) {
  for (const [name, [, about]] of [...Object.entries(words), ...Object.entries(fields)]) {
    const term = document.createElement('dt');
    const code = document.createElement('code');
    code.textContent = name;
    term.append(code);
    const text = document.createElement('dd');
    text.textContent = about;
    list.append(term, text);
  }
}
