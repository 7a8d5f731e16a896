import { afterEach, expect, test, vi } from 'vitest';
import { atTimestamp, LATEST, SHARD_END } from '#cloud/streams/shard-graph.js';
import { tableStream } from '#cloud/streams/table-stream.js';
import { wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { FakeTableStream } from '../fake-table-stream.js';
import { Group } from './group.js';

let group: Group;
afterEach(() => group.stop());

const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 5 });
const sequences = (shardId: string) =>
  group.diary.delivered.filter((one) => one.shardId === shardId).map((one) => Number(one.sequenceNumber));

test('one worker takes every shard and processes each from its horizon', async () => {
  group = new Group(['a', 'b', 'c']);
  for (const shardId of ['a', 'b', 'c']) for (let i = 0; i < 3; i++) group.kinesis.put(shardId, 'car', {});
  group.start('w1');
  await until(() => expect(group.diary.delivered).toHaveLength(9));
  expect(sequences('b')).toEqual([4, 5, 6]);
});

test('a second worker is handed its share: what was processed is not processed again', async () => {
  group = new Group(['a', 'b', 'c', 'd']);
  for (const shardId of ['a', 'b', 'c', 'd']) group.kinesis.put(shardId, 'car', {});
  group.start('w1');
  await until(() => expect(group.shardsOf('w1')).toHaveLength(4));
  group.start('w2');
  await until(() => expect(group.shardsOf('w2')).toHaveLength(2));
  expect(group.shardsOf('w1')).toHaveLength(2);
  for (const shardId of ['a', 'b', 'c', 'd']) group.kinesis.put(shardId, 'car', {});
  await until(() => expect(group.diary.delivered).toHaveLength(8));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(group.diary.delivered, 'no duplicates').toHaveLength(8);
  expect(
    group.diary.entries.filter((entry) => entry.startsWith('w1') && entry.includes('shutdownRequested')),
  ).toHaveLength(2);
  expect(group.diary.entries.filter((entry) => entry.includes('leaseLost'))).toEqual([]);
});

test('a worker that stops leaves its shards free at once', async () => {
  group = new Group(['a', 'b']);
  group.start('w1');
  await until(() => expect(group.shardsOf('w1')).toHaveLength(2));
  await group.workers.get('w1')!.stop();
  const rows = await group.store.list();
  expect(rows.map((row) => row.leaseOwner)).toEqual([undefined, undefined]);
});

test('a worker that no longer renews is replaced; it learns that it lost, and cannot commit', async () => {
  group = new Group(['a']);
  let frozen = false;
  const none = { hold() {}, drop() {}, throughput() {}, async stop() {} };
  const w1 = group.start('w1', { renewer: () => none });
  let refused: string | undefined;
  group.diary.during = async (worker, _batch, shard) => {
    if (worker !== 'w1') return;
    frozen = true;
    // As long as a pause of the whole process: it wakes up when another has the shard.
    await until(() => expect(group.shardsOf('w2')).toEqual(['a']));
    expect(shard.held()).toBe(false);
    await shard.commit().catch((error) => {
      refused = error.code;
    });
  };
  await until(() => expect(group.shardsOf('w1')).toEqual(['a']));
  group.kinesis.put('a', 'car', {});
  await until(() => expect(frozen).toBe(true));
  group.start('w2');
  await until(() => expect(group.diary.entries).toContain('w1 a leaseLost'));
  expect(refused).toBe('PW-LEASE-LOST');
  expect(w1.stats().lost).toBe(1);
  await until(() => expect(group.diary.delivered.some((one) => one.worker === 'w2')).toBe(true));
  expect(group.workers.get('w2')!.shards().get('a')).toBe(2);
});

test('children begin when both parents are processed to their ends, at their horizons', async () => {
  group = new Group(['p', 'q']);
  for (let i = 0; i < 5; i++) group.kinesis.put(i % 2 ? 'p' : 'q', 'car', {});
  group.kinesis.addShard('m', ['p', 'q']);
  for (let i = 0; i < 5; i++) group.kinesis.put('m', 'car', {});
  group.kinesis.close('p');
  group.kinesis.close('q');
  group.start('w1');
  group.start('w2');
  await until(() => expect(sequences('m')).toEqual([6, 7, 8, 9, 10]));
  const order = group.diary.entries.map((entry) => entry.split(' ').slice(1).join(' '));
  const begun = order.indexOf('m initialize TRIM_HORIZON');
  expect(order.slice(0, begun)).toEqual(expect.arrayContaining(['p shardEnded', 'q shardEnded']));
  expect(order.filter((entry) => entry.endsWith('shardEnded'))).toHaveLength(2);
});

test('children that no answer names and no listing shows yet are found later', async () => {
  group = new Group(['p']);
  group.kinesis.addShard('c', ['p'], true);
  group.kinesis.put('c', 'car', {});
  group.kinesis.close('p');
  group.start('w1');
  await until(() => expect(group.diary.entries).toContain('w1 p shardEnded'));
  group.kinesis.shards.get('c')!.hidden = false;
  await until(() => expect(sequences('c')).toEqual([1]));
});

test('the lease table away: reading goes on, nothing is emitted, and afterwards it is committed by the same owner', async () => {
  group = new Group(['a']);
  let away = false;
  const store = new Proxy(group.store, {
    get(target, name) {
      const member = Reflect.get(target, name) as (...input: unknown[]) => unknown;
      if (typeof member !== 'function') return member;
      return (...input: unknown[]) => (away ? Promise.reject(new Error('away')) : member.apply(target, input));
    },
  });
  const held: boolean[] = [];
  group.diary.commits = false;
  group.diary.during = async (_worker, _batch, shard) => {
    held.push(shard.held());
    await shard.commit().catch(() => {});
  };
  group.start('w1', { store });
  await until(() => expect(group.shardsOf('w1')).toEqual(['a']));
  group.kinesis.put('a', 'car', {});
  await until(() => expect(held).toEqual([true]));
  away = true;
  await new Promise((resolve) => setTimeout(resolve, 120));
  group.kinesis.put('a', 'car', {});
  await until(() => expect(held).toEqual([true, false]));
  away = false;
  await new Promise((resolve) => setTimeout(resolve, 50));
  group.kinesis.put('a', 'car', {});
  await until(() => expect(held).toEqual([true, false, true]));
  await group.stop();
  expect(group.diary.entries).toEqual(['w1 a initialize TRIM_HORIZON', 'w1 a shutdownRequested']);
  const [row] = await group.store.list();
  expect(row.checkpoint.position).toBe('3');
});

test('a shard that ended keeps its lease row only while it is needed', async () => {
  group = new Group(['p']);
  group.kinesis.addShard('c', ['p']);
  group.kinesis.put('c', 'car', {});
  group.kinesis.close('p');
  group.start('w1');
  await until(() => expect(sequences('c')).toEqual([1]));
  const rows = await group.store.list();
  expect(rows.find((row) => row.leaseKey === 'p')!.checkpoint.position).toBe(SHARD_END);
});

test('a table’s stream is shared like any other: shards that roll over, leases without hash ranges', async () => {
  group = new Group();
  const table = new FakeTableStream(['a0', 'b0']);
  const roll = (slot: string, generation: number) => {
    table.addShard(`${slot}${generation}`, `${slot}${generation - 1}`);
    table.close(`${slot}${generation - 1}`);
  };
  const source = tableStream({
    client: table.client,
    streamArn: 'stream',
    raceClock: wallClock,
    random: seededRandom(1),
  });
  group.start('w1', { source });
  group.start('w2', { source });
  for (let generation = 1; generation <= 3; generation++) {
    for (const slot of ['a', 'b']) {
      for (let i = 0; i < 3; i++) table.put(`${slot}${generation - 1}`, slot);
      roll(slot, generation);
    }
    await until(() => expect(group.diary.delivered.length).toBeGreaterThanOrEqual(6 * generation));
  }
  for (const slot of ['a', 'b']) {
    const numbers = group.diary.delivered
      .filter(({ shardId }) => shardId.startsWith(slot))
      .map(({ sequenceNumber }) => Number(sequenceNumber));
    expect(numbers).toHaveLength(9);
    expect(numbers).toEqual([...numbers].sort((x, y) => x - y));
  }
});

test('LATEST is kept as the time of the beginning: whoever follows a worker that never committed misses nothing', async () => {
  group = new Group(['a']);
  group.start('w1', { initial: LATEST, raceClock: { nowMs: () => 1_700_000_000_123 } });
  await until(() => expect(group.shardsOf('w1')).toEqual(['a']));
  const [row] = await group.store.list();
  expect(row.checkpoint.position).toBe(atTimestamp(1_700_000_000_123));
});

test('a processor that fails to shut down holds nobody up', async () => {
  group = new Group(['a', 'b']);
  group.diary.commits = false;
  group.start('w1', {
    processor: (shardId) => ({
      ...group.diary.processor('w1', shardId),
      shutdownRequested: () => Promise.reject(new Error('no')),
    }),
  });
  await until(() => expect(group.shardsOf('w1')).toHaveLength(2));
  group.start('w2');
  await until(() => expect(group.shardsOf('w2')).toHaveLength(1));
  const stats = group.workers.get('w2')!.stats();
  expect(stats).toMatchObject({ asked: 1, taken: 1, takenOver: 0 });
});
