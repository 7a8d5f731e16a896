import { describe, expect, it } from 'vitest';
import type { Batch, Outcome, SourceRecord } from '#cloud/local/lambda/sources/batch.js';
import { DEFAULT_SETTINGS } from '#cloud/local/lambda/sources/settings.js';
import { ShardLanes, type ShardProgress } from '#cloud/local/lambda/sources/shard-lanes.js';
import { type Random, seededRandom } from '#wire/random.js';
import { BACK_OFF_MS, numbersOf, sourceRecord } from './machine.js';

const RECORDS = 300;
const KEYS = 12;
const SEEDS = Array.from({ length: 40 }, (_, index) => 1_000 + index);

describe.each(SEEDS)('seed %i: a function that fails at random', (seed) => {
  const random = seededRandom(seed);
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const settings = {
    ...DEFAULT_SETTINGS,
    batchSize: whole(1, 40),
    batchWindowMs: whole(0, 1) * 2_000,
    parallelizationFactor: whole(1, 10),
    bisectOnError: random() < 0.5,
    retryAttemptsMax: random() < 0.5 ? -1 : whole(0, 3),
    reportsItemFailures: random() < 0.5,
    tumblingWindowMs: 0,
  };
  if (random() < 0.25) Object.assign(settings, { parallelizationFactor: 1, tumblingWindowMs: 5_000 });
  const all = Array.from({ length: RECORDS }, (_, n) =>
    sourceRecord(n, { key: `key-${whole(1, KEYS)}`, arrivalMs: n * 100 }),
  );
  const isSkipped = all.map(() => random() < 0.1);

  it('sees every record in the order of its key, also when its process is killed again and again', () => {
    const { handled, discarded } = play({ random, settings, all, isSkipped });
    for (const [n, record] of all.entries()) {
      const place = `record ${n} of ${record.orderKey}`;
      if (isSkipped[n]) expect(handled.has(n), place).toBe(false);
      else expect(handled.has(n) || discarded.has(n), place).toBe(true);
    }
    if (settings.retryAttemptsMax === -1) expect(discarded.size).toBe(0);
  });
});

interface World {
  random: Random;
  settings: typeof DEFAULT_SETTINGS;
  all: readonly SourceRecord[];
  isSkipped: readonly boolean[];
}

/** Runs the shard to its end, the process dying now and then; checks on the way what may never happen. */
function play({ random, settings, all, isSkipped }: World) {
  const handled = new Set<number>();
  const discarded = new Set<number>();
  let stored: ShardProgress = {};
  let nowMs = 0;
  for (let life = 0; ; life++) {
    const lanes = new ShardLanes(settings, () => BACK_OFF_MS, stored);
    const lastOfKey = new Map<string, number>();
    let next = stored.position === undefined ? 0 : Number(stored.position) + 1;
    const underWay: { lane: number; batch: Batch; discard: boolean }[] = [];
    const diesAt = life < 5 ? 20 + random() * 200 : Number.POSITIVE_INFINITY;
    for (let step = 0; step < diesAt; step++) {
      if (next < all.length && random() < 0.5) {
        const count = Math.min(1 + Math.floor(random() * 30), all.length - next);
        const read = all.slice(next, next + count);
        lanes.accept(
          read.map((record, i) =>
            isSkipped[next + i] ? { sequenceNumber: record.sequenceNumber, skipped: true as const } : record,
          ),
          nowMs,
        );
        next += count;
        if (next === all.length) lanes.end();
      }
      for (const { lane, work } of lanes.next(nowMs)) {
        if (underWay.some((each) => each.lane === lane)) throw new Error(`two batches under way in lane ${lane}`);
        underWay.push({ lane, batch: work.batch, discard: work.kind === 'discard' });
      }
      nowMs += Math.floor(random() * 400);
      if (underWay.length > 0) {
        const [{ lane, batch, discard }] = underWay.splice(Math.floor(random() * underWay.length), 1);
        const numbers = numbersOf(batch);
        let done = numbers;
        if (discard) {
          lanes.discarded(lane);
          for (const n of numbers) discarded.add(n);
        } else {
          const outcome = chance(random, batch, settings);
          if (outcome.kind !== 'ok') done = [];
          else if (outcome.failedFrom !== undefined) done = numbers.slice(0, outcome.failedFrom);
          for (const n of done) handled.add(n);
          lanes.settle(lane, outcome, nowMs);
        }
        // Within one life nothing comes back that was done with, and nothing passes what was before it.
        for (const n of done) {
          const { orderKey } = all[n];
          expect(n).toBeGreaterThan(lastOfKey.get(orderKey) ?? -1);
          lastOfKey.set(orderKey, n);
        }
      }
      stored = structuredClone(lanes.progress);
      // What is stored as done is done.
      for (let n = 0; n <= Number(stored.position ?? -1); n++) {
        if (!isSkipped[n] && !handled.has(n) && !discarded.has(n)) throw new Error(`record ${n} was passed over`);
      }
      if (lanes.isDone) return { handled, discarded };
    }
  }
}

function chance(random: Random, { records, window }: Batch, { reportsItemFailures }: typeof DEFAULT_SETTINGS): Outcome {
  const state = window && `{"n":${Math.floor(random() * 9)}}`;
  const draw = random();
  if (draw < 0.15) return { kind: 'failed' };
  if (draw < 0.25) return { kind: 'notReached' };
  if (draw < 0.5 && reportsItemFailures && records.length > 0) {
    return { kind: 'ok', failedFrom: Math.floor(random() * records.length), state };
  }
  return { kind: 'ok', state };
}
