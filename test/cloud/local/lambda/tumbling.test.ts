import { describe, expect, it } from 'vitest';
import type { Batch } from '#cloud/local/lambda/sources/batch.js';
import { lanesOf, numbersOf, only, run, sourceRecord } from './machine.js';

const SIZE_MS = 60_000;
const IDLE_MS = 120_000;
const WINDOWS = { tumblingWindowMs: SIZE_MS };

/** Adds the numbers of its records to the state, as a person's function would. */
const sum = (batch: Batch): string => {
  const { total = 0 } = JSON.parse(batch.window!.state) as { total?: number };
  return JSON.stringify({ total: numbersOf(batch).reduce((so_far, n) => so_far + n, total) });
};

describe('tumbling windows', () => {
  it('hand the state on, end when a later record comes, and begin anew', () => {
    const lanes = lanesOf({ ...WINDOWS, batchSize: 2 });
    lanes.accept(
      [1, 2, 3, 4].map((n) => sourceRecord(n, { arrivalMs: n < 4 ? 30_000 : 60_000 })),
      61_000,
    );
    const seen: unknown[] = [];
    run(
      lanes,
      (batch) => {
        const { startMs, endMs, state, isFinal, isTerminatedEarly } = batch.window!;
        expect(endMs - startMs).toBe(SIZE_MS);
        expect(isTerminatedEarly).toBe(false);
        seen.push([startMs, numbersOf(batch), state, isFinal]);
        return { kind: 'ok', state: sum(batch) };
      },
      { fromMs: 61_000, untilMs: 100_000 },
    );
    expect(seen).toEqual([
      [0, [1, 2], '{}', false],
      [0, [3], '{"total":3}', false],
      [0, [], '{"total":6}', true],
      [60_000, [4], '{}', false],
    ]);
    expect(lanes.progress).toEqual({
      position: '4',
      window: { startMs: 60_000, state: '{"total":4}', last: { sequenceNumber: '4', arrivalMs: 60_000 } },
    });
  });

  it('end two minutes after their time when nothing comes, or at once when the shard ends', () => {
    const lanes = lanesOf(WINDOWS);
    lanes.accept([sourceRecord(1, { arrivalMs: 10_000 })], 10_000);
    only(lanes, 10_000);
    lanes.settle(0, { kind: 'ok', state: '{"a":1}' }, 10_000);
    expect(lanes.wakeAtMs()).toBe(SIZE_MS + IDLE_MS);
    expect(lanes.next(SIZE_MS + IDLE_MS - 1)).toEqual([]);
    lanes.end();
    expect(lanes.isDone).toBe(false);
    expect(only(lanes, 10_001).batch).toMatchObject({ records: [], window: { isFinal: true, state: '{"a":1}' } });
    lanes.settle(0, { kind: 'ok' }, 10_001);
    expect(lanes.isDone).toBe(true);
  });

  it('go on from what was stored: a window that a killed process had open is ended by the next', () => {
    const window = { startMs: 0, state: '{"total":9}', last: { sequenceNumber: '9', arrivalMs: 1 } };
    const lanes = lanesOf(WINDOWS, { position: '9', window });
    lanes.accept([sourceRecord(10, { arrivalMs: 2 })], 2);
    const { batch } = only(lanes, 2);
    lanes.settle(0, { kind: 'ok', state: sum(batch) }, 2);
    expect(only(lanes, SIZE_MS + IDLE_MS).batch.window).toMatchObject({ isFinal: true, state: '{"total":19}' });
  });

  it('end early with a state of more than 1 MB, and the rest of their time begins anew', () => {
    const lanes = lanesOf({ ...WINDOWS, batchSize: 1 });
    lanes.accept([sourceRecord(1), sourceRecord(2)], 0);
    only(lanes, 0);
    lanes.settle(0, { kind: 'ok', state: JSON.stringify({ text: 'x'.repeat(1024 * 1024) }) }, 0);
    expect(only(lanes, 0).batch).toMatchObject({ records: [], window: { isFinal: true, isTerminatedEarly: true } });
    lanes.settle(0, { kind: 'ok' }, 0);
    expect(only(lanes, 0).batch).toMatchObject({ window: { startMs: 0, state: '{}', isFinal: false } });
  });

  it('keep their state when an invocation fails, and give a final one up like any other', () => {
    const lanes = lanesOf({ ...WINDOWS, retryAttemptsMax: 1 });
    lanes.accept([sourceRecord(1)], 0);
    const states: string[] = [];
    const given: Batch[] = [];
    run(
      lanes,
      (batch) => {
        states.push(batch.window!.state);
        if (batch.window!.isFinal || states.length === 1) return { kind: 'failed' };
        return { kind: 'ok', state: sum(batch) };
      },
      { onDiscard: (batch) => given.push(batch) },
    );
    expect(states).toEqual(['{}', '{}', '{"total":1}', '{"total":1}']);
    expect(given).toHaveLength(1);
    expect(lanes.progress).toEqual({ position: '1' });
  });
});
