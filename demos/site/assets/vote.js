// The vote on a page: a name, a count and a button for each candidate.
//
// It does not know how news comes to the page. A technique's own module calls show() with the
// whole state, or change() with one candidate, and says with send() how a vote leaves.

export class Vote {
  // list is the <ul>, message the line below it, and send(uid) sends one vote and returns a
  // promise. If it fails, its error is the sentence to show.
  constructor(list, message, send) {
    this.list = list;
    this.message = message;
    this.send = send;
    this.rows = new Map(); // uid -> row
    this.mine = new Map(); // uid -> when my vote left, until its count is on the page
  }

  // show takes the whole state: {"1": {"name": "明凯", "count": 301}, ...}.
  show(state) {
    for (const [uid, row] of this.rows) {
      if (!(uid in state)) {
        row.item.remove();
        this.rows.delete(uid);
      }
    }
    for (const [uid, one] of Object.entries(state)) this.set(uid, one.name, one.count);
    this.share();
  }

  // change takes one candidate: {"uid": 1, "name": "明凯", "count": 301}.
  change(one) {
    this.set(String(one.uid), one.name, one.count);
    this.share();
  }

  set(uid, name, count) {
    let row = this.rows.get(uid);
    if (!row) {
      row = this.add(uid);
      this.rows.set(uid, row);
    }
    // A row is changed and never built again, so the keyboard focus stays where it is.
    if (row.text !== name) {
      row.text = name;
      // textContent, never innerHTML: a name with a tag in it is a name with a tag in it.
      row.name.textContent = name;
      row.button.setAttribute('aria-label', `Vote for ${name}`);
    }
    if (row.value === count) return;
    const first = row.value === undefined;
    row.value = count;
    row.count.textContent = count;
    if (first) return;
    row.count.classList.remove('fresh');
    void row.count.offsetWidth; // so that the animation starts again
    row.count.classList.add('fresh');
    const left = this.mine.get(uid);
    if (left !== undefined) {
      this.mine.delete(uid);
      this.say(`${name}: ${count}. From your click to the new count: ${milliseconds(performance.now() - left)}.`);
    }
  }

  add(uid) {
    const item = document.createElement('li');
    item.dataset.uid = uid;
    const what = document.createElement('div');
    what.className = 'what';
    what.setAttribute('aria-atomic', 'true'); // a screen reader says the name with the count
    const name = document.createElement('span');
    name.className = 'name';
    const count = document.createElement('span');
    count.className = 'count';
    what.append(name, ' ', count);
    const bar = document.createElement('div');
    bar.className = 'bar';
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Vote';
    button.addEventListener('click', () => this.click(uid));
    item.append(what, bar, button);
    this.list.append(item);
    return { item, name, count, bar, button };
  }

  async click(uid) {
    if (!this.mine.has(uid)) this.mine.set(uid, performance.now());
    try {
      await this.send(uid);
      if (this.mine.has(uid)) this.say('Your vote is counted. This page waits for the news like every other page.');
    } catch (error) {
      this.mine.delete(uid);
      this.say(`Your vote: ${error.message}`, 'bad');
    }
  }

  say(text, kind = '') {
    this.message.dataset.kind = kind;
    this.message.textContent = text;
  }

  // share draws each bar: its part of the highest count.
  share() {
    const highest = Math.max(1, ...[...this.rows.values()].map((row) => row.value));
    for (const row of this.rows.values()) {
      row.bar.style.setProperty('--share', `${(100 * row.value) / highest}%`);
    }
  }
}

export function milliseconds(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
