import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { splitEvenly } from '#cloud/streams/hash-range.js';
import { Aggregator, aggregate } from '#cloud/streams/kpl/aggregate.js';
import { countOutOfRange, deaggregate } from '#cloud/streams/kpl/deaggregate.js';
import { DIGEST_BYTES, MAGIC_BYTES, type UserRecord } from '#cloud/streams/kpl/format.js';
import { type Random, seededRandom } from '#wire/random.js';
import { peerDeaggregate, RecordAggregator } from '../../../helpers/kinesis-agg.js';

const SEEDS = [1, 24, 2026];
const ROUNDS = 25;

const whole = (random: Random, below: number) => Math.floor(random() * below);

function randomUsers(random: Random): UserRecord[] {
  const keys = Array.from({ length: 1 + whole(random, 300) }, (_, i) => `${i % 3 === 0 ? '車' : 'car-'}${i}`);
  return Array.from({ length: 2 + whole(random, 400) }, () => ({
    partitionKey: keys[whole(random, keys.length)],
    explicitHashKey: random() < 0.3 ? String(BigInt(whole(random, 2 ** 31)) ** 4n) : undefined,
    data: Buffer.alloc(whole(random, random() < 0.05 ? 20_000 : 60)).map(() => whole(random, 256)),
  }));
}

/** As it would be read: keys and bytes, whatever class holds them. */
const plain = (users: readonly UserRecord[]) =>
  users.map(({ partitionKey, explicitHashKey, data }) => [
    partitionKey,
    explicitHashKey,
    Buffer.from(data).toString('hex'),
  ]);

/** An aggregate around any body, with the digest that belongs to it. */
function sealed(aggregated: Uint8Array, body: Uint8Array): Buffer {
  return Buffer.concat([aggregated.subarray(0, MAGIC_BYTES), body, createHash('md5').update(body).digest()]);
}

describe.each(SEEDS)('with seed %i', (seed) => {
  it('what was aggregated comes back, in order', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const users = randomUsers(random);
      const opened = deaggregate(aggregate(users));
      expect(opened.kind).toBe('aggregated');
      expect(plain(opened.users)).toEqual(plain(users));
    }
  });

  it('an aggregator knows its size before it is written, and keeps to its bound', () => {
    const random = seededRandom(seed);
    const users = Array.from({ length: 10 }, () => randomUsers(random)).flat();
    const aggregator = new Aggregator(4_000 + whole(random, 60_000));
    const bound = 64_000;
    const back: UserRecord[] = [];
    const take = () => {
      const { count, bytes } = aggregator;
      const record = aggregator.finish()!;
      if (count > 1) expect(record.data.length).toBe(bytes);
      expect(record.data.length).toBeLessThanOrEqual(bound);
      back.push(...deaggregate(record).users);
      expect([aggregator.count, aggregator.finish()]).toEqual([0, undefined]);
    };
    for (const user of users) {
      if (aggregator.add(user)) continue;
      take();
      expect(aggregator.add(user)).toBe(true);
    }
    take();
    expect(plain(back)).toEqual(plain(users));
  });

  it('is what aws-kinesis-agg writes and reads, where that is right: no keys like integers, no hash keys, no empty data', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 5; round++) {
      const users = randomUsers(random)
        .filter(({ data }) => data.length > 0)
        .map(({ partitionKey, data }) => ({ partitionKey, data: Buffer.from(data) }));
      const theirs = new RecordAggregator();
      for (const user of users) theirs.addUserRecord(user);
      const ours = aggregate(users);
      expect(Buffer.from(ours.data).equals(theirs.build().data)).toBe(true);
      const read = peerDeaggregate(Buffer.from(ours.data).toString('base64')).map(({ partitionKey, data }) => ({
        partitionKey,
        data: Buffer.from(data, 'base64'),
      }));
      expect(plain(read)).toEqual(plain(users));
    }
  });

  it('damaged on the way it is raw, whole and unchanged', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const { data } = aggregate(randomUsers(random));
      const damaged = Buffer.from(data);
      damaged[whole(random, damaged.length)] ^= 1 << whole(random, 8);
      const cut = data.subarray(0, whole(random, data.length));
      for (const bytes of [damaged, cut]) {
        const record = { partitionKey: 'k', data: bytes };
        expect(deaggregate(record)).toEqual({ kind: 'raw', users: [record] });
      }
    }
  });

  it('damaged by its producer, digest and all, it is one of the three and never throws', () => {
    const random = seededRandom(seed);
    const kinds = { aggregated: 0, raw: 0, corrupt: 0 };
    const sources = Array.from({ length: 20 }, () => aggregate(randomUsers(random).slice(0, 6)).data);
    for (let round = 0; round < ROUNDS * 60; round++) {
      const data = sources[round % sources.length];
      let body = Buffer.from(data.subarray(MAGIC_BYTES, -DIGEST_BYTES));
      const flips = 1 + whole(random, 4);
      for (let i = 0; i < flips; i++) body[whole(random, Math.min(64, body.length))] ^= 1 << whole(random, 8);
      if (random() < 0.2) body = body.subarray(0, 1 + whole(random, body.length - 1));
      const opened = deaggregate({ partitionKey: 'k', data: sealed(data, body) });
      kinds[opened.kind]++;
      const bytes = opened.users.reduce((sum, user) => sum + user.data.length, 0);
      if (opened.kind === 'aggregated') expect(bytes).toBeLessThan(body.length);
    }
    // The fuzz reaches every outcome, or it would prove nothing.
    expect(Math.min(...Object.values(kinds))).toBeGreaterThan(10);
  });

  it('of the user records of all keys, each shard of a split holds its own and no other', () => {
    const users = randomUsers(seededRandom(seed));
    const ranges = splitEvenly(5);
    const inside = ranges.map((range) => users.length - countOutOfRange(users, range));
    expect(inside.reduce((sum, count) => sum + count, 0)).toBe(users.length);
  });
});

describe('messages that only a stranger writes', () => {
  const K = [0x0a, 1, 0x6b];
  const RECORD = [0x1a, 5, 0x08, 0, 0x1a, 1, 0x78];
  const { data: any } = aggregate([1, 2].map(() => ({ partitionKey: 'k', data: Buffer.from('x') })));
  const kindOf = (...body: number[]) => deaggregate({ partitionKey: 'p', data: sealed(any, Buffer.from(body)) }).kind;
  const huge = (last: number) => [...Array.from({ length: 9 }, () => 0xff), last];

  it.each([
    ['a table alone', 'aggregated', [...K]],
    ['a group to be skipped', 'aggregated', [0x2b, 0x08, 1, 0x2c, ...K, ...RECORD]],
    ['fixed numbers to be skipped', 'aggregated', [0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x2d, 1, 2, 3, 4, ...K, ...RECORD]],
    ['a known field of another wire type', 'aggregated', [0x08, 7, ...K, ...RECORD]],
    ['a group that another ends', 'raw', [0x2b, 0x34, ...K, ...RECORD]],
    ['a group without an end', 'raw', [...K, ...RECORD, 0x2b]],
    ['an end without a group', 'raw', [...K, ...RECORD, 0x2c]],
    ['field number 0', 'raw', [0x02, 1, 1, ...K]],
    ['wire type 7', 'raw', [0x2f, ...K]],
    ['a varint of eleven bytes', 'raw', [0x28, ...Array.from({ length: 11 }, () => 0x80), 0]],
    ['a length past the end', 'raw', [0x0a, 9, 0x6b]],
    ['a length below zero', 'raw', [0x0a, ...huge(1), 0x6b]],
    ['a record without data', 'raw', [...K, 0x1a, 2, 0x08, 0]],
    ['a record without an index', 'raw', [...K, 0x1a, 3, 0x1a, 1, 0x78]],
    ['a tag without a key', 'raw', [...K, 0x1a, 9, 0x08, 0, 0x1a, 1, 0x78, 0x22, 2, 0x12, 0]],
    ['an index of 2^64-1', 'corrupt', [...K, 0x1a, 14, 0x08, ...huge(1), 0x1a, 1, 0x78]],
    ['an explicit hash key that is not there', 'corrupt', [...K, 0x1a, 7, 0x08, 0, 0x10, 0, 0x1a, 1, 0x78]],
    [
      'an explicit hash key that is no number',
      'corrupt',
      [...K, 0x12, 1, 0x7a, 0x1a, 7, 0x08, 0, 0x10, 0, 0x1a, 1, 0x78],
    ],
  ])('%s: %s', (_title, kind, body) => {
    expect(kindOf(...body)).toBe(kind);
  });

  it('a hundred groups within groups are skipped, one more is refused', () => {
    const nested = (depth: number) => [
      ...Array.from({ length: depth }, () => 0x2b),
      ...Array.from({ length: depth }, () => 0x2c),
    ];
    expect(kindOf(...nested(100), ...K)).toBe('aggregated');
    expect(kindOf(...nested(101), ...K)).toBe('raw');
  });
});

describe('user records that Kinesis would not take', () => {
  const data = Buffer.from('x');

  it.each([
    ['an empty partition key', { partitionKey: '', data }],
    ['a partition key of 257 characters', { partitionKey: 'k'.repeat(257), data }],
    ['an explicit hash key of 2^128', { partitionKey: 'k', explicitHashKey: String(2n ** 128n), data }],
    ['an explicit hash key that is no number', { partitionKey: 'new', explicitHashKey: 'left', data }],
  ])('are refused, and nothing of them stays: %s', (_title, user) => {
    const aggregator = new Aggregator();
    const good = { partitionKey: 'k', data };
    aggregator.add(good);
    expect(() => aggregator.add(user)).toThrow(expect.objectContaining({ code: 'PW-KPL-RECORD' }));
    aggregator.add(good);
    expect(aggregator.finish()!.data).toEqual(aggregate([good, good]).data);
  });

  it('are none when there are none', () => {
    expect(() => aggregate([])).toThrow(expect.objectContaining({ code: 'PW-KPL-RECORD' }));
  });
});
