/** A shard's machine with everything around it imitated: a clock, and a function that answers by a rule. */
import type { Batch, LaneWork, Outcome, SourceRecord } from '#cloud/local/lambda/sources/batch.js';
import { type BatchSettings, DEFAULT_SETTINGS } from '#cloud/local/lambda/sources/settings.js';
import { ShardLanes, type ShardProgress } from '#cloud/local/lambda/sources/shard-lanes.js';

export const BACK_OFF_MS = 1_000;

export function sourceRecord(n: number, { key = 'k', arrivalMs = 0, bytes = 10 } = {}): SourceRecord {
  return { sequenceNumber: String(n), orderKey: key, arrivalMs, event: `{"n":${n}}`, bytes };
}

export const numbersOf = (batch: Batch): number[] => batch.records.map(({ sequenceNumber }) => Number(sequenceNumber));

export function lanesOf(settings: Partial<BatchSettings> = {}, saved?: ShardProgress): ShardLanes {
  return new ShardLanes({ ...DEFAULT_SETTINGS, ...settings }, () => BACK_OFF_MS, saved);
}

/** The one piece of work that is to be done now; fails when there is none, or more. */
export function only(lanes: ShardLanes, nowMs: number): LaneWork {
  const all = lanes.next(nowMs);
  if (all.length !== 1) throw new Error(`${all.length} pieces of work at ${nowMs}`);
  return all[0].work;
}

/** Runs until nothing is left that happens by itself before `untilMs`; returns the time then. */
export function run(
  lanes: ShardLanes,
  f: (batch: Batch, lane: number, nowMs: number) => Outcome,
  { fromMs = 0, untilMs = 1e12, onDiscard = (_: Batch, _reason: string, _lane: number) => {} } = {},
): number {
  let nowMs = fromMs;
  for (;;) {
    const all = lanes.next(nowMs);
    for (const { lane, work } of all) {
      if (work.kind === 'invoke') lanes.settle(lane, f(work.batch, lane, nowMs), nowMs);
      else {
        onDiscard(work.batch, work.reason, lane);
        lanes.discarded(lane);
      }
    }
    if (all.length > 0) continue;
    const wakeMs = lanes.wakeAtMs();
    if (wakeMs === undefined || wakeMs > untilMs) return nowMs;
    nowMs = Math.max(nowMs + 1, wakeMs);
  }
}
