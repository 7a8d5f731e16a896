import { describe, expect, it } from 'vitest';
import { TABLE_LIMITS } from '#cloud/local/dynamodb/capacity/limits.js';
import { Throughput } from '#cloud/local/dynamodb/capacity/throughput.js';

const HASHES = 0x1000000;
const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;

/** Units taken of a second's attempts, spread over all keys. */
function spread(throughput: Throughput, nowMs: number, attempts = 100_000, units = 10): number {
  let taken = 0;
  for (let i = 0; i < attempts / units; i++) {
    // A step that visits all partitions in turn.
    const hash = (i * 0x9e3779b1) % HASHES;
    if (throughput.exceeded(units, hash, nowMs) !== undefined) continue;
    throughput.take(units, hash, nowMs);
    taken += units;
  }
  return taken;
}

describe('throughput on demand', () => {
  it.each([
    ['Write', 4_000, 1_000],
    ['Read', 12_000, 3_000],
  ] as const)('of kind %s begins with %i a second, %i of them for one key', (kind, all, one) => {
    expect(spread(new Throughput(kind, undefined, TABLE_LIMITS, 0), 0)).toBe(all);
    const throughput = new Throughput(kind, undefined, TABLE_LIMITS, 0);
    throughput.take(one, 5, 0);
    expect(throughput.exceeded(1, 5, 0)).toBe('KeyRangeThroughputExceeded');
    expect(throughput.exceeded(1, HASHES - 1, 0)).toBeUndefined();
  });

  it('grows to twice its peak once that is half an hour old, up to the quota of the account', () => {
    const throughput = new Throughput('Write', undefined, TABLE_LIMITS, 0);
    let nowMs = 0;
    const secondsOf = (seconds: number) => {
      let last = 0;
      for (let i = 0; i < seconds; i++) {
        nowMs += 1_000;
        last = spread(throughput, nowMs);
      }
      return last;
    };
    expect(secondsOf(120)).toBe(4_000);
    nowMs += HALF_HOUR_MS;
    expect(secondsOf(2)).toBe(8_000);
    for (const reached of [16_000, 32_000, 40_000, 40_000]) {
      secondsOf(120);
      nowMs += HALF_HOUR_MS;
      expect(secondsOf(2)).toBe(reached);
    }
  });
});

describe('provisioned throughput', () => {
  it('is kept for five minutes and no longer', () => {
    const throughput = new Throughput('Write', 2, TABLE_LIMITS, 0);
    expect(spread(throughput, 0)).toBe(600);
    expect(spread(throughput, 100_000)).toBe(200);
    expect(spread(throughput, 10_000_000)).toBe(600);
  });

  it('keeps what was saved when it is raised, and loses what no longer fits when it is lowered', () => {
    const throughput = new Throughput('Write', 1, TABLE_LIMITS, 0);
    throughput.provision(10, 0);
    expect(spread(throughput, 0)).toBe(300);
    expect(spread(throughput, 10_000)).toBe(100);
    throughput.provision(1, 20_000);
    expect(spread(throughput, 20_000)).toBe(100);
  });

  it('serves what is larger than all that could ever be saved up', () => {
    const throughput = new Throughput('Write', 1, TABLE_LIMITS, 0);
    expect(throughput.exceeded(400, 0, 0)).toBeUndefined();
    throughput.take(400, 0, 0);
    expect(throughput.exceeded(1, 0, 100_000)).toBe('ProvisionedThroughputExceeded');
    expect(throughput.exceeded(1, 0, 101_000)).toBeUndefined();
  });
});
