import { describe, expect, test } from 'vitest';
import { raceArchive } from '#cloud/archive/race-archive.js';
import type { ArchiveDamage } from '#cloud/archive/reader.js';
import { turbo } from '#cloud/archive/turbo.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { MadeArchive } from '../../helpers/made-archive.js';
import { FakeKinesis } from '../streams/fake-kinesis.js';
import { readFrom, until } from '../streams/reading.js';

const STREAM = 'stream';
const RACE = 'race-1';

/** Twelve records in three segments, and in the stream. */
async function made() {
  const archive = new MadeArchive(RACE);
  const kinesis = new FakeKinesis();
  const records: StreamRecord[] = Array.from({ length: 12 }, (_, i) => {
    const data = Buffer.from(`record ${i}`);
    const sequenceNumber = kinesis.put('s0', 'car-1', data);
    return { sequenceNumber, partitionKey: 'car-1', data, arrivalMs: 1_000 };
  });
  for (const from of [0, 4, 8]) await archive.append(STREAM, 's0', records.slice(from, from + 4));
  archive.commit();
  return { archive, kinesis };
}

function read({ archive, kinesis }: Awaited<ReturnType<typeof made>>, { isLive }: { isLive: boolean }) {
  const damages: ArchiveDamage[] = [];
  const held = raceArchive({
    reader: archive.reader,
    race: RACE,
    stream: STREAM,
    onDamage: (damage) => damages.push(damage),
  });
  const live = isLive ? kinesisPolling({ client: kinesis.client, streamName: STREAM }) : undefined;
  const source = turbo({ archive: held, live, raceClock: wallClock, random: seededRandom(1), fillTries: 1 });
  return { ...readFrom(source), damages, source };
}

const places = (...numbers: number[]) => numbers.map((number) => `s0 ${number}`);
const ALL = places(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

describe.each([
  ['changed in one byte', (bytes: Buffer) => Buffer.from(bytes.fill(0x55, bytes.length - 60, bytes.length - 59))],
  ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 60)],
  ['gone', () => undefined],
])('an object that is %s', (_, harm) => {
  const harmed = async () => {
    const both = await made();
    const [, key] = [...both.archive.objects.keys()].filter((name) => name.startsWith('segments/'));
    const bytes = harm(both.archive.objects.get(key)!);
    if (bytes) both.archive.objects.set(key, bytes);
    else both.archive.objects.delete(key);
    return both;
  };

  test('is named, and filled from the stream', async () => {
    const { read: found, gaps, damages } = read(await harmed(), { isLive: true });
    await until(() => found.length === 12);
    expect([found, gaps]).toEqual([ALL, []]);
    expect(damages[0].object.runningFrom).toBe(5);
  });

  test('is a gap with its bounds where there is no stream, and the rest is read', async () => {
    const { read: found, gaps, consumer } = read(await harmed(), { isLive: false });
    await until(() => consumer.stats().shardsEnded === 1);
    expect(found).toEqual(places(1, 2, 3, 4, 9, 10, 11, 12));
    expect(gaps).toEqual([{ shardId: 's0', behind: '4', upTo: '9' }]);
  });
});

test('what the archiver itself had missed is filled by who still can, else told', async () => {
  const both = await made();
  const shard = both.archive.shard(STREAM, 's0');
  shard.gaps.push({ behind: '6', upTo: '7' });
  both.archive.commit();
  const live = read(both, { isLive: true });
  const alone = read(both, { isLive: false });
  await until(() => live.read.length === 12 && alone.consumer.stats().shardsEnded === 1);
  expect([live.read, live.gaps]).toEqual([ALL, []]);
  expect(live.source.counters).toMatchObject({ fromArchive: 6, fromLive: 6 });
  expect([alone.read, alone.gaps]).toEqual([ALL, [{ shardId: 's0', behind: '6', upTo: '7' }]]);
});

test('a reader from before the manifest begins gets what the stream still has, else a gap', async () => {
  const both = await made();
  const shard = both.archive.shard(STREAM, 's0');
  shard.objects.shift();
  shard.behind = '4';
  both.archive.commit();
  const live = read(both, { isLive: true });
  const early = readFrom(live.source, { positions: { s0: '2' } });
  await until(() => early.read.length === 10);
  expect([early.read, early.gaps]).toEqual([ALL.slice(2), []]);
  both.kinesis.trim('s0', 12);
  const late = readFrom(live.source, { positions: { s0: '2' } });
  await until(() => late.read.length === 8);
  expect([late.read, late.gaps]).toEqual([ALL.slice(4), [{ shardId: 's0', behind: '2', upTo: '5' }]]);
});
