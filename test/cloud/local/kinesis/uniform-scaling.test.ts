import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitEvenly } from '#cloud/local/kinesis/hash-range.js';
import { KINESIS_LIMITS } from '#cloud/local/kinesis/limits.js';
import { Shard } from '#cloud/local/kinesis/shard.js';
import { ShardRates } from '#cloud/local/kinesis/shard-rates.js';
import { Stream } from '#cloud/local/kinesis/stream.js';
import { planUniform } from '#cloud/local/kinesis/uniform-scaling.js';
import { MemoryStore } from './memory-store.js';

const store = new MemoryStore();

function streamOf(count: number): Stream {
  const shards = splitEvenly(count).map((range, index) => Shard.fresh(index, 0, range));
  const record = { id: 1, name: 's', createdAtMs: 0, mode: 'PROVISIONED' as const, retentionHours: 24, shards };
  return new Stream(
    { ...record, consumers: [], scaledAtMs: [], modeChangedAtMs: [] },
    (id, shard) => new Shard(store, id, shard, new ShardRates(KINESIS_LIMITS, 0)),
  );
}

describe('uniform scaling', () => {
  it('doubles by one split a shard and halves by one merge a pair', () => {
    expect(planUniform(splitEvenly(2), 4)).toEqual([
      { splitAt: splitEvenly(4)[1].starting },
      { splitAt: splitEvenly(4)[3].starting },
    ]);
    expect(planUniform(splitEvenly(4), 2).every((step) => 'mergeAt' in step)).toBe(true);
    expect(planUniform(splitEvenly(3), 3)).toEqual([]);
  });

  const seed = 5;
  it(`ends in equal ranges that own every hash key once, children younger than their parents (seed ${seed})`, () => {
    const counts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(counts, ([first, ...others]) => {
        const stream = streamOf(first);
        for (const count of others) {
          const { closed, opened } = stream.scaleTo(count, 1_000);
          expect(stream.openShards.map(({ record }) => record.range)).toEqual(splitEvenly(count));
          expect(stream.coversAll()).toBe(true);
          expect(closed.every((shard) => !shard.isOpen)).toBe(true);
          for (const { record } of opened) {
            for (const parent of [record.parent, record.adjacentParent]) {
              if (parent !== undefined)
                expect(stream.shards[parent].record.createdAtMs).toBeLessThan(record.createdAtMs);
            }
          }
        }
      }),
      { seed, numRuns: 50 },
    );
  });
});
