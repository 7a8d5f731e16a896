/** A table's changes all the way: table stream, forwarder, Firehose, objects in S3, turbo, beside a live reader. */
import { BatchWriteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateDeliveryStreamCommand } from '@aws-sdk/client-firehose';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { s3Store } from '#cloud/archive/objects.js';
import { startTableForwarder } from '#cloud/archive/table-forwarder.js';
import { startTableForwarders } from '#cloud/archive/table-forwarders.js';
import { TableIndex } from '#cloud/archive/table-index.js';
import { tableArchive } from '#cloud/archive/table-turbo.js';
import { turbo } from '#cloud/archive/turbo.js';
import { closeClients, createClients } from '#cloud/clients.js';
import { provision, provisionBucket, provisionDeliveryStream } from '#cloud/provision.js';
import { deliveryStreams, tables } from '#cloud/resources.js';
import { toItem } from '#cloud/streams/item.js';
import { ARCHIVE_THEN_LIVE } from '#cloud/streams/positions.js';
import { createSnapshotStore } from '#cloud/streams/snapshots.js';
import { tableStream } from '#cloud/streams/table-stream.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { createTable } from '../local/dynamodb/table-streams.js';
import { BUCKET, ROLE } from '../local/firehose/harness.js';
import { credentials, region, startIn, testFolder } from '../local/local-aws.js';
import { type Reading, readFrom, until } from '../streams/reading.js';

const TABLE = 'laps';
const DELIVERY = 'table-laps';

/** By shard, in its order: between shards there is none. */
function textsOf({ batches }: Reading): Record<string, string[]> {
  const texts: Record<string, string[]> = {};
  for (const { shardId, records } of batches) {
    texts[shardId] ??= [];
    texts[shardId].push(...records.map(({ data }) => String(data)));
  }
  return texts;
}

/** The local services in a folder of the test's own, and clients of them. */
async function start() {
  const folder = testFolder();
  const aws = await startIn(folder.path);
  const { url } = aws;
  const endpoints = { kinesis: url, dynamodb: url, dynamodbStreams: url, firehose: url, s3: url };
  const clients = await createClients({ region, credentials, endpoints }, [
    'kinesis',
    'dynamodb',
    'dynamodbStreams',
    'firehose',
    's3',
  ]);
  onTestFinished(async () => {
    closeClients(clients);
    await aws.close();
    folder.remove();
  });
  return { aws, clients };
}

test('a late reader has the bytes of a live one, first out of S3 and then out of the stream', async () => {
  const { aws, clients } = await start();
  const { dynamodb, firehose, s3 } = clients;
  await provision(clients, { streams: {}, tables: { state: tables.state } });
  await s3.send(new CreateBucketCommand({ Bucket: 'archive' }));
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: DELIVERY,
      ExtendedS3DestinationConfiguration: {
        RoleARN: ROLE,
        BucketARN: BUCKET,
        Prefix: 'tables/laps/',
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 0 },
        CompressionFormat: 'GZIP',
      },
    }),
  );
  const streamArn = await createTable(dynamodb, TABLE, 'NEW_AND_OLD_IMAGES');
  const shared = { raceClock: wallClock, random: seededRandom(1) };
  const source = () => tableStream({ client: clients.dynamodbStreams, streamArn, ...shared });
  const write = async (from: number) => {
    const Item = (n: number) => toItem({ pk: `car-${n % 4}`, n, text: 'a lap' });
    const requests = Array.from({ length: 20 }, (_, i) => i + from).map((n) => ({ PutRequest: { Item: Item(n) } }));
    // Each item once a call: four cars.
    for (let i = 0; i < requests.length; i += 4)
      await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests.slice(i, i + 4) } }));
  };

  const store = () => createSnapshotStore({ dynamodb, tableName: tables.state.name, key: `forward#${TABLE}` });
  const begin = async () =>
    startTableForwarder({
      source: source(),
      firehose,
      deliveryStream: DELIVERY,
      store: store(),
      log: silentLog,
      wallClock,
      ...shared,
    });
  const live = readFrom(source());
  const first = await begin();
  await write(0);
  await until(() => first.stats().forwarded === 20);
  await first.stop();
  await write(20);
  const second = await begin();
  await until(() => second.stats().forwarded === 20);
  await second.stop();
  const archive = tableArchive({ store: s3Store(s3, 'archive'), prefix: 'tables/laps/', name: streamArn });
  await expect
    .poll(async () => aws.stats().firehose, { timeout: 10_000 })
    .toMatchObject({ recordsIn: 40, recordsDelivered: 40 });

  const joined = turbo({ archive, live: source(), ...shared });
  const late = readFrom(joined, { initial: ARCHIVE_THEN_LIVE });
  await until(() => late.read.length === 40);
  await write(40);
  await until(() => late.read.length === 60 && live.read.length === 60);
  expect(textsOf(late)).toEqual(textsOf(live));
  expect(late.gaps).toEqual([]);
  expect(joined.counters).toMatchObject({ fromArchive: 40, fromLive: 20, refills: 0, gaps: 0 });
});

test('of two forwarders one works; the other goes on with its numbers, and a flush leaves nothing with Firehose', async () => {
  const { aws, clients } = await start();
  const { dynamodb, firehose, s3 } = clients;
  const { state, events, laps } = tables;
  await provision(clients, { streams: {}, tables: { state, events, laps } });
  await provisionBucket(s3, 'archive');
  for (const stream of Object.values(deliveryStreams)) {
    await provisionDeliveryStream(firehose, stream, { bucket: 'archive', roleArn: ROLE });
    // Once more is no harm.
    await provisionDeliveryStream(firehose, stream, { bucket: 'archive', roleArn: ROLE });
  }
  const begin = (owner: string) => {
    const shared = { pollMs: 5, log: silentLog, wallClock, raceClock: wallClock, random: seededRandom(1) };
    return startTableForwarders({ ...clients, resources: { tables, deliveryStreams }, owner, ...shared });
  };
  const write = async (n: number) => {
    const Item = toItem({ pk: 'race-1#lap#car-1', sk: String(n), n });
    for (const { name } of [laps, events]) await dynamodb.send(new PutItemCommand({ TableName: name, Item }));
  };
  const first = begin('a');
  await until(() => Object.keys(first.stats().tables).length === 2);
  const second = begin('b');
  await write(1);
  await until(() => first.stats().tables.laps?.forwarded === 1);
  await write(2);
  await first.stop();
  await until(() => second.stats().role === 'active' && Object.keys(second.stats().tables).length === 2);
  await write(3);
  await second.stop();
  expect(second.stats()).toEqual({ role: 'standby', tables: {} });
  await aws.flush();
  for (const { prefix } of Object.values(deliveryStreams)) {
    const index = new TableIndex({ store: s3Store(s3, 'archive'), prefix });
    await index.look();
    expect([...index.shards.values()].map(({ numbers }) => numbers.toJSON())).toEqual([[[1, 3]]]);
  }
});
