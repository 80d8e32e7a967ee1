import { Page } from './page.js';
import { LongPolling } from './longpolling.js';

const page = new Page();
page.use(new LongPolling(page));
