// The client that is built into Node as a peer: `node builtin.mjs client URL...`.

import { perform } from './standard.mjs';

for (const url of process.argv.slice(3)) {
  process.stdout.write(JSON.stringify(await perform(url)) + '\n');
}
