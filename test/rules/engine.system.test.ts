import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clients, closeClients, createClients } from '#cloud/clients.js';
import { localCredentials } from '#cloud/local/credentials.js';
import { type LocalAws, startLocalAws } from '#cloud/local/services.js';
import { provision } from '#cloud/provision.js';
import { streams, tables } from '#cloud/resources.js';
import { createSenders } from '#cloud/senders.js';
import { openOutbox } from '#rules/actions/outbox.js';
import { catalog } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { topics } from '#wire/topics.js';

const dir = mkdtempSync(join(tmpdir(), 'pitwall-rules-'));
let aws: LocalAws;
let clients: Pick<Clients, 'kinesis' | 'dynamodb'>;

beforeAll(async () => {
  const credentials = localCredentials(dir);
  const region = 'eu-west-1';
  aws = await startLocalAws({
    dataDir: dir,
    port: 0,
    credentials,
    region,
    raceClock: wallClock,
    wallClock,
    log: silentLog,
  });
  clients = await createClients({ region, credentials, endpoints: { kinesis: aws.url, dynamodb: aws.url } }, [
    'kinesis',
    'dynamodb',
  ]);
  await provision(clients, { streams, tables });
});

afterAll(async () => {
  closeClients(clients);
  await aws.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Every record of a stream: partition key and data, by shard in order. */
async function recordsOf(StreamName: string): Promise<{ key: string; text: string }[]> {
  const records: { key: string; text: string }[] = [];
  const { Shards = [] } = await clients.kinesis.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId } of Shards) {
    const start = await clients.kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    let iterator = start.ShardIterator;
    for (;;) {
      const page = await clients.kinesis.send(new GetRecordsCommand({ ShardIterator: iterator }));
      for (const { PartitionKey = '', Data } of page.Records ?? []) {
        records.push({ key: PartitionKey, text: Buffer.from(Data ?? []).toString() });
      }
      if (!page.Records?.length) break;
      iterator = page.NextShardIterator;
    }
  }
  return records;
}

describe('the rules over the wire, into Kinesis and DynamoDB', () => {
  it('every frame and alarm arrives, also past the rate that a shard takes', async () => {
    const outbox = openOutbox(join(dir, 'outbox'));
    const engine = new RuleEngine({
      catalog,
      senders: createSenders(clients, { streams, tables }),
      outbox,
      wallClock,
      random: seededRandom(1),
      log: silentLog,
    });
    const cars = Array.from({ length: 8 }, (_, i) => `car-${i + 1}`);
    // 3,200 frames into two shards that take 1,000 a second each: some are throttled and sent again.
    const framesPerCar = 400;
    for (let n = 0; n < framesPerCar; n++) {
      for (const car of cars) {
        const payload = Buffer.from(`${car} frame ${n}`);
        const publish = { payload, clientId: car, principal: 'p', timestampMs: wallClock.nowMs() };
        await engine.ingest({ ...publish, topic: `pitwall/v1/${car}/frames`, rule: 'frames_live' });
      }
    }
    for (const [n, car] of cars.entries()) {
      const event = { kind: 'event', type: 'alarm', thing: car, seq: 1000 + n, eventTimeMs: 1_763_683_200_000 + n };
      const payload = Buffer.from(JSON.stringify(event));
      await engine.ingest({ topic: topics.events(car), payload, clientId: car, principal: 'p', timestampMs: 0 });
    }
    await engine.close();
    await outbox.close();

    const frames = await recordsOf(streams.framesLive.name);
    expect(new Set(frames.map(({ text }) => text)).size).toBe(cars.length * framesPerCar);
    expect(frames.every(({ key, text }) => text.startsWith(`${key} `))).toBe(true);
    expect(await recordsOf(streams.race.name)).toHaveLength(cars.length);
    const { Items = [] } = await clients.dynamodb.send(new ScanCommand({ TableName: tables.events.name }));
    expect(Items.map(({ pk, sk }) => `${pk.S} ${sk.S}`).sort()).toEqual(
      cars.map((car, n) => `20251121#alarm#${car} ${1_763_683_200_000 + n}#${1000 + n}`),
    );
    const { rules } = engine.stats();
    expect(rules.frames_live).toMatchObject({ sent: cars.length * framesPerCar, failed: 0 });
    expect(rules.frames_live.retried).toBeGreaterThan(0);
    expect(outbox.stats().written).toBe(0);
  });

  it('messages for a stream that is not there end in the outbox', async () => {
    const outbox = openOutbox(join(dir, 'outbox-away'));
    const missing = { ...streams, race: { ...streams.race, name: 'pitwall-nowhere' } };
    const engine = new RuleEngine({
      catalog,
      senders: createSenders(clients, { streams: missing, tables }),
      outbox,
      wallClock,
      random: seededRandom(1),
      log: silentLog,
    });
    const payload = Buffer.from('{}');
    void engine.ingest({ topic: topics.health('car-1'), payload, clientId: 'car-1', principal: 'p', timestampMs: 0 });
    await engine.close();
    await outbox.close();
    expect(engine.stats().rules.health).toMatchObject({ failed: 1, errorActions: 1, sent: 0 });
    expect(outbox.stats().written).toBe(1);
  });
});
