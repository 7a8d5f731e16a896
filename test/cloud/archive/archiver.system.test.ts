import { ListShardsCommand, PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type ArchiverOptions, startArchiver } from '#cloud/archive/archiver.js';
import { s3Store } from '#cloud/archive/objects.js';
import { createArchiveReader } from '#cloud/archive/reader.js';
import { streams, tables } from '#cloud/resources.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { type LocalRaceCloud, localRaceCloud } from '../../helpers/local-race-cloud.js';
import { onTheWire, RACE, raceRecords, sessionOpen } from '../engine/race-stream.js';
import { BOOT_TEXT, frame, schema, TABLE } from '../reduce/frames.js';
import { FakeIotData } from '../streams/fake-dynamodb.js';

let cloud: LocalRaceCloud;
const iot = new FakeIotData();

beforeAll(async () => {
  cloud = await localRaceCloud();
});

afterAll(() => cloud.close());

const start = (owner: string, options: Partial<ArchiverOptions> = {}) =>
  startArchiver({
    ...cloud.clients,
    iotData: iot.client,
    store: s3Store(cloud.clients.s3, cloud.bucket),
    resources: { streams, tables },
    owner,
    pollMs: 50,
    segmentAgeMs: 200,
    raceClock: cloud.raceClock,
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    ...options,
  });

async function put(StreamName: string, records: { key: string; data: Uint8Array }[]): Promise<void> {
  const Records = records.map(({ key, data }) => ({ PartitionKey: key, Data: data }));
  const answer = await cloud.clients.kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  expect(answer.FailedRecordCount).toBe(0);
}

const json = (value: object) => Buffer.from(JSON.stringify(value));
const CARS = Array.from({ length: 8 }, (_, i) => `car-${i + 1}`);
const frames = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i).flatMap((seq) =>
    CARS.map((thing) => ({ key: thing, data: frame({ thing, seq }) })),
  );

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 20 });

test('a race with a shard split and a second archiver: every record once, in order, acknowledged after its commit', async () => {
  const live = streams.framesLive.name;
  const race = streams.race.name;
  await put(
    live,
    CARS.map((thing) => ({ key: thing, data: json(schema(1, undefined, thing)) })),
  );
  await put(race, [{ key: RACE, data: json(sessionOpen(8)) }]);
  const first = await start('a');
  await put(live, frames(2, 20));
  await until(() => first.stats().race === RACE);
  const second = await start('b');
  const { Shards } = await cloud.clients.kinesis.send(new ListShardsCommand({ StreamName: live }));
  const [{ ShardId, HashKeyRange }] = Shards!;
  const half = (BigInt(HashKeyRange!.StartingHashKey!) + BigInt(HashKeyRange!.EndingHashKey!)) / 2n;
  await cloud.clients.kinesis.send(
    new SplitShardCommand({ StreamName: live, ShardToSplit: ShardId, NewStartingHashKey: String(half) }),
  );
  await put(live, frames(21, 40));
  await until(() => sum(first.stats().archivedByBoot) === 8 * 39);
  expect(second.stats().role).toBe('standby');
  await first.stop();
  await put(live, frames(41, 60));
  await put(
    race,
    onTheWire(raceRecords(3, 4), 4)
      .slice(1)
      .map(({ partitionKey, data }) => ({ key: partitionKey, data })),
  );
  const close = { v: 1, kind: 'session', type: 'close', inputId: 'c', race: RACE, author: 'x', eventTimeMs: 5e12 };
  await put(race, [{ key: RACE, data: json(close) }]);
  await until(() => second.stats().closed && sum(second.stats().archivedByBoot) === 8 * 59);
  await second.stop();
  for (const thing of CARS) {
    const acks = iot.published
      .filter(({ topic }) => topic === `pitwall/v1/${thing}/acks`)
      .map(({ message }) => message);
    const last = acks.findLast(({ family }) => family === 'frames');
    expect(last).toMatchObject({ boot: BOOT_TEXT, ranges: [[1, 60]] });
  }

  const reader = createArchiveReader({ s3: cloud.clients.s3, bucket: cloud.bucket });
  expect(await reader.races()).toEqual([RACE]);
  const manifest = await reader.manifest(RACE);
  expect(manifest).toMatchObject({ closed: true, fence: 2, toMs: 5e12, tables: { [TABLE.hash]: TABLE.channels } });
  const shards = manifest.streams[live];
  expect(shards[ShardId!].ended).toBe(true);
  const children = Object.values(shards).filter(({ parents }) => parents.includes(ShardId!));
  expect(children).toHaveLength(2);
  const read: StreamRecord[] = [];
  for (const shardId of Object.keys(shards)) {
    for await (const records of reader.read({ manifest, stream: live, shardId })) read.push(...records);
  }
  expect(read).toHaveLength(8 * 60);
  for (const thing of CARS) {
    const own = read.filter(({ partitionKey }) => partitionKey === thing);
    expect(own.slice(1).map(({ data }) => Buffer.from(data).readUInt32LE(20))).toEqual(
      Array.from({ length: 59 }, (_, i) => i + 2),
    );
  }
});

function sum(byBoot: Record<string, Record<string, number>>): number {
  return Object.values(byBoot).reduce((all, boots) => all + Object.values(boots).reduce((a, b) => a + b, 0), 0);
}
