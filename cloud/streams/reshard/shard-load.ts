import type { HashRange } from '../hash-range.js';
import { type KeyShare, TopKeys } from './top-keys.js';

/** What one shard takes in a second (Kinesis quotas, "Data plane"): whichever is used up first counts. */
export interface ShardLimits {
  bytesPerSecond: number;
  recordsPerSecond: number;
}

export const SHARD_LIMITS: ShardLimits = { bytesPerSecond: 1_048_576, recordsPerSecond: 1_000 };

/** What the planner knows of one open shard. Loads are shares of what the shard takes, 1 = all of it. */
export interface ShardStat extends HashRange {
  shardId: string;
  /** Averaged over 10 s, one value a second, oldest first; the last is the present. As far back as `HISTORY_S`. */
  loads: readonly number[];
  /** Averaged over 60 s. */
  slowLoad: number;
  /** When the shard last refused a record, as far as known. */
  throttledMs?: number;
  /** Heaviest keys first. */
  keys: readonly KeyShare[];
  /** Up to when the shard was observed; behind it nothing is known, which is not the same as nothing. */
  observedMs: number;
}

/** Seconds of history: what a merge has to look back on. */
export const HISTORY_S = 120;
const FAST_S = 10;
const SLOW_S = 60;
/** Keys counted in each shard: all cars of a race; of more keys a sample by weight. */
const TOP_KEYS = 64;
/** Longer silences than this are not filled second by second: after them everything has faded. */
const MAX_FILL_S = 600;

const FAST = 1 - Math.exp(-1 / FAST_S);
const SLOW = 1 - Math.exp(-1 / SLOW_S);
const KEY_FADE = Math.exp(-1 / SLOW_S);

/**
 * Load of one shard in buckets of a second, by the times at which the stream took the records (race clock), so that it is
 * the same whether a reader is at the tip or catches up. Seconds pass by what is observed, never by a clock of its own:
 * a reader that hangs makes a load old, not low.
 *
 * @example
 * const load = new ShardLoad('shardId-000000000000', range, 0);
 * load.observe('car-24', 1_800, 250);
 * load.advanceTo(1_000);
 */
export class ShardLoad {
  readonly shardId: string;
  readonly range: HashRange;
  readonly #limits: ShardLimits;
  readonly #keys = new TopKeys(TOP_KEYS);
  readonly #loads: number[] = [];
  /** The second that is being counted. */
  #second: number;
  /** Where counting began: of what came before, nobody knows whether it is all. */
  readonly #fromMs: number;
  #bytes = 0;
  #records = 0;
  #fast = 0;
  #slow = 0;
  #observedMs: number;
  #throttledMs: number | undefined;

  constructor(shardId: string, range: HashRange, sinceMs: number, limits: ShardLimits = SHARD_LIMITS) {
    this.shardId = shardId;
    this.range = range;
    this.#limits = limits;
    // A second that began before is seen in part only: a full one is the first to count.
    this.#second = Math.ceil(sinceMs / 1_000);
    this.#fromMs = 1_000 * this.#second;
    this.#observedMs = sinceMs;
  }

  /** A record that the shard took at `atMs`; `bytes` = data and partition key, as Kinesis counts. */
  observe(key: string, bytes: number, atMs: number): void {
    this.advanceTo(atMs);
    // What a reader that catches up brings from before is no load of now; its keys are those of the shard all the same.
    if (atMs >= this.#fromMs) {
      this.#bytes += bytes;
      this.#records++;
    }
    this.#keys.add(key, Math.max(bytes / this.#limits.bytesPerSecond, 1 / this.#limits.recordsPerSecond));
  }

  throttled(atMs: number): void {
    this.#throttledMs = Math.max(this.#throttledMs ?? atMs, atMs);
  }

  /** Everything that the shard took up to `atMs` has been observed. */
  advanceTo(atMs: number): void {
    if (atMs <= this.#observedMs) return;
    this.#observedMs = atMs;
    const second = Math.floor(atMs / 1_000);
    this.#second = Math.max(this.#second, second - MAX_FILL_S);
    for (; this.#second < second; this.#second++) this.#close();
  }

  stat(): ShardStat {
    return {
      shardId: this.shardId,
      ...this.range,
      loads: [...this.#loads],
      slowLoad: this.#slow,
      throttledMs: this.#throttledMs,
      keys: this.#keys.shares(),
      observedMs: this.#observedMs,
    };
  }

  #close(): void {
    const load = Math.max(this.#bytes / this.#limits.bytesPerSecond, this.#records / this.#limits.recordsPerSecond);
    // The first second is the average so far: a shard that is born hot is hot at once.
    const first = this.#loads.length === 0;
    this.#fast = first ? load : this.#fast + FAST * (load - this.#fast);
    this.#slow = first ? load : this.#slow + SLOW * (load - this.#slow);
    this.#loads.push(this.#fast);
    if (this.#loads.length > HISTORY_S) this.#loads.shift();
    this.#keys.fade(KEY_FADE);
    this.#bytes = 0;
    this.#records = 0;
  }
}
