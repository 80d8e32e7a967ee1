import { Page } from './page.js';
import { ServerSentEvents } from './sse.js';

const page = new Page();
page.use(new ServerSentEvents(page));
