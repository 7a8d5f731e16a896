/** A process to be killed: a server with a function that writes down what it is given, slowly. Prints its URL. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KinesisEvent, serve, textsOf } from './source-harness.js';

const [, , folder, seenFile] = process.argv;
const { aws } = await serve(folder, {
  note: async (event) => {
    const texts = textsOf(event as KinesisEvent);
    await sleep(20);
    appendFileSync(seenFile, texts.map((text) => `${text}\n`).join(''));
  },
});
const [{ UUID }] = aws.eventSources.list();
await aws.eventSources.update(String(UUID), { Enabled: true });
process.stdout.write(`${aws.url}\n`);
