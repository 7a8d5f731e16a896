/** The table-stream source against the real stand-in. */
import { type DynamoDBClient, PutItemCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { atTimestamp, LATEST } from '#cloud/streams/shard-graph.js';
import { toTableChange } from '#cloud/streams/table-record.js';
import { tableStream } from '#cloud/streams/table-stream.js';
import { ManualClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { createTable, iteratorOf } from '../local/dynamodb/table-streams.js';
import { refusal, startIn, stockClients, testFolder } from '../local/local-aws.js';
import { type Reading, readFrom, until } from './reading.js';

const HOUR_MS = 3_600_000;
const folder = testFolder();
const raceClock = new ManualClock(Date.UTC(2026, 10, 21, 12));
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  aws = await startIn(folder.path, { raceClock });
  clients = stockClients(aws.url);
  ({ dynamodb } = clients);
});
afterAll(async () => {
  clients.destroy();
  await aws.close();
  folder.remove();
});

const put = (TableName: string, pk: string, n: number) =>
  dynamodb.send(
    new PutItemCommand({ TableName, Item: { pk: { S: pk }, n: { N: String(n) }, raw: { B: Buffer.from([1, 255]) } } }),
  );

const sourceOf = (streamArn: string) =>
  tableStream({ client: clients.dynamodbStreams, streamArn, raceClock, random: seededRandom(1) });

/** `pk n` in the order of delivery. */
const changes = ({ batches }: Reading): string[] =>
  batches
    .flatMap(({ records }) => records.map(toTableChange))
    .map(({ dynamodb: { NewImage } }) => `${NewImage!.pk.S} ${NewImage!.n.N}`);

test('a change comes as Lambda gets it, under its item’s key', async () => {
  const arn = await createTable(dynamodb, 'shape', 'NEW_AND_OLD_IMAGES');
  await put('shape', 'car-1', 1);
  await put('shape', 'car-1', 2);
  const reading = readFrom(sourceOf(arn), { raceClock });
  await until(() => reading.read.length === 2);
  const [first, second] = reading.batches.flatMap(({ records }) => records);
  expect(second.partitionKey).toBe('{"pk":{"S":"car-1"}}');
  expect(second.partitionKey).toBe(first.partitionKey);
  expect(second.arrivalMs).toBe(raceClock.nowMs());
  expect(toTableChange(second)).toEqual({
    eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
    eventName: 'MODIFY',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    eventSourceARN: arn,
    dynamodb: {
      ApproximateCreationDateTime: raceClock.nowMs() / 1_000,
      Keys: { pk: { S: 'car-1' } },
      NewImage: { pk: { S: 'car-1' }, n: { N: '2' }, raw: { B: 'Af8=' } },
      OldImage: { pk: { S: 'car-1' }, n: { N: '1' }, raw: { B: 'Af8=' } },
      SequenceNumber: second.sequenceNumber,
      SizeBytes: expect.any(Number),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  });
});

test('shards that roll over under a reader: every item’s changes once and in order, also over expired iterators', async () => {
  const arn = await createTable(dynamodb, 'rolling', 'NEW_IMAGE');
  const reading = readFrom(sourceOf(arn), { raceClock });
  const wanted: string[] = [];
  for (let round = 0; round < 5; round++) {
    for (let car = 0; car < 8; car++) {
      await put('rolling', `car-${car}`, round);
      wanted.push(`car-${car} ${round}`);
    }
    await until(() => reading.read.length === wanted.length);
    // Iterators live 15 minutes, shards 4 hours.
    raceClock.advance(round % 2 ? 5 * HOUR_MS : HOUR_MS / 2);
  }
  for (let car = 0; car < 8; car++) {
    const ofCar = (all: string[]) => all.filter((entry) => entry.startsWith(`car-${car} `));
    expect(ofCar(changes(reading))).toEqual(ofCar(wanted));
  }
  const stats = reading.consumer.stats();
  expect(stats.expiredIterators).toBeGreaterThan(0);
  expect(stats.shardsEnded).toBe(8);
  expect(stats).toMatchObject({ gaps: 0, shardsFailed: 0 });
});

test('what was trimmed before it was read is told as a gap, and the rest is read', async () => {
  const arn = await createTable(dynamodb, 'trimmed', 'NEW_IMAGE');
  await put('trimmed', 'car-1', 1);
  const first = readFrom(sourceOf(arn), { raceClock });
  await until(() => first.read.length === 1);
  await first.consumer.stop();
  const [[shardId, position]] = first.batches.map(({ shardId, records }) => [shardId, records[0].sequenceNumber]);
  await put('trimmed', 'car-1', 2);
  raceClock.advance(25 * HOUR_MS);
  await put('trimmed', 'car-1', 3);
  const start = () => iteratorOf(clients.dynamodbStreams, arn, shardId, 'AFTER_SEQUENCE_NUMBER', position);
  await expect.poll(() => refusal(start()), { timeout: 10_000 }).toBe('TrimmedDataAccessException');
  const later = readFrom(sourceOf(arn), { raceClock, positions: { [shardId]: position } });
  await until(() => changes(later).includes('car-1 3'));
  expect(changes(later)).not.toContain('car-1 2');
  expect(later.gaps).toMatchObject([{ shardId, behind: position }]);
});

test('from a time on: what is older is left out', async () => {
  const arn = await createTable(dynamodb, 'timed', 'NEW_IMAGE');
  for (let n = 1; n <= 3; n++) {
    await put('timed', 'car-1', n);
    raceClock.advance(10_000);
  }
  const reading = readFrom(sourceOf(arn), { raceClock, initial: atTimestamp(raceClock.nowMs() - 20_000) });
  await until(() => reading.read.length === 2);
  expect(changes(reading)).toEqual(['car-1 2', 'car-1 3']);
});

test('from LATEST on: nothing from before, everything since, also in shards that begin later', async () => {
  const arn = await createTable(dynamodb, 'latest', 'NEW_IMAGE');
  await put('latest', 'car-1', 1);
  // Times of records are whole seconds: within one, nobody can tell before from after.
  raceClock.advance(1_000);
  const reading = readFrom(sourceOf(arn), { raceClock, initial: LATEST });
  await until(() => reading.consumer.stats().polls >= 8);
  await put('latest', 'car-1', 2);
  raceClock.advance(5 * HOUR_MS);
  await put('latest', 'car-1', 3);
  await until(() => reading.read.length === 2);
  expect(changes(reading)).toEqual(['car-1 2', 'car-1 3']);
});

test('a stream that is disabled is read to its end', async () => {
  const arn = await createTable(dynamodb, 'disabled', 'NEW_IMAGE');
  await put('disabled', 'car-1', 1);
  const StreamSpecification = { StreamEnabled: false };
  await dynamodb.send(new UpdateTableCommand({ TableName: 'disabled', StreamSpecification }));
  const reading = readFrom(sourceOf(arn), { raceClock });
  await until(() => reading.consumer.stats().shardsEnded === 4);
  expect(changes(reading)).toEqual(['car-1 1']);
});
