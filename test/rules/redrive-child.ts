/** A process to be killed in the middle of a redrive: appends what it replays to a file, a line each, unhurried. */
import { appendFileSync } from 'node:fs';
import { openOutbox } from '#rules/actions/outbox.js';
import { redrive } from '#rules/redrive.js';

const [dir, sentFile] = process.argv.slice(2);
await redrive({
  outbox: openOutbox(dir),
  window: 10,
  replay: async ({ key }) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    appendFileSync(sentFile, `${key}\n`);
    return { kind: 'sent' };
  },
});
