/** The tools for streams, as a user runs them, on one running system. */
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateStreamCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StreamView } from '#cli/streams/describe.js';
import { type Clients, closeClients, createClients } from '#cloud/clients.js';
import { leaseTable } from '#cloud/resources.js';
import { hashKeyOf } from '#cloud/streams/hash-range.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { TableLeaseStore } from '#cloud/streams/leases/table-store.js';
import { active } from '../cloud/local/dynamodb/table-streams.js';
import { Desk } from './command.js';

const desk = new Desk();
const STREAM = 'orders';
const { name: LEASES } = leaseTable('board');
let clients: Pick<Clients, 'kinesis' | 'dynamodb'>;

beforeAll(async () => {
  const { ready } = await desk.local(0);
  const { env, endpoints } = ready;
  clients = await createClients(
    {
      region: env.AWS_REGION,
      credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
      endpoints,
    },
    ['kinesis', 'dynamodb'],
  );
  await clients.kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: 2 }));
  const table = { AttributeName: 'leaseKey', AttributeType: 'S', KeyType: 'HASH' } as const;
  await clients.dynamodb.send(
    new CreateTableCommand({
      TableName: LEASES,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: table.AttributeName, AttributeType: table.AttributeType }],
      KeySchema: [{ AttributeName: table.AttributeName, KeyType: table.KeyType }],
    }),
  );
  await active(clients.dynamodb, LEASES);
  const numbered = Array.from({ length: 40 }, (_, i) => ({
    PartitionKey: i % 4 === 0 ? `zone-${i}` : 'car-24',
    Data: Buffer.from(JSON.stringify({ i })),
  }));
  const users = [1, 2, 3].map((n) => ({ partitionKey: 'car-5', data: Buffer.from([0xff, n]) }));
  const { data, partitionKey, explicitHashKey } = aggregate(users);
  const packed = { PartitionKey: partitionKey, ExplicitHashKey: explicitHashKey, Data: data };
  await clients.kinesis.send(new PutRecordsCommand({ StreamName: STREAM, Records: [...numbered, packed] }));
});
afterAll(() => {
  closeClients(clients);
  desk.close();
});

/** Shard of a key among two equal ones. */
const shardOf = (key: string) => (hashKeyOf(key) < '8' ? 'shardId-000000000000' : 'shardId-000000000001');
const run = (...words: string[]) => desk.run(['streams', ...words]);
const described = async (...words: string[]): Promise<StreamView> =>
  (await desk.json<{ streams: StreamView[] }>('streams', 'describe', STREAM, ...words)).streams[0];
const linesOf = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

it('describe shows shards, ranges and hot keys; owners, checkpoints and lag by a table of leases', async () => {
  const store = new TableLeaseStore({ dynamodb: clients.dynamodb, tableName: LEASES });
  const checkpoint = { position: 'TRIM_HORIZON', subSequenceNumber: 0 };
  await store.create({ leaseKey: shardOf('car-24'), checkpoint, parentShardIds: [] });
  await store.take((await store.list())[0], 'worker-1');

  const [{ shards, ...stream }, all, refused] = await Promise.all([
    described('--leases', LEASES),
    run('describe'),
    run('describe', '--leases', LEASES),
  ]);
  expect(stream).toEqual({ stream: STREAM, status: 'ACTIVE', mode: 'PROVISIONED', retentionHours: 24, consumers: 0 });
  expect(shards.map(({ shardId, state, share, parents }) => [shardId, state, share, parents])).toEqual([
    ['shardId-000000000000', 'open', 0.5, []],
    ['shardId-000000000001', 'open', 0.5, []],
  ]);
  const hot = shards.find(({ shardId }) => shardId === shardOf('car-24'))!;
  expect(hot.hotKeys[0].key).toBe('car-24');
  expect(hot.lease).toMatchObject({ owner: 'worker-1', nextOwner: null, checkpoint: 'TRIM_HORIZON', fence: 1 });
  expect(hot.lease!.lagMs).toBeGreaterThan(0);
  expect(shards.find((shard) => shard !== hot)!.lease).toBeNull();

  expect(all.code).toBe(0);
  expect(all.out).toMatch(/^orders {2}ACTIVE, provisioned, 24 h, 2 open of 2 shards$/m);
  expect(all.out).toMatch(/^pitwall-race {2}/m);
  expect(all.err).toContain(LEASES);
  expect(refused.code).toBe(2);
});

it('consume prints records as JSON lines, aggregates opened; of one shard; until nothing comes', async () => {
  const place = ['consume', STREAM, '--from', 'horizon'];
  const [all, one, quiet, nonsense, nothing] = await Promise.all([
    run(...place, '--count', '43'),
    run(...place, '--count', '3', '--shard', shardOf('car-24')),
    run('consume', STREAM, '--timeout', '1'),
    run('consume', STREAM, '--from', 'noon'),
    run('consume', 'nothing'),
  ]);
  expect(all.code).toBe(0);
  const records = linesOf(all.out);
  const hot = records.filter(({ partitionKey }) => partitionKey === 'car-24').map(({ json }) => json.i);
  expect(hot).toEqual(Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 4 !== 0));
  const packed = records.filter(({ partitionKey }) => partitionKey === 'car-5');
  expect(packed.map(({ subSequenceNumber, data }) => [subSequenceNumber, data])).toEqual([
    [0, '/wE='],
    [1, '/wI='],
    [2, '/wM='],
  ]);
  expect(new Set(linesOf(one.out).map(({ shardId }) => shardId))).toEqual(new Set([shardOf('car-24')]));
  expect([one.code, quiet.code, nonsense.code, nothing.code]).toEqual([0, 5, 2, 4]);
});

it('scale shows first, asks nobody who is not there, then acts; describe has the lineage; watching goes on until ^C', async () => {
  const plan = await run('scale', STREAM, '--plan', '--min', '3');
  expect(plan.code).toBe(0);
  expect(plan.out).toMatch(/^split shardId-00000000000[01] at \d+: there are fewer shards than the minimum$/m);
  expect(await described()).toMatchObject({ shards: { length: 2 } });
  const [alone, both] = await Promise.all([
    run('scale', STREAM, '--apply', '--min', '3'),
    run('scale', STREAM, '--plan', '--watch'),
  ]);
  expect([alone.code, both.code]).toEqual([2, 2]);
  expect(alone.err).toContain('nobody is here to agree');

  const applied = await run('scale', STREAM, '--apply', '--min', '3', '--yes');
  expect(applied.code).toBe(0);
  expect(applied.err).toContain('✓ split');
  const watching = desk.start(['streams', 'scale', STREAM, '--watch', '--min', '4', '--yes', '--json']);
  await new Promise<void>((resolve) => watching.child.stdout!.once('data', () => resolve()));
  watching.child.kill('SIGINT');
  const { code, out } = await watching.ended;
  expect(code).toBe(130);
  expect(linesOf(out)[0]).toMatchObject({ kind: 'split', why: 'minimum' });

  const { shards } = await described();
  expect(shards.map(({ state }) => state).sort()).toEqual(['closed', 'closed', 'open', 'open', 'open', 'open']);
  for (const { state, parents } of shards) expect(parents).toHaveLength(state === 'open' ? 1 : 0);
  const read = await run('consume', STREAM, '--from', 'horizon', '--count', '43');
  expect(linesOf(read.out)).toHaveLength(43);
}, 120_000);
