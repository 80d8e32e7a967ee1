import { Page } from './page.js';
import { WebSockets } from './websocket.js';

const page = new Page();
page.use(new WebSockets(page));
