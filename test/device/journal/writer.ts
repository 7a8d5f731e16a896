/** Child process of the kill −9 test: appends records as fast as it can and says on stdout what it has committed. */
import { Journal } from '#device/journal/journal.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

const journal = new Journal({ dir: process.argv[2], random: seededRandom(1), raceClock: wallClock, log: silentLog });
let seq = 0;
setInterval(() => {
  for (let i = 0; i < 5; i++) journal.append({ seq: ++seq, kind: 'frame', payload: Buffer.alloc(1000, seq % 256) });
  journal.commit();
  process.stdout.write(`${seq}\n`);
}, 1);
