/** The shared vectors: what the KPL writes, and what the KCL makes of it (see the file's own `howMade`). */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseHashKey } from '#cloud/streams/hash-range.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { countOutOfRange, deaggregate } from '#cloud/streams/kpl/deaggregate.js';

interface VectorUser {
  partitionKey: string;
  explicitHashKey: string | null;
  data: string;
  subSequenceNumber: number;
}

interface Vector {
  name: string;
  base64: string;
  users: VectorUser[];
}

interface Vectors {
  positive: (Vector & { outer: { partitionKey: string; explicitHashKey: string } })[];
  lenient: Vector[];
  passThroughRaw: Vector[];
  corrupt: Vector[];
  shardRange: (Vector & { shardStartingHashKey: string; shardEndingHashKey: string })[];
}

const OURS = new URL('../../../fixtures/kpl.json', import.meta.url);
const SHARED = resolve(
  process.env.PITWALL_SHARED ?? resolve(import.meta.dirname, '../../../../../shared'),
  'vectors/kpl.json',
);
const vectors = JSON.parse(readFileSync(OURS, 'utf8')) as Vectors;

const outer = (base64: string) => ({ partitionKey: 'outer', data: Buffer.from(base64, 'base64') });
const usersOf = ({ users }: Vector) =>
  users.map(({ partitionKey, explicitHashKey, data }) => ({
    partitionKey,
    explicitHashKey: explicitHashKey ?? undefined,
    data: Buffer.from(data, 'base64'),
  }));

function opened(base64: string) {
  const { kind, users } = deaggregate(outer(base64));
  const described = users.map(({ partitionKey, explicitHashKey, data }, subSequenceNumber) => ({
    partitionKey,
    explicitHashKey: explicitHashKey ?? null,
    data: Buffer.from(data).toString('base64'),
    subSequenceNumber,
  }));
  return { kind, users: described };
}

describe('aggregates', () => {
  it('has all vectors', () => {
    const { positive, lenient, passThroughRaw, corrupt, shardRange } = vectors;
    expect([positive, lenient, passThroughRaw, corrupt, shardRange].map(({ length }) => length)).toEqual([
      9, 7, 7, 1, 2,
    ]);
  });

  it.skipIf(!existsSync(SHARED))('has the same file as the shared one (skipped where that is absent)', () => {
    expect(readFileSync(OURS).equals(readFileSync(SHARED))).toBe(true);
  });

  it.each(vectors.positive)('writes $name byte for byte', (vector) => {
    const { data, ...keys } = aggregate(usersOf(vector));
    expect(Buffer.from(data).toString('base64')).toBe(vector.base64);
    expect(keys).toEqual(vector.outer);
  });

  it.each([...vectors.positive, ...vectors.lenient])('reads $name', ({ base64, users }) => {
    const wanted = users.map(({ partitionKey, explicitHashKey, data, subSequenceNumber }) => ({
      partitionKey,
      explicitHashKey,
      data,
      subSequenceNumber,
    }));
    expect(opened(base64)).toEqual({ kind: 'aggregated', users: wanted });
  });

  it.each(vectors.passThroughRaw)('hands on $name unchanged', ({ base64 }) => {
    const record = outer(base64);
    const { kind, users } = deaggregate(record);
    expect(kind).toBe('raw');
    expect(users[0]).toBe(record);
  });

  it.each(vectors.corrupt)('calls $name corrupt and keeps none of it', ({ base64 }) => {
    expect(deaggregate(outer(base64))).toEqual({ kind: 'corrupt', users: [], reason: 'partitionKeyIndex' });
  });

  it.each(vectors.shardRange)('counts what lies outside the shard: $name', (vector) => {
    const range = {
      starting: parseHashKey(vector.shardStartingHashKey)!,
      ending: parseHashKey(vector.shardEndingHashKey)!,
    };
    const { kind, users } = deaggregate(outer(vector.base64));
    expect([kind, users.length]).toEqual(['aggregated', vector.users.length]);
    expect(countOutOfRange(users, range)).toBe(1);
  });
});
