// The interval of polling: what to expect of it, and what was measured.

import { drawn, duration } from './compare-events.js';

const most = 60; // delays in the picture
const height = 110;
const left = 4;

export class Waits {
  // get(id) returns an element, change(seconds) is called with a new interval.
  constructor(get, change, signal) {
    this.slider = get('compare-interval');
    this.seconds = get('compare-seconds');
    this.expect = get('compare-expect');
    this.svg = get('compare-waits');
    this.measured = get('compare-measured');
    this.change = change;
    this.svg.setAttribute('height', height);
    this.slider.addEventListener('input', () => this.begin(), { signal });
    addEventListener('resize', () => this.draw(), { signal });
    this.begin();
  }

  // begin says what to expect, and forgets what was measured with another interval.
  begin() {
    this.interval = this.slider.valueAsNumber;
    this.delays = [];
    this.seconds.textContent = `${this.interval.toFixed(1)} s`;
    this.expect.textContent = `Average wait ${half(this.interval)}, worst ${this.interval.toFixed(1)} s. An event comes at any moment between two questions.`;
    this.change(this.interval);
    this.draw();
  }

  // add takes a measured delay, in milliseconds.
  add(ms) {
    this.delays.push(ms);
    if (this.delays.length > most) this.delays.shift();
    this.draw();
  }

  draw() {
    const width = this.svg.clientWidth || 300;
    const whole = this.interval * 1000;
    const highest = Math.max(whole * 1.15, ...this.delays);
    const y = (ms) => height - 8 - (ms / highest) * (height - 22);
    this.svg.replaceChildren();
    for (const [ms, text] of [[whole, 'worst'], [whole / 2, 'average'], [0, '']]) {
      this.svg.append(drawn('line', { class: 'rail', x1: 0, x2: width, y1: y(ms), y2: y(ms) }));
      const label = drawn('text', { x: left, y: y(ms) - 4 });
      label.textContent = text && `${text} ${duration(ms)}`;
      this.svg.append(label);
    }
    const step = (width - 150) / most;
    this.delays.forEach((ms, i) => {
      this.svg.append(drawn('circle', { class: 'news', cx: 130 + i * step, cy: y(ms), r: 4 }));
    });
    this.measured.textContent = this.words();
  }

  words() {
    const n = this.delays.length;
    if (n === 0) return 'Measured with this interval: nothing yet. Cast some votes.';
    const average = this.delays.reduce((sum, ms) => sum + ms, 0) / n;
    return `Measured with this interval: ${n === 1 ? '1 event' : `${n} events`}, on average ${duration(average)}, at worst ${duration(Math.max(...this.delays))}.`;
  }
}

function half(seconds) {
  return seconds < 2 ? `${(seconds / 2).toFixed(2)} s` : `${(seconds / 2).toFixed(1)} s`;
}
