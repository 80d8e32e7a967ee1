import { Page } from './page.js';
import { Polling } from './polling.js';
import { milliseconds } from './vote.js';

const page = new Page();
const polling = new Polling(page);
page.use(polling);

const interval = document.getElementById('interval');
interval.addEventListener('input', () => {
  if (!interval.validity.valid || interval.value === '') return;
  polling.every(interval.valueAsNumber);
  page.fact('delay', milliseconds(interval.valueAsNumber * 500));
});
