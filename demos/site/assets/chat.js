// The chat on a page: who is here, the lines, and a line of one's own.
//
// It does not know how news comes to the page, and neither how a line leaves it: see page.js.

export class Chat {
  // section is an empty element to build the chat in, and send(action) sends {join: name} or
  // {say: text} and returns a promise. If it fails, its error is the sentence to show.
  constructor(section, send) {
    this.send = send;
    this.name = '';
    this.people = new Map(); // name -> technique
    this.here = element('p', { className: 'quiet' });
    this.lines = element('ol', { className: 'log chat', tabIndex: 0 });
    this.lines.setAttribute('role', 'log');
    this.lines.setAttribute('aria-label', 'Lines of the chat');
    this.message = element('p', { className: 'message' });
    this.message.setAttribute('role', 'status');
    this.nameBox = element('input', { id: 'name', type: 'text', autocomplete: 'nickname' });
    this.textBox = element('input', { id: 'text', type: 'text', autocomplete: 'off' });
    section.append(
      element('h2', { textContent: 'The chat' }),
      this.here,
      this.lines,
      form('Name', this.nameBox, 'Join', () => this.join(this.nameBox.value)),
      form('Line', this.textBox, 'Send', () => this.say(this.textBox.value)),
      this.message,
    );
    this.nameBox.value = remembered();
  }

  // show takes the whole state: the last lines, and who is here.
  show(lines, people) {
    this.lines.replaceChildren();
    for (const line of lines) this.line(line);
    this.people.clear();
    for (const one of people) this.people.set(one.name, one.by);
    this.showPeople();
    // This is how a page begins, and also how it learns that the server was started again and
    // knows nobody any more.
    if (remembered()) this.join(remembered());
  }

  // line takes {id, name, text, at}.
  line({ name, text, at }) {
    const time = new Date(at);
    this.add(
      element('time', { className: 'time', dateTime: time.toISOString(), textContent: time.toLocaleTimeString() }),
      ' ',
      element('strong', {}, element('bdi', { textContent: name })),
      ' ',
      // textContent, never innerHTML: a line with a tag in it is a line with a tag in it. And bdi,
      // so that a line that runs from right to left does not turn its neighbours around.
      element('bdi', { className: 'text', textContent: text }),
    );
  }

  // person takes somebody who has come, changed the technique, or gone: {name, by, here}.
  person({ name, by, here }) {
    const known = this.people.has(name);
    if (here) this.people.set(name, by);
    else this.people.delete(name);
    this.showPeople();
    if (known !== here) this.add(element('em', {}, element('bdi', { textContent: name }), here ? ' is here.' : ' has left.'));
  }

  add(...content) {
    const follow = this.lines.scrollTop + this.lines.clientHeight >= this.lines.scrollHeight - 4;
    this.lines.append(element('li', {}, ...content));
    while (this.lines.children.length > 200) this.lines.firstChild.remove();
    if (follow) this.lines.scrollTop = this.lines.scrollHeight; // unless somebody is reading further up
  }

  showPeople() {
    this.here.replaceChildren(this.people.size ? 'Here: ' : 'Nobody here has a name yet.');
    [...this.people].forEach(([name, by], i) => {
      this.here.append(i ? ', ' : '', element('bdi', { textContent: name }), by ? ` (${by})` : '');
    });
  }

  async join(name) {
    const done = await this.try({ join: name });
    if (!done) return;
    this.name = name.trim();
    remember(this.name);
  }

  async say(text) {
    if (!this.name) {
      this.report('Give yourself a name first, and join.', 'bad');
      this.nameBox.focus();
      return;
    }
    const done = await this.try({ say: text });
    if (done && this.textBox.value === text) this.textBox.value = ''; // it may be the next line already
  }

  async try(action) {
    try {
      await this.send(action);
      this.report('');
      return true;
    } catch (error) {
      this.report(error.message, 'bad'); // what was typed stays, so that it can be changed
      return false;
    }
  }

  report(text, kind = '') {
    this.message.dataset.kind = kind;
    this.message.textContent = text;
  }
}

function element(tag, properties, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
}

function form(text, box, verb, act) {
  const label = element('label', { htmlFor: box.id, textContent: text });
  const f = element('form', { className: 'line' }, label, box, element('button', { textContent: verb }));
  f.addEventListener('submit', (event) => {
    event.preventDefault();
    act();
  });
  return f;
}

function remember(name) {
  try {
    sessionStorage.ws101name = name;
  } catch {
    // No storage here: the name is asked for again.
  }
}

function remembered() {
  try {
    return sessionStorage.ws101name ?? '';
  } catch {
    return '';
  }
}
