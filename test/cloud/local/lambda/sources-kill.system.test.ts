import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { SourceProcess } from '../../../helpers/source-process.js';
import { testFolder } from '../local-aws.js';
import { ACCOUNT, serve } from './source-harness.js';

const SCRIPT = fileURLToPath(new URL('./killed-server.ts', import.meta.url));
const RECORDS = 400;

let server: SourceProcess | undefined;

afterEach(() => server?.kill());

it('skips nothing when its process is killed twice in the middle of a stream', { timeout: 60_000 }, async () => {
  const folder = testFolder();
  const data = join(folder.path, 'data');
  const seenFile = join(folder.path, 'seen');
  const seen = () => (existsSync(seenFile) ? readFileSync(seenFile, 'utf8').split('\n').slice(0, -1) : []);
  const prepared = await serve(data, { note: () => null });
  await prepared.createStream('laps');
  await prepared.put(
    'laps',
    Array.from({ length: RECORDS }, (_, i) => ({ key: `car-${i % 7}`, text: String(i) })),
  );
  await prepared.aws.eventSources.create({
    FunctionName: 'note',
    EventSourceArn: `arn:aws:kinesis:${ACCOUNT}:stream/laps`,
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 10,
    ParallelizationFactor: 2,
    Enabled: false,
  });
  await prepared.close();

  for (const killAt of [60, 180]) {
    server = new SourceProcess(SCRIPT, data, seenFile);
    await expect.poll(() => new Set(seen()).size, { timeout: 20_000, interval: 5 }).toBeGreaterThan(killAt);
    await server.kill();
    expect(new Set(seen()).size).toBeLessThan(RECORDS);
  }
  server = new SourceProcess(SCRIPT, data, seenFile);
  await expect.poll(() => new Set(seen()).size, { timeout: 20_000 }).toBe(RECORDS);
  await server.kill();
  // What was stored as done did not come again: at most what was under way and one write, a batch a lane each.
  expect(seen().length).toBeLessThanOrEqual(RECORDS + 2 * 2 * 2 * 10);
  // And the first time that each record was seen is in the order of its key.
  const first = [...new Set(seen())].map(Number);
  for (let car = 0; car < 7; car++) {
    const ofCar = first.filter((n) => n % 7 === car);
    expect(ofCar).toEqual([...ofCar].sort((a, b) => a - b));
  }
  folder.remove();
});
