import type { Clock } from '#wire/clock.js';
import { type LeaseRow, workerOf } from './lease.js';

export interface LeaseWatchOptions {
  /** A counter that stands still for so long has no living owner. */
  leaseMs: number;
  /** An owner that is asked and has not handed over by then has to do without. */
  handOverMs: number;
  /** Monotonic. */
  clock: Clock;
}

interface Seen {
  counter: number;
  sinceMs: number;
  /** Who is to have it next, by whose leave, and since when. */
  handOver?: { key: string; sinceMs: number };
}

/**
 * Tells which leases are free, by two rules: the counter stood still for a lease's time, or a hand-over has not come about
 * in its time; both on *this* clock, which is monotonic. Nobody's wall time is compared with anybody else's.
 */
export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #freeLooks = new Map<string, number>();
  #lookedMs = Number.NEGATIVE_INFINITY;
  #away = false;

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
  }

  /** The table could not be read: its owners cannot renew either, perhaps. */
  away(): void {
    this.#away = true;
  }

  /** `rows` as just read. Returns the free ones and for how many looks in a row they have been free. */
  look(rows: readonly LeaseRow[], self: string): ReadonlyMap<string, number> {
    const nowMs = this.#options.clock.nowMs();
    // After an outage every counter has stood still, and owners need a moment to show that they are alive.
    if (this.#away && nowMs - this.#lookedMs >= this.#options.leaseMs / 2) this.#seen.clear();
    this.#away = false;
    this.#lookedMs = nowMs;
    const keys = new Set(rows.map(({ leaseKey }) => leaseKey));
    for (const key of this.#seen.keys()) if (!keys.has(key)) this.#seen.delete(key);
    for (const key of this.#freeLooks.keys()) if (!keys.has(key)) this.#freeLooks.delete(key);
    for (const row of rows) {
      const seen = this.#note(row, nowMs);
      if (this.#isFree(row, seen, self, nowMs)) {
        this.#freeLooks.set(row.leaseKey, (this.#freeLooks.get(row.leaseKey) ?? 0) + 1);
      } else {
        this.#freeLooks.delete(row.leaseKey);
      }
    }
    return new Map(this.#freeLooks);
  }

  #note({ leaseKey, leaseCounter, leaseOwner, checkpointOwner, fence }: LeaseRow, nowMs: number): Seen {
    const before = this.#seen.get(leaseKey);
    const seen: Seen = before?.counter === leaseCounter ? before : { counter: leaseCounter, sinceMs: nowMs };
    const key = checkpointOwner && [fence, checkpointOwner, leaseOwner].join(' ');
    if (!key) seen.handOver = undefined;
    else seen.handOver = before?.handOver?.key === key ? before.handOver : { key, sinceMs: nowMs };
    this.#seen.set(leaseKey, seen);
    return seen;
  }

  #isFree(row: LeaseRow, { sinceMs, handOver }: Seen, self: string, nowMs: number): boolean {
    const { leaseMs, handOverMs } = this.#options;
    const worker = workerOf(row);
    if (worker === undefined) return true;
    // Our own, or handed over to us and put down by the old owner: ours to take, not anybody's.
    if (worker === self) return false;
    return nowMs - sinceMs >= leaseMs || (handOver !== undefined && nowMs - handOver.sinceMs >= handOverMs);
  }
}
