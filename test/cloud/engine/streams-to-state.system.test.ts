import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { CreateStreamCommand, ListShardsCommand, PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { closeClients, createClients } from '#cloud/clients.js';
import { startRaceEngine } from '#cloud/engine/engine.js';
import { type LocalAws, startLocalAws } from '#cloud/local/services.js';
import { startReducers } from '#cloud/reduce/reducers.js';
import { slotsOf } from '#cloud/reduce/slots.js';
import { streams, tables } from '#cloud/resources.js';
import { putPeopleRecord } from '#cloud/streams/people.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { active } from '../local/dynamodb/table-streams.js';
import { BOOT_TEXT, frame, schema } from '../reduce/frames.js';
import { FakeIotData } from '../streams/fake-dynamodb.js';
import { onTheWire, RACE, raceRecords, sessionOpen } from './race-stream.js';

const credentials = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test-secret' };
const region = 'us-east-1';

/** Ten times as fast: a shard that is subscribed to again within five seconds is refused. */
const raceClock = new RaceClock(wallClock);
raceClock.follow({ ...raceClock.sync(), rate: 10 });

let folder: string;
let aws: LocalAws;
let clients: Awaited<ReturnType<typeof connect>>;

const connect = () =>
  createClients({ region, credentials, endpoints: { kinesis: aws.url, dynamodb: aws.url } }, ['kinesis', 'dynamodb']);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pitwall-test-'));
  aws = await startLocalAws({
    dataDir: folder,
    port: 0,
    credentials,
    region,
    raceClock,
    wallClock,
    log: silentLog,
  });
  clients = await connect();
  for (const { name, shards } of Object.values(streams)) {
    await clients.kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
  }
  for (const { name } of [tables.state, tables.laps, tables.calls]) {
    await clients.dynamodb.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
    await active(clients.dynamodb, name);
  }
});

afterAll(async () => {
  closeClients(clients);
  await aws.close();
  rmSync(folder, { recursive: true, force: true });
});

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 20 });

const shared = () => ({
  kinesis: clients.kinesis,
  dynamodb: clients.dynamodb,
  resources: { streams, tables },
  raceClock,
  wallClock,
  random: seededRandom(1),
  log: silentLog,
});

async function put(StreamName: string, records: { key: string; data: Uint8Array }[]): Promise<void> {
  const Records = records.map(({ key, data }) => ({ PartitionKey: key, Data: data }));
  const answer = await clients.kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  expect(answer.FailedRecordCount).toBe(0);
}

test('reducers: a shard split under load and a restart lose and repeat nothing', async () => {
  const name = streams.framesLive.name;
  const cars = Array.from({ length: 8 }, (_, i) => `car-${i + 1}`);
  const round = (from: number, to: number) =>
    put(
      name,
      Array.from({ length: to - from + 1 }, (_, i) => from + i).flatMap((seq) =>
        cars.map((thing) => ({ key: thing, data: frame({ thing, seq }) })),
      ),
    );
  const schemas = cars.map((thing) => ({ key: thing, data: Buffer.from(JSON.stringify(schema(1, undefined, thing))) }));
  await put(name, schemas);
  const start = () => startReducers({ ...shared(), displayChannels: ['speed'], slot: slotsOf(1)[0] });
  let reducers = await start();
  await round(2, 30);
  const listed = await clients.kinesis.send(new ListShardsCommand({ StreamName: name }));
  const { ShardId, HashKeyRange } = listed.Shards![0];
  const half = (BigInt(HashKeyRange!.StartingHashKey!) + BigInt(HashKeyRange!.EndingHashKey!)) / 2n;
  await clients.kinesis.send(
    new SplitShardCommand({ StreamName: name, ShardToSplit: ShardId, NewStartingHashKey: String(half) }),
  );
  await round(31, 60);
  await until(() => reducers.stats().consumed === 8 * 59);
  expect(reducers.stats().streams.framesLive.shardsEnded).toBe(1);
  await reducers.stop();
  await round(61, 90);
  reducers = await start();
  await until(() => reducers.stats().consumed === 8 * 89);
  await reducers.stop();
  expect(reducers.stats()).toMatchObject({ duplicatesDropped: 0, parked: 0, quarantined: {} });
  const { consumedByBoot } = reducers.stats();
  expect(consumedByBoot).toEqual(Object.fromEntries(cars.map((thing) => [thing, { [BOOT_TEXT]: 89 }])));
});

test('engine: a session put by a person, a race on the stream, laps in the table, and a restart that goes on', async () => {
  const iot = new FakeIotData();
  const start = (owner: string) => startRaceEngine({ ...shared(), iotData: iot.client, owner, publishView: () => {} });
  let engine = await start('a');
  await putPeopleRecord(clients.kinesis, streams.race.name, sessionOpen(3));
  const wire = onTheWire(raceRecords(3, 6), 6).slice(1);
  const half = Math.floor(wire.length / 2);
  const toPut = wire.map(({ partitionKey, data }) => ({ key: partitionKey, data }));
  await put(streams.race.name, toPut.slice(0, half));
  await until(() => engine.stats().records === half + 1);
  await engine.stop();
  engine = await start('b');
  await put(streams.race.name, toPut.slice(half));
  await until(() => engine.stats().lap === 6);
  expect(engine.stats()).toMatchObject({ role: 'active', fence: 2, failures: 0 });
  await engine.stop();
  const rows = await clients.dynamodb.send(
    new QueryCommand({
      TableName: tables.laps.name,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: `${RACE}#lap#2` } },
    }),
  );
  expect(rows.Items!.map(({ lap }) => Number(lap.N))).toEqual([1, 2, 3, 4, 5, 6]);
});
