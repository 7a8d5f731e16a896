import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';

/** Longest that something is held back for another to overtake it, wall ms. One is held at a time. */
const REORDER_HOLD_MS = 50;

export interface DisturbanceOptions<T> {
  /** Where everything goes on to; a promise when it has to wait. */
  pass(item: T): void | Promise<void>;
  /** Probabilities, asked for each. */
  rates(): { duplicate: number; reorder: number };
  count(what: 'duplicated' | 'reordered'): void;
  random: Random;
  log: Log;
}

/** Passes things on in order, but for a few that come twice and a few that the next one overtakes. */
export class Disturbance<T> {
  readonly #options: DisturbanceOptions<T>;
  #held: { item: T } | undefined;
  #holdTimer: NodeJS.Timeout | undefined;

  constructor(options: DisturbanceOptions<T>) {
    this.#options = options;
  }

  push(item: T): void | Promise<void> {
    const { pass, count, rates } = this.#options;
    const { duplicate, reorder } = rates();
    if (this.#held === undefined && this.#happens(reorder)) {
      this.#held = { item };
      this.#holdTimer = setTimeout(() => this.#releaseLate(), REORDER_HOLD_MS);
      return;
    }
    const held = this.#takeHeld();
    let pending = pass(item);
    if (held) {
      count('reordered');
      pending = both(pending, pass(held.item));
    }
    if (this.#happens(duplicate)) {
      count('duplicated');
      pending = both(pending, pass(item));
    }
    return pending;
  }

  /** Hands on what is held. */
  async close(): Promise<void> {
    const held = this.#takeHeld();
    if (held) await this.#options.pass(held.item);
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#options.random() < probability;
  }

  #takeHeld(): { item: T } | undefined {
    const held = this.#held;
    clearTimeout(this.#holdTimer);
    this.#held = undefined;
    return held;
  }

  /** Nothing came to overtake it: in order after all. */
  #releaseLate(): void {
    this.close().catch((error: unknown) => {
      this.#options.log.error('A message that was held back was refused.', { error: errorCode(error) });
    });
  }
}

function both(first: void | Promise<void>, second: void | Promise<void>): void | Promise<void> {
  if (first === undefined) return second;
  if (second === undefined) return first;
  return Promise.all([first, second]).then(() => {});
}
