/** Table streams through the stock clients. */
import { randomInt } from 'node:crypto';
import {
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  ListStreamsCommand,
  type StreamViewType,
} from '@aws-sdk/client-dynamodb-streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { ManualClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { refusal, startIn, stockClients, testFolder, UNTHROTTLED } from '../local-aws.js';
import { active, createTable, drain, iteratorOf, readAll, shardsOf } from './table-streams.js';

const HOUR_MS = 3_600_000;
const folder = testFolder();
const raceClock = new ManualClock(Date.UTC(2026, 10, 21, 12, 0, 0, 250));
let aws: LocalAws;
let clients: ReturnType<typeof stockClients>;
let dynamodb: DynamoDBClient;
let streams: DynamoDBStreamsClient;

async function open(): Promise<void> {
  aws = await startIn(folder.path, {
    raceClock,
    tableLimits: UNTHROTTLED,
    tableStreamLimits: { callRates: { ListStreams: 5 } },
  });
  clients = stockClients(aws.url);
  ({ dynamodb, dynamodbStreams: streams } = clients);
}

async function close(): Promise<void> {
  clients.destroy();
  await aws.close();
}

beforeAll(open);
afterAll(async () => {
  await close();
  folder.remove();
});

const put = (TableName: string, pk: string, n = 1) =>
  dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, n: { N: String(n) } } }));
const remove = (TableName: string, pk: string) =>
  dynamodb.send(new DeleteItemCommand({ TableName, Key: { pk: { S: pk } } }));
const updateStream = (TableName: string, StreamEnabled: boolean, StreamViewType?: StreamViewType) =>
  dynamodb.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled, StreamViewType } }));
const firstShard = async (arn: string) => (await shardsOf(streams, arn))[0].ShardId!;
/** The shard that has an item's records. */
async function shardWith(arn: string, pk: string): Promise<string> {
  for (const { ShardId } of await shardsOf(streams, arn)) {
    const { records } = await drain(streams, await iteratorOf(streams, arn, ShardId!, 'TRIM_HORIZON'));
    if (records.some(({ dynamodb: change }) => change!.Keys!.pk.S === pk)) return ShardId!;
  }
  throw new Error(`no shard has ${pk}`);
}

describe('records', () => {
  it('say what changed, as AWS words it', async () => {
    const arn = await createTable(dynamodb, 'shapes', 'NEW_AND_OLD_IMAGES');
    await dynamodb.send(
      new PutItemCommand({ TableName: 'shapes', Item: { pk: { S: '101' }, Message: { S: 'Grüße' } } }),
    );
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: 'shapes',
        Key: { pk: { S: '101' } },
        UpdateExpression: 'SET lap = :lap',
        ExpressionAttributeValues: { ':lap': { N: '12.50' } },
      }),
    );
    await remove('shapes', '101');
    const records = await readAll(streams, arn);
    const before = { pk: { S: '101' }, Message: { S: 'Grüße' } };
    const after = { ...before, lap: { N: '12.5' } };
    const common = {
      Keys: { pk: { S: '101' } },
      StreamViewType: 'NEW_AND_OLD_IMAGES',
      // To the second, on the race clock.
      ApproximateCreationDateTime: new Date('2026-11-21T12:00:00Z'),
      SequenceNumber: expect.stringMatching(/^\d{21,40}$/) as string,
    };
    // pk 2 + 3; Message 7 + 7 (two letters of two bytes); lap 3 + 3.
    expect(records.map(({ dynamodb: change }) => change)).toEqual([
      { ...common, NewImage: before, SizeBytes: 5 + 19 },
      { ...common, NewImage: after, OldImage: before, SizeBytes: 5 + 25 + 19 },
      { ...common, OldImage: after, SizeBytes: 5 + 25 },
    ]);
    expect(records.map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY', 'REMOVE']);
    expect(new Set(records.map(({ eventID }) => eventID)).size).toBe(3);
    for (const record of records) {
      expect(record).toMatchObject({ eventVersion: '1.1', eventSource: 'aws:dynamodb', awsRegion: 'us-east-1' });
      expect(record.userIdentity).toBeUndefined();
    }
  });

  it.each([
    ['KEYS_ONLY', [], []],
    ['NEW_IMAGE', ['INSERT', 'MODIFY'], []],
    ['OLD_IMAGE', [], ['MODIFY', 'REMOVE']],
    ['NEW_AND_OLD_IMAGES', ['INSERT', 'MODIFY'], ['MODIFY', 'REMOVE']],
  ] as const)('with %s hold new images of %j and old ones of %j', async (viewType, withNew, withOld) => {
    const table = `view-${viewType}`;
    const arn = await createTable(dynamodb, table, viewType);
    await put(table, 'a', 1);
    await put(table, 'a', 2);
    await remove(table, 'a');
    const records = await readAll(streams, arn);
    const having = (image: 'NewImage' | 'OldImage') =>
      records.filter(({ dynamodb: change }) => change![image] !== undefined).map(({ eventName }) => eventName);
    expect(records).toHaveLength(3);
    expect([having('NewImage'), having('OldImage')]).toEqual([withNew, withOld]);
  });

  it('are not written for what changes nothing', async () => {
    const arn = await createTable(dynamodb, 'same', 'KEYS_ONLY');
    const item = { pk: { S: 'a' }, set: { SS: ['x', 'y'] }, map: { M: { n: { N: '1' } } } };
    const again = { map: { M: { n: { N: '1.0' } } }, set: { SS: ['y', 'x'] }, pk: { S: 'a' } };
    await dynamodb.send(new PutItemCommand({ TableName: 'same', Item: item }));
    await dynamodb.send(new PutItemCommand({ TableName: 'same', Item: again }));
    await remove('same', 'never there');
    const update = { UpdateExpression: 'SET #m.n = :n', ExpressionAttributeNames: { '#m': 'map' } };
    const set = (n: string) =>
      new UpdateItemCommand({
        TableName: 'same',
        Key: { pk: { S: 'a' } },
        ...update,
        ExpressionAttributeValues: { ':n': { N: n } },
      });
    await dynamodb.send(set('1'));
    expect((await readAll(streams, arn)).map(({ eventName }) => eventName)).toEqual(['INSERT']);
    await dynamodb.send(set('2'));
    expect((await readAll(streams, arn)).map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY']);
  });

  it('of expiries carry the identity of the service', async () => {
    const arn = await createTable(dynamodb, 'expiring', 'OLD_IMAGE');
    const TimeToLiveSpecification = { Enabled: true, AttributeName: 'until' };
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: 'expiring', TimeToLiveSpecification }));
    const until = { N: String(Math.floor(raceClock.nowMs() / 1000) + 60) };
    await dynamodb.send(new PutItemCommand({ TableName: 'expiring', Item: { pk: { S: 'a' }, until } }));
    await dynamodb.send(new PutItemCommand({ TableName: 'expiring', Item: { pk: { S: 'b' }, until } }));
    await remove('expiring', 'b');
    raceClock.advance(61_000);
    const removals = async () =>
      (await readAll(streams, arn))
        .filter(({ eventName }) => eventName === 'REMOVE')
        .map(({ dynamodb: change, userIdentity }) => [change!.Keys!.pk.S, userIdentity])
        .sort();
    await expect.poll(removals, { timeout: 10_000 }).toEqual([
      ['a', { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' }],
      ['b', undefined],
    ]);
  });
});

describe('a stream', () => {
  it('is switched on and off, and another one each time', async () => {
    await createTable(dynamodb, 'switched');
    const described = async () => (await dynamodb.send(new DescribeTableCommand({ TableName: 'switched' }))).Table!;
    expect(await refusal(updateStream('switched', false))).toBe('ValidationException');
    expect(await refusal(updateStream('switched', true))).toBe('ValidationException');
    await put('switched', 'before');
    await updateStream('switched', true, 'NEW_IMAGE');
    const { LatestStreamArn: first, StreamSpecification, LatestStreamLabel } = await described();
    expect(StreamSpecification).toEqual({ StreamEnabled: true, StreamViewType: 'NEW_IMAGE' });
    expect(first).toBe(`arn:aws:dynamodb:us-east-1:000000000000:table/switched/stream/${LatestStreamLabel}`);
    await expect(updateStream('switched', true, 'OLD_IMAGE')).rejects.toThrow(
      'Table already has an enabled stream: TableName: switched',
    );
    await put('switched', 'during');
    expect(await refusal(updateStream('switched', false, 'NEW_IMAGE'))).toBe('ValidationException');
    await updateStream('switched', false);
    await put('switched', 'after');
    const off = await described();
    expect([off.StreamSpecification, off.LatestStreamArn]).toEqual([undefined, first]);
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: first }));
    expect(StreamDescription).toMatchObject({ StreamStatus: 'DISABLED', TableName: 'switched' });
    // Closed, and readable to its end.
    expect((await readAll(streams, first!)).map(({ dynamodb: change }) => change!.Keys!.pk.S)).toEqual(['during']);
    for (const { ShardId, SequenceNumberRange } of StreamDescription!.Shards!) {
      expect(SequenceNumberRange!.EndingSequenceNumber).toBeDefined();
      const { next } = await drain(streams, await iteratorOf(streams, first!, ShardId!, 'TRIM_HORIZON'));
      expect(next).toBeUndefined();
    }
    await updateStream('switched', true, 'KEYS_ONLY');
    expect((await described()).LatestStreamArn).not.toBe(first);
    const { Streams } = await streams.send(new ListStreamsCommand({ TableName: 'switched' }));
    expect(Streams).toHaveLength(2);
  });

  it('outlives its table', async () => {
    const arn = await createTable(dynamodb, 'deleted', 'NEW_IMAGE');
    await put('deleted', 'a');
    await dynamodb.send(new DeleteTableCommand({ TableName: 'deleted' }));
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }));
    expect(StreamDescription!.StreamStatus).toBe('DISABLED');
    expect(await readAll(streams, arn)).toHaveLength(1);
  });

  it('is listed with the others, page by page, and its shards likewise', async () => {
    const listed: string[] = [];
    let ExclusiveStartStreamArn: string | undefined;
    do {
      raceClock.advance(200);
      const page = await streams.send(new ListStreamsCommand({ Limit: 2, ExclusiveStartStreamArn }));
      expect(page.Streams!.length).toBeLessThanOrEqual(2);
      listed.push(...page.Streams!.map(({ StreamArn }) => StreamArn!));
      ExclusiveStartStreamArn = page.LastEvaluatedStreamArn;
    } while (ExclusiveStartStreamArn !== undefined);
    const { Streams } = await streams.send(new ListStreamsCommand({}));
    expect(listed).toEqual(Streams!.map(({ StreamArn }) => StreamArn));
    const ids = (await shardsOf(streams, listed[0], 1)).map(({ ShardId }) => ShardId);
    expect(ids).toEqual((await shardsOf(streams, listed[0])).map(({ ShardId }) => ShardId));
    expect(ids).toHaveLength(4);
    expect(ids).toEqual([...ids].sort());
  });

  const seed = randomInt(2 ** 32);
  it(`rolls its shards, children after parents, each item in order across them (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const arn = await createTable(dynamodb, 'rolling', 'NEW_AND_OLD_IMAGES');
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (let generation = 0; generation < 3; generation++) {
      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          put('rolling', keys[Math.floor(random() * keys.length)], generation * 100 + i),
        ),
      );
      raceClock.advance(4 * HOUR_MS);
    }
    const shards = await shardsOf(streams, arn);
    expect(shards).toHaveLength(16);
    const roots = shards.filter(({ ParentShardId }) => ParentShardId === undefined);
    expect(roots).toHaveLength(4);
    // Follow each root from child to child, as a reader does.
    const images = new Map<string, unknown>();
    for (const root of roots) {
      let shardId = root.ShardId!;
      for (let generation = 0; ; generation++) {
        const { records, next } = await drain(streams, await iteratorOf(streams, arn, shardId, 'TRIM_HORIZON'));
        for (const { dynamodb: change } of records) {
          const { pk } = change!.Keys!;
          expect(change!.OldImage).toEqual(images.get(pk.S!));
          images.set(pk.S!, change!.NewImage);
        }
        const ShardFilter = { Type: 'CHILD_SHARDS' as const, ShardId: shardId };
        const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: arn, ShardFilter }));
        const [child, ...more] = StreamDescription!.Shards!;
        expect(more).toEqual([]);
        // The open one alone has a next iterator, and no child.
        expect([next === undefined, child !== undefined]).toEqual([generation < 3, generation < 3]);
        if (child === undefined) break;
        const parent = shards.find(({ ShardId }) => ShardId === shardId)!;
        const bounds = [
          parent.SequenceNumberRange!.EndingSequenceNumber,
          child.SequenceNumberRange!.StartingSequenceNumber,
        ];
        expect(bounds).toEqual([...bounds].sort());
        shardId = child.ShardId!;
      }
    }
    expect([...images.keys()].sort()).toEqual(keys);
  });

  it('is there after a restart, and goes on', async () => {
    const arn = await createTable(dynamodb, 'kept', 'NEW_IMAGE');
    await put('kept', 'a', 1);
    await close();
    await open();
    await put('kept', 'a', 2);
    const records = await readAll(streams, arn);
    expect(records.map(({ dynamodb: change }) => change!.NewImage!.n.N)).toEqual(['1', '2']);
    const numbers = records.map(({ dynamodb: change }) => change!.SequenceNumber!);
    expect(numbers[0] < numbers[1]).toBe(true);
  });
});

describe('an iterator', () => {
  it('of LATEST begins where it was made, of a number there or after', async () => {
    const arn = await createTable(dynamodb, 'latest', 'NEW_IMAGE');
    await put('latest', 'a', 1);
    const shard = await shardWith(arn, 'a');
    const latest = await iteratorOf(streams, arn, shard, 'LATEST');
    await put('latest', 'a', 2);
    await put('latest', 'a', 3);
    const values = async (iterator: string) =>
      (await drain(streams, iterator)).records.map(({ dynamodb: change }) => change!.NewImage!.n.N);
    expect(await values(latest)).toEqual(['2', '3']);
    const all = await drain(streams, await iteratorOf(streams, arn, shard, 'TRIM_HORIZON'));
    const second = all.records[1].dynamodb!.SequenceNumber!;
    expect(await values(await iteratorOf(streams, arn, shard, 'AT_SEQUENCE_NUMBER', second))).toEqual(['2', '3']);
    expect(await values(await iteratorOf(streams, arn, shard, 'AFTER_SEQUENCE_NUMBER', second))).toEqual(['3']);
    // Read to the end it goes on with what comes.
    await put('latest', 'a', 4);
    expect(await values(all.next!)).toEqual(['4']);
    const start = (await shardsOf(streams, arn)).find(({ ShardId }) => ShardId === shard)!.SequenceNumberRange!;
    const at = await iteratorOf(streams, arn, shard, 'AT_SEQUENCE_NUMBER', start.StartingSequenceNumber);
    expect(await values(at)).toEqual(['1', '2', '3', '4']);
  });

  it('lives for 15 minutes of the race', async () => {
    const arn = await createTable(dynamodb, 'ageing', 'KEYS_ONLY');
    const iterator = await iteratorOf(streams, arn, await firstShard(arn), 'LATEST');
    const read = () => refusal(streams.send(new GetRecordsCommand({ ShardIterator: iterator })));
    raceClock.advance(15 * 60_000);
    expect(await read()).toBe('ok');
    raceClock.advance(1);
    expect(await read()).toBe('ExpiredIteratorException');
  });

  it('is refused where nothing is', async () => {
    const arn = await createTable(dynamodb, 'refusing', 'KEYS_ONLY');
    const shard = await firstShard(arn);
    const other = (await shardsOf(streams, arn))[1].SequenceNumberRange!.StartingSequenceNumber!;
    const asked = (...rest: [string, string, 'LATEST' | 'AT_SEQUENCE_NUMBER', string?]) =>
      refusal(iteratorOf(streams, ...rest));
    expect(await asked(arn, shard, 'AT_SEQUENCE_NUMBER')).toBe('ValidationException');
    expect(await asked(arn, shard, 'LATEST', other)).toBe('ValidationException');
    expect(await asked(arn, shard, 'AT_SEQUENCE_NUMBER', '1'.padEnd(21, '9'))).toBe('ValidationException');
    expect(await asked('x'.repeat(60), shard, 'LATEST')).toBe('ValidationException');
    expect(await asked(`${arn}x`, shard, 'LATEST')).toBe('ResourceNotFoundException');
    expect(await asked(arn, shard.replace('0000', '1111'), 'LATEST')).toBe('ResourceNotFoundException');
    const forged = `${await iteratorOf(streams, arn, shard, 'LATEST')}A`;
    expect(await refusal(streams.send(new GetRecordsCommand({ ShardIterator: forged })))).toBe('ValidationException');
    const ShardIterator = await iteratorOf(streams, arn, shard, 'LATEST');
    expect(await refusal(streams.send(new GetRecordsCommand({ ShardIterator, Limit: 1_001 })))).toBe(
      'LimitExceededException',
    );
  });

  it('returns at most 1 MB and what is asked for', async () => {
    const arn = await createTable(dynamodb, 'large', 'NEW_IMAGE');
    const text = { S: 'x'.repeat(300_000) };
    for (let n = 0; n < 5; n++) {
      const Item = { pk: { S: 'a' }, n: { N: String(n) }, text };
      await dynamodb.send(new PutItemCommand({ TableName: 'large', Item }));
    }
    const shard = await shardWith(arn, 'a');
    const ShardIterator = await iteratorOf(streams, arn, shard, 'TRIM_HORIZON');
    expect((await streams.send(new GetRecordsCommand({ ShardIterator }))).Records).toHaveLength(3);
    expect((await streams.send(new GetRecordsCommand({ ShardIterator, Limit: 2 }))).Records).toHaveLength(2);
    const { records, calls } = await drain(streams, ShardIterator);
    expect(records.map(({ dynamodb: change }) => change!.NewImage!.n.N)).toEqual(['0', '1', '2', '3', '4']);
    expect(calls).toBe(3);
  });
});

describe('after 24 hours', () => {
  it('records are gone, readers behind them are told, shards and disabled streams follow', async () => {
    const arn = await createTable(dynamodb, 'trimmed', 'NEW_IMAGE');
    await put('trimmed', 'a', 1);
    const parent = await shardWith(arn, 'a');
    const [old] = (await drain(streams, await iteratorOf(streams, arn, parent, 'TRIM_HORIZON'))).records;
    raceClock.advance(2 * HOUR_MS);
    await put('trimmed', 'a', 2);
    raceClock.advance(21.9 * HOUR_MS);
    const before = await iteratorOf(streams, arn, parent, 'TRIM_HORIZON');
    expect((await drain(streams, before)).records).toHaveLength(2);
    raceClock.advance(0.11 * HOUR_MS);
    // The oldest is gone, the one that came two hours later is not.
    const left = async () => {
      const { records } = await drain(streams, await iteratorOf(streams, arn, parent, 'TRIM_HORIZON'));
      return records.map(({ dynamodb: change }) => change!.NewImage!.n.N);
    };
    await expect.poll(left, { timeout: 10_000 }).toEqual(['2']);
    expect(await refusal(streams.send(new GetRecordsCommand({ ShardIterator: before })))).toBe(
      'TrimmedDataAccessException',
    );
    const number = old.dynamodb!.SequenceNumber!;
    expect(await refusal(iteratorOf(streams, arn, parent, 'AT_SEQUENCE_NUMBER', number))).toBe(
      'TrimmedDataAccessException',
    );
    await updateStream('trimmed', false);
    raceClock.advance(25 * HOUR_MS);
    const described = () => refusal(streams.send(new DescribeStreamCommand({ StreamArn: arn })));
    await expect.poll(described, { timeout: 10_000 }).toBe('ResourceNotFoundException');
    await active(dynamodb, 'trimmed');
  });
});

describe('calls of the API', () => {
  it('are served so many times a second, on the race clock', async () => {
    raceClock.advance(1_000);
    const calls = Array.from({ length: 6 }, () => refusal(streams.send(new ListStreamsCommand({}))));
    expect((await Promise.all(calls)).sort()).toEqual(['LimitExceededException', ...Array<string>(5).fill('ok')]);
    raceClock.advance(200);
    expect(await refusal(streams.send(new ListStreamsCommand({})))).toBe('ok');
  });
});
