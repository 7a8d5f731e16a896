import type { Pending } from './pending.js';

export interface HandOptions {
  /** Bound on what is taken in. */
  maxBytes: number;
  /** Called for each record that is taken in, in the order of the puts. */
  onAdmitted(pending: Pending): void;
}

/**
 * What a producer has in hand: records taken in, up to a bound in bytes, and behind them the puts that wait for room. Knows
 * the oldest of all, which is what flushing and expiry go by.
 */
export class Hand {
  readonly #options: HandOptions;
  /** In the order of the puts, so also of their deadlines. */
  readonly #unsettled = new Set<Pending>();
  readonly #waiting = new Set<Pending>();
  readonly #flushes: { upTo: number; resolve(): void }[] = [];
  #lastOrdinal = 0;
  bytes = 0;
  bytesMax = 0;
  /** Puts that had to wait for room. */
  waits = 0;

  constructor(options: HandOptions) {
    this.#options = options;
  }

  get records(): number {
    return this.#unsettled.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get isFlushing(): boolean {
    return this.#flushes.length > 0;
  }

  nextOrdinal(): number {
    return ++this.#lastOrdinal;
  }

  take(pending: Pending): void {
    this.#unsettled.add(pending);
    this.#waiting.add(pending);
    this.#admit();
    if (this.#waiting.has(pending)) this.waits++;
  }

  /** False if it had been settled before: whoever asks may then settle nothing. */
  settle(pending: Pending): boolean {
    if (!this.#unsettled.delete(pending)) return false;
    if (!this.#waiting.delete(pending)) this.bytes -= pending.bytes;
    this.#admit();
    this.#tellFlushes();
    return true;
  }

  /** Those past their time, oldest first; may be settled while they are walked through. */
  *expired(nowMs: number): IterableIterator<Pending> {
    for (const pending of this.#unsettled) {
      if (pending.deadlineMs > nowMs) return;
      yield pending;
    }
  }

  /** Resolves when all that was put so far is settled. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#flushes.push({ upTo: this.#lastOrdinal, resolve });
      this.#tellFlushes();
    });
  }

  #admit(): void {
    for (const first of this.#waiting) {
      if (this.bytes + first.bytes > this.#options.maxBytes) return;
      this.#waiting.delete(first);
      this.bytes += first.bytes;
      this.bytesMax = Math.max(this.bytesMax, this.bytes);
      this.#options.onAdmitted(first);
    }
  }

  #tellFlushes(): void {
    if (this.#flushes.length === 0) return;
    const [oldest] = this.#unsettled;
    while (this.#flushes.length > 0 && !(oldest && oldest.ordinal <= this.#flushes[0].upTo)) {
      this.#flushes.shift()?.resolve();
    }
  }
}
