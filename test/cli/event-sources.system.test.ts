/** `pitwall local --lambda … --event-sources FILE`: a person's function, driven from streams that a file names. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { streams } from '#cloud/resources.js';
import { Desk } from './command.js';

let desk: Desk;

beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.close());

function files(sources: unknown) {
  const note = join(desk.folder, 'note.mjs');
  const noted = join(desk.folder, 'noted');
  const file = join(desk.folder, 'sources.json');
  writeFileSync(
    note,
    `import { appendFileSync } from 'node:fs';
    export const handler = async ({ Records }) => {
      for (const { kinesis } of Records) appendFileSync(${JSON.stringify(noted)}, atob(kinesis.data) + '\\n');
    };`,
  );
  writeFileSync(file, JSON.stringify(sources));
  return { flags: ['--lambda', `note=${note}`, '--event-sources', file], noted };
}

it('hands what comes into the stream to the function', async () => {
  const { flags, noted } = files([
    { FunctionName: 'note', EventSourceArn: `stream/${streams.race.name}`, StartingPosition: 'TRIM_HORIZON' },
  ]);
  const { ready } = await desk.local(0, ...flags);
  const kinesis = new KinesisClient({
    region: ready.env.AWS_REGION,
    credentials: { accessKeyId: ready.env.AWS_ACCESS_KEY_ID, secretAccessKey: ready.env.AWS_SECRET_ACCESS_KEY },
    endpoint: ready.endpoints.kinesis,
  });
  await kinesis.send(
    new PutRecordCommand({ StreamName: streams.race.name, PartitionKey: 'a', Data: Buffer.from('lap 7') }),
  );
  await expect.poll(() => existsSync(noted) && readFileSync(noted, 'utf8'), { timeout: 15_000 }).toBe('lap 7\n');
  kinesis.destroy();
});

it.each<[string, unknown, string]>([
  ['is no list', {}, 'is no list'],
  [
    'names a function that is not there',
    [{ FunctionName: 'x', EventSourceArn: 'stream/a', StartingPosition: 'LATEST' }],
    'Function not found: x',
  ],
  [
    'has a member that is not served',
    [{ FunctionName: 'note', EventSourceArn: 'stream/a', StartingPosition: 'LATEST', Topics: [] }],
    'Topics is not served',
  ],
])('refuses a file that %s', async (_what, sources, text) => {
  const { code, err } = await desk.run(['local', ...files(sources).flags]);
  expect(code).toBe(3);
  expect(err).toContain('PW-CONFIG-FILE');
  expect(err).toContain(text);
});
