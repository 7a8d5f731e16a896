import type { Clock } from '#wire/clock.js';
import { type LeaseRow, workerOf } from './lease.js';

interface Seen {
  counter: number;
  sinceMs: number;
}

/**
 * Tells which leases have no living owner, by one rule: the counter stood still for a lease's time on *this* clock, which
 * is monotonic. Nobody's wall time is compared with anybody else's.
 */
export class LeaseWatch {
  readonly #leaseMs: number;
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();
  readonly #freeLooks = new Map<string, number>();

  constructor(leaseMs: number, clock: Clock) {
    this.#leaseMs = leaseMs;
    this.#clock = clock;
  }

  /** `rows` as just read. Returns the free ones and for how many looks in a row they have been free. */
  look(rows: readonly LeaseRow[], self: string): ReadonlyMap<string, number> {
    const nowMs = this.#clock.nowMs();
    const keys = new Set(rows.map(({ leaseKey }) => leaseKey));
    for (const key of this.#seen.keys()) if (!keys.has(key)) this.#forget(key);
    for (const row of rows) {
      const seen = this.#seen.get(row.leaseKey);
      if (seen?.counter !== row.leaseCounter) {
        this.#seen.set(row.leaseKey, { counter: row.leaseCounter, sinceMs: nowMs });
      }
      if (this.#isFree(row, self, nowMs)) {
        this.#freeLooks.set(row.leaseKey, (this.#freeLooks.get(row.leaseKey) ?? 0) + 1);
      } else {
        this.#freeLooks.delete(row.leaseKey);
      }
    }
    return new Map(this.#freeLooks);
  }

  #isFree(row: LeaseRow, self: string, nowMs: number): boolean {
    const worker = workerOf(row);
    if (worker === undefined) return true;
    // Handed over to us and put down by the old owner: ours to take, not anybody's.
    if (worker === self) return false;
    return nowMs - this.#seen.get(row.leaseKey)!.sinceMs >= this.#leaseMs;
  }

  #forget(key: string): void {
    this.#seen.delete(key);
    this.#freeLooks.delete(key);
  }
}
