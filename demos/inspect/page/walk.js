// Arrow keys in a grid: one of its cells is in the tab order, and the keys move on from there.

export class Walk {
  // chosen(field) is called with the field of the cell that was clicked on, pointed at, or walked to.
  constructor(place, perLine, chosen) {
    this.place = place;
    this.perLine = perLine;
    const tell = ({ target }) => {
      const cell = target.closest('[data-field]');
      if (!cell) return;
      this.current = cell;
      chosen(cell.dataset.field);
    };
    place.addEventListener('focusin', (event) => {
      tell(event);
      this.only(this.current);
    });
    place.addEventListener('pointerover', tell);
    place.addEventListener('click', ({ target }) => target.closest('[data-field]')?.focus());
    place.addEventListener('keydown', (event) => this.key(event));
  }

  cells() {
    return [...this.place.querySelectorAll('[data-field]')];
  }

  // begin is called when the cells are new.
  begin() {
    this.only(this.cells()[0]);
  }

  only(cell) {
    if (!cell) return;
    if (this.stop) this.stop.tabIndex = -1;
    this.stop = cell;
    cell.tabIndex = 0;
  }

  focus() {
    this.stop?.focus();
  }

  key(event) {
    const { key, ctrlKey, altKey, metaKey } = event;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.perLine, ArrowDown: this.perLine, Home: -Infinity, End: Infinity }[key];
    if (step === undefined || ctrlKey || altKey || metaKey) return;
    event.preventDefault();
    const cells = this.cells();
    const at = cells.indexOf(document.activeElement);
    cells[Math.min(cells.length - 1, Math.max(0, at + step))]?.focus();
  }
}
