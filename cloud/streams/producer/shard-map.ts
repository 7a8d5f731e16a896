import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { backOffMs } from '../back-off.js';
import { contains, type HashRange } from '../hash-range.js';
import type { Lane } from './lane.js';
import { ShardPace } from './shard-pace.js';

/** One open shard as a producer sees it. */
export interface PacedShard extends HashRange {
  shardId: string;
  /** Absent where the stream could not be listed: then the service alone says when it is too much. */
  pace: ShardPace | undefined;
  /** Lanes that wait for the pace, first come first. */
  ready: Lane[];
}

export interface ShardMapOptions {
  streamName: string;
  list(): Promise<Map<string, HashRange>>;
  /** A listing has come or failed. */
  onListed(): void;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** Listings come no closer than that, wall ms: children of a split may be visible late. */
const LIST_INTERVAL_MS = 1_000;
const RETRY = { firstMs: 1_000, lastMs: 30_000 };
const EVERYTHING: HashRange = { starting: '0'.repeat(32), ending: 'f'.repeat(32) };

/**
 * Which shard takes which hash key, as far as known. A wrong map loses nothing, as Kinesis routes by itself: it only counts
 * on the wrong pace, so it is asked for again when an answer names another shard than expected.
 */
export class ShardMap {
  readonly #options: ShardMapOptions;
  #shards: PacedShard[] = [];
  /** For hash keys that no known shard has. */
  readonly #unknown: PacedShard = { shardId: '', ...EVERYTHING, pace: undefined, ready: [] };
  #isListing = false;
  #hasAsked = false;
  #nextListMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #turn = 0;
  listings = 0;

  constructor(options: ShardMapOptions) {
    this.#options = options;
  }

  /** A first listing has come or failed. */
  get isReady(): boolean {
    return this.#hasAsked;
  }

  get shards(): readonly PacedShard[] {
    return this.#shards;
  }

  route(hashKey: string): PacedShard {
    let low = 0;
    let high = this.#shards.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#shards[middle].ending < hashKey) low = middle + 1;
      else high = middle;
    }
    const shard = this.#shards[low];
    if (shard && contains(shard, hashKey)) return shard;
    this.refresh();
    return this.#unknown;
  }

  /** Those with something ready, a different one first each time. */
  inTurn(): PacedShard[] {
    const busy = [this.#unknown, ...this.#shards].filter(({ ready }) => ready.length > 0);
    const first = busy.length > 0 ? this.#turn++ % busy.length : 0;
    return [...busy.slice(first), ...busy.slice(0, first)];
  }

  get hasReady(): boolean {
    return this.#unknown.ready.length > 0 || this.#shards.some(({ ready }) => ready.length > 0);
  }

  /** Lists the stream again, unless that is being done or was done a moment ago. */
  refresh(): void {
    if (this.#isListing || this.#options.wallClock.nowMs() < this.#nextListMs) return;
    this.#isListing = true;
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    const { streamName, list, onListed, wallClock, random, log } = this.#options;
    let waitMs = LIST_INTERVAL_MS;
    try {
      this.#become(await list());
      this.listings++;
      this.#failures = 0;
    } catch (error) {
      waitMs = backOffMs(++this.#failures, RETRY, random);
      log.warn('The shards could not be listed; records go on unpaced.', {
        stream: streamName,
        code: errorCode(error),
      });
    }
    this.#isListing = false;
    this.#hasAsked = true;
    this.#nextListMs = wallClock.nowMs() + waitMs;
    onListed();
  }

  #become(listing: ReadonlyMap<string, HashRange>): void {
    const before = this.#shards;
    const nowMs = this.#options.raceClock.nowMs();
    const known = new Map(before.map((shard) => [shard.shardId, shard]));
    this.#shards = [...listing]
      .map(([shardId, range]) => ({
        shardId,
        ...range,
        pace: known.get(shardId)?.pace ?? new ShardPace(nowMs),
        ready: [],
      }))
      .sort((a, b) => (a.starting < b.starting ? -1 : 1));
    const lanes = [this.#unknown, ...before].flatMap(({ ready }) => ready.splice(0));
    for (const lane of lanes) this.route(lane.hashKey).ready.push(lane);
  }
}
