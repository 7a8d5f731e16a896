import type { KinesisLimits } from './limits.js';
import type { StreamRecord } from './stream.js';

/** Rates are looked at over this long: a shorter burst is what the shards' own second of burst is for. */
const WINDOW_MS = 60_000;
/** A stream that doubled may refuse a further doubling for this long (developer guide, "On-demand mode"). */
const GROWTH_PAUSE_MS = 15 * 60_000;
/** Capacity is kept at twice the peak. */
const HEADROOM = 2;

/** What was written in one window, per second of race time. */
export interface WriteRate {
  bytes: number;
  records: number;
}

/** Counts what a stream takes, in windows. */
export class WriteMeter {
  #sinceMs: number | undefined;
  #bytes = 0;
  #records = 0;

  add(bytes: number, records: number): void {
    this.#bytes += bytes;
    this.#records += records;
  }

  /** The rate of the window that has just ended; undefined while it lasts. */
  take(nowMs: number): WriteRate | undefined {
    this.#sinceMs ??= nowMs;
    const sinceMs = this.#sinceMs;
    if (nowMs - sinceMs < WINDOW_MS) return undefined;
    const seconds = (nowMs - sinceMs) / 1000;
    const rate = { bytes: this.#bytes / seconds, records: this.#records / seconds };
    this.#sinceMs = nowMs;
    this.#bytes = 0;
    this.#records = 0;
    return rate;
  }
}

/**
 * How many shards an on-demand stream should have: twice what it takes, at most twice what it has, and not again within a
 * quarter of an hour. Never fewer than it has.
 */
export function growthOf(
  { mode, grownAtMs = Number.NEGATIVE_INFINITY }: Pick<StreamRecord, 'mode' | 'grownAtMs'>,
  openShards: number,
  written: WriteRate | undefined,
  limits: Pick<KinesisLimits, 'writeBytesPerSecond' | 'writeRecordsPerSecond'>,
  nowMs: number,
): number {
  if (mode !== 'ON_DEMAND' || written === undefined || nowMs - grownAtMs < GROWTH_PAUSE_MS) return openShards;
  const load = Math.max(written.bytes / limits.writeBytesPerSecond, written.records / limits.writeRecordsPerSecond);
  return Math.max(openShards, Math.min(Math.ceil(HEADROOM * load), 2 * openShards));
}
