// The chat by itself. The technique can be changed while it runs.

import { Page } from './page.js';
import { Polling } from './polling.js';
import { LongPolling } from './longpolling.js';
import { Streaming } from './streaming.js';
import { ServerSentEvents } from './sse.js';
import { WebSockets } from './websocket.js';

const transports = {
  polling: Polling,
  longpolling: LongPolling,
  streaming: Streaming,
  sse: ServerSentEvents,
  websocket: WebSockets,
};

const page = new Page();
const choice = document.getElementById('technique');

function use() {
  const name = choice.value;
  page.use(new transports[name](page, `${name}/news`));
}

choice.addEventListener('change', use);
use();
