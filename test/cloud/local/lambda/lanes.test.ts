import { describe, expect, it } from 'vitest';
import type { Batch, Outcome } from '#cloud/local/lambda/sources/batch.js';
import { BACK_OFF_MS, lanesOf, numbersOf, only, run, sourceRecord } from './machine.js';

const OK: Outcome = { kind: 'ok' };
const FAILED: Outcome = { kind: 'failed' };
const MB = 1024 * 1024;

const records = (count: number, options = {}) => Array.from({ length: count }, (_, n) => sourceRecord(n, options));

describe('batches', () => {
  it('hold at most so many records, and one is under way at a time', () => {
    const lanes = lanesOf({ batchSize: 4 });
    lanes.accept(records(10), 0);
    expect(numbersOf(only(lanes, 0).batch)).toEqual([0, 1, 2, 3]);
    expect(lanes.next(0)).toEqual([]);
    lanes.settle(0, OK, 0);
    expect(numbersOf(only(lanes, 0).batch)).toEqual([4, 5, 6, 7]);
    lanes.settle(0, OK, 0);
    expect(numbersOf(only(lanes, 0).batch)).toEqual([8, 9]);
    expect(lanes.progress).toEqual({ position: '7' });
  });

  it('hold at most 6 MB', () => {
    const lanes = lanesOf({ batchSize: 100 });
    lanes.accept(records(5, { bytes: 2 * MB }), 0);
    expect(numbersOf(only(lanes, 0).batch)).toEqual([0, 1]);
  });

  it('wait for the window, counted from their first record, and go when they are full', () => {
    const lanes = lanesOf({ batchSize: 3, batchWindowMs: 5_000 });
    lanes.accept(records(1), 1_000);
    lanes.accept([sourceRecord(1)], 4_000);
    expect(lanes.next(5_999)).toEqual([]);
    expect(lanes.wakeAtMs()).toBe(6_000);
    expect(numbersOf(only(lanes, 6_000).batch)).toEqual([0, 1]);
    lanes.settle(0, OK, 6_000);
    lanes.accept([sourceRecord(2), sourceRecord(3), sourceRecord(4)], 6_100);
    expect(numbersOf(only(lanes, 6_100).batch)).toEqual([2, 3, 4]);
  });

  it('do not wait for the window when the shard has ended', () => {
    const lanes = lanesOf({ batchWindowMs: 300_000 });
    lanes.accept(records(2), 0);
    expect(lanes.next(0)).toEqual([]);
    lanes.end();
    expect(numbersOf(only(lanes, 0).batch)).toEqual([0, 1]);
    expect(lanes.isDone).toBe(false);
    lanes.settle(0, OK, 0);
    expect(lanes.isDone).toBe(true);
  });

  it('leave out what no filter matches, and the position passes over it', () => {
    const lanes = lanesOf();
    lanes.accept([{ sequenceNumber: '1', skipped: true }, sourceRecord(2), { sequenceNumber: '3', skipped: true }], 0);
    expect(lanes.progress).toEqual({ position: '1' });
    expect(numbersOf(only(lanes, 0).batch)).toEqual([2]);
    lanes.settle(0, OK, 0);
    expect(lanes.progress).toEqual({ position: '3' });
  });

  it('a record that no request can hold is given up', () => {
    const lanes = lanesOf();
    lanes.accept([sourceRecord(0, { bytes: 7 * MB }), sourceRecord(1)], 0);
    expect(only(lanes, 0)).toMatchObject({ kind: 'discard', reason: 'PayloadSizeExceeded' });
    lanes.discarded(0);
    expect(numbersOf(only(lanes, 0).batch)).toEqual([1]);
  });
});

describe('lanes', () => {
  it('run beside each other, a key always in the same one, and the position waits for the slowest', () => {
    const lanes = lanesOf({ parallelizationFactor: 10, batchSize: 100 });
    lanes.accept(
      Array.from({ length: 200 }, (_, n) => sourceRecord(n, { key: `car-${n % 40}` })),
      0,
    );
    const works = lanes.next(0);
    expect(works).toHaveLength(10);
    const laneOfKey = new Map<string, number>();
    for (const { lane, work } of works) {
      for (const { orderKey } of work.batch.records) {
        expect(laneOfKey.get(orderKey) ?? lane).toBe(lane);
        laneOfKey.set(orderKey, lane);
      }
    }
    const slow = works.find(({ work }) => numbersOf(work.batch).includes(0))!.lane;
    for (const { lane } of works) if (lane !== slow) lanes.settle(lane, OK, 0);
    expect(lanes.progress).toEqual({});
    lanes.settle(slow, OK, 0);
    expect(lanes.progress).toEqual({ position: '199' });
  });

  it('have room for a bounded number of records', () => {
    const lanes = lanesOf({ batchSize: 10 });
    expect(lanes.hasRoom).toBe(true);
    lanes.accept(records(10_011), 0);
    expect(lanes.hasRoom).toBe(false);
    only(lanes, 0);
    lanes.settle(0, OK, 0);
    expect(lanes.hasRoom).toBe(true);
  });
});

describe('a function that fails', () => {
  it('is given the same batch again, later each time, as often as the attempts say; then the batch is given up', () => {
    const lanes = lanesOf({ retryAttemptsMax: 2 });
    lanes.accept(records(3), 0);
    const at: number[] = [];
    const given: [number[], string, number][] = [];
    const onDiscard = (batch: Batch, reason: string) => given.push([numbersOf(batch), reason, batch.invocations]);
    const f = (_batch: Batch, _lane: number, nowMs: number) => {
      at.push(nowMs);
      return FAILED;
    };
    run(lanes, f, { onDiscard });
    expect(at).toEqual([0, BACK_OFF_MS, 2 * BACK_OFF_MS]);
    expect(given).toEqual([[[0, 1, 2], 'RetryAttemptsExhausted', 3]]);
    expect(lanes.progress).toEqual({ position: '2' });
  });

  it('is tried without end by default, and holds its lane', () => {
    const lanes = lanesOf();
    lanes.accept(records(1), 0);
    lanes.accept([sourceRecord(1)], 0);
    let calls = 0;
    run(lanes, () => (++calls < 5_000 ? FAILED : OK));
    expect(calls).toBe(5_000);
    expect(lanes.progress).toEqual({ position: '1' });
  });

  it('that is throttled, or not there, costs no attempt', () => {
    const lanes = lanesOf({ retryAttemptsMax: 0 });
    lanes.accept(records(1), 0);
    let calls = 0;
    const discarded: Batch[] = [];
    run(lanes, () => (++calls < 50 ? { kind: 'notReached' } : OK), { onDiscard: (batch) => discarded.push(batch) });
    expect(discarded).toEqual([]);
    expect(lanes.progress).toEqual({ position: '0' });
  });

  it('loses records that have become too old, before and between its tries, and no others', () => {
    const lanes = lanesOf({ recordAgeMaxMs: 60_000 });
    lanes.accept([sourceRecord(0, { arrivalMs: 0 }), sourceRecord(1, { arrivalMs: 50_000 })], 61_000);
    expect(only(lanes, 61_000)).toMatchObject({ kind: 'discard', reason: 'RecordAgeExceeded' });
    lanes.discarded(0);
    expect(numbersOf(only(lanes, 61_000).batch)).toEqual([1]);
    lanes.settle(0, FAILED, 61_000);
    expect(only(lanes, 110_001)).toMatchObject({
      kind: 'discard',
      reason: 'RecordAgeExceeded',
      batch: { invocations: 1 },
    });
  });

  it.each([1, 2, 7, 100, 1_000])('with bisection: one bad record of %i is alone within log2 attempts', (size) => {
    for (const bad of new Set([0, size >> 1, size - 1])) {
      const lanes = lanesOf({ batchSize: size, bisectOnError: true, retryAttemptsMax: 1 });
      lanes.accept(records(size), 0);
      const good: number[] = [];
      const given: number[][] = [];
      let failures = 0;
      run(
        lanes,
        (batch) => {
          if (numbersOf(batch).includes(bad)) {
            failures++;
            return FAILED;
          }
          good.push(...numbersOf(batch));
          return OK;
        },
        { onDiscard: (batch) => given.push(numbersOf(batch)) },
      );
      expect(given).toEqual([[bad]]);
      expect(good).toEqual(
        records(size)
          .map((_, n) => n)
          .filter((n) => n !== bad),
      );
      // Halvings until it is alone, then itself once, and its one retry.
      expect(failures).toBeLessThanOrEqual(Math.ceil(Math.log2(size)) + 2);
    }
  });
});

describe('an answer that names records', () => {
  it('makes the batch come again from the lowest on', () => {
    const lanes = lanesOf();
    lanes.accept(records(5), 0);
    only(lanes, 0);
    lanes.settle(0, { kind: 'ok', failedFrom: 2 }, 0);
    expect(lanes.progress).toEqual({ position: '1' });
    expect(lanes.next(BACK_OFF_MS - 1)).toEqual([]);
    expect(numbersOf(only(lanes, BACK_OFF_MS).batch)).toEqual([2, 3, 4]);
  });

  it('counts attempts of the record at the head: another one has its own', () => {
    const lanes = lanesOf({ retryAttemptsMax: 1 });
    lanes.accept(records(3), 0);
    const failedFrom = [1, 1, 0, 0];
    const tried: number[][] = [];
    const given: number[][] = [];
    run(
      lanes,
      (batch) => {
        tried.push(numbersOf(batch));
        return { kind: 'ok', failedFrom: failedFrom[tried.length - 1] };
      },
      { onDiscard: (batch) => given.push(numbersOf(batch)) },
    );
    expect(tried).toEqual([[0, 1, 2], [1, 2], [2]]);
    expect(given).toEqual([[2]]);
  });

  it('is the bisection where there is one: it costs no attempt', () => {
    const lanes = lanesOf({ retryAttemptsMax: 0, bisectOnError: true });
    lanes.accept(records(4), 0);
    const tried: number[][] = [];
    run(lanes, (batch) => {
      tried.push(numbersOf(batch));
      return tried.length === 1 ? { kind: 'ok', failedFrom: 3 } : OK;
    });
    expect(tried).toEqual([[0, 1, 2, 3], [3]]);
  });
});
