// What a screen reader is told of the rows that come: a sentence, and not more than one in five seconds.

const quiet = 5000; // milliseconds

export class Announcer {
  constructor(place) {
    this.place = place;
    this.rows = 0;
    this.broken = 0;
    this.last = -quiet;
  }

  heard({ grade }) {
    this.rows++;
    if (grade === 'broken') this.broken++;
    this.timer ??= setTimeout(() => this.tell(), Math.max(500, this.last + quiet - performance.now()));
  }

  tell() {
    const rows = this.rows === 1 ? '1 new row' : `${this.rows} new rows`;
    this.say(this.broken > 0 ? `${rows}, ${this.broken} broken.` : `${rows}.`);
    this.rows = 0;
    this.broken = 0;
  }

  // say says something at once, as an answer to a key, and begins the silence anew.
  say(text) {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.last = performance.now();
    this.place.textContent = text;
  }
}
