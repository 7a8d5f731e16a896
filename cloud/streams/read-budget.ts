import type { Clock } from '#wire/clock.js';
import { pause } from './back-off.js';

/** What a shard grants to all of its readers together. */
export interface ReadLimits {
  readsPerSecond: number;
  bytesPerSecond: number;
}

/** However the clock runs, a read is not held back for longer: beyond it the service decides, by a throttle. Wall ms. */
const WAIT_MAX_MS = 1_000;
/** Between looks at a clock whose rate is not known, wall ms. */
const LOOK_MS = 25;

/**
 * What is left of a shard's limits, for the readers of one process. Counts seconds of the clock that the service counts by:
 * the race clock. Full at first; bytes are known after a read, so they may go below zero and are then waited for.
 */
export class ReadBudget {
  readonly #limits: ReadLimits;
  readonly #clock: Clock;
  #reads: number;
  #bytes: number;
  #atMs: number;
  /** Reads that had to wait. */
  waits = 0;

  constructor(limits: ReadLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#reads = limits.readsPerSecond;
    this.#bytes = limits.bytesPerSecond;
    this.#atMs = clock.nowMs();
  }

  /** Resolves when a read is within the limits, or after a second of waiting for it. */
  async take(signal: AbortSignal): Promise<void> {
    let isFirst = true;
    for (let leftMs = WAIT_MAX_MS; !this.#has() && leftMs > 0 && !signal.aborted; leftMs -= LOOK_MS) {
      if (isFirst) this.waits++;
      isFirst = false;
      await pause(LOOK_MS, signal);
    }
    this.#reads = Math.max(0, this.#reads - 1);
  }

  /** What a read brought. */
  charge(bytes: number): void {
    this.#bytes -= bytes;
  }

  #has(): boolean {
    const { readsPerSecond, bytesPerSecond } = this.#limits;
    const nowMs = this.#clock.nowMs();
    const seconds = Math.max(0, nowMs - this.#atMs) / 1_000;
    this.#atMs = nowMs;
    this.#reads = Math.min(readsPerSecond, this.#reads + seconds * readsPerSecond);
    this.#bytes = Math.min(bytesPerSecond, this.#bytes + seconds * bytesPerSecond);
    return this.#reads >= 1 && this.#bytes >= 1;
  }
}

/** The budgets of a process: consumers of one shard that are given the same one share it. */
export class ReadBudgets {
  readonly #budgets = new Map<string, ReadBudget>();
  readonly #limits: ReadLimits;
  readonly #clock: Clock;

  /** @param clock the one that the service's limits run by: the race clock */
  constructor(limits: ReadLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  of(stream: string, shardId: string): ReadBudget {
    const key = `${stream} ${shardId}`;
    let budget = this.#budgets.get(key);
    if (!budget) {
      budget = new ReadBudget(this.#limits, this.#clock);
      this.#budgets.set(key, budget);
      if (this.#budgets.size > MAX_BUDGETS) this.#budgets.delete(this.#budgets.keys().next().value!);
    }
    return budget;
  }
}

/** Beyond it the oldest is forgotten, and full again when it is asked for: shards come and go. */
const MAX_BUDGETS = 10_000;

const KINESIS_LIMITS: ReadLimits = { readsPerSecond: 5, bytesPerSecond: 2 * 1_048_576 };
const OF_CLOCK = new WeakMap<Clock, ReadBudgets>();

/** Those of Kinesis for this process, which has one race clock: whoever reads by it shares them. */
export function kinesisBudgets(raceClock: Clock): ReadBudgets {
  let budgets = OF_CLOCK.get(raceClock);
  if (!budgets) {
    budgets = new ReadBudgets(KINESIS_LIMITS, raceClock);
    OF_CLOCK.set(raceClock, budgets);
  }
  return budgets;
}
