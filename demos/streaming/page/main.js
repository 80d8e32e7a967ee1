import { Page } from './page.js';
import { Streaming } from './streaming.js';

const page = new Page();
page.use(new Streaming(page));
