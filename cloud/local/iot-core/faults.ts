import type { RuleIngress, RuleMessage } from '#rules/engine.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Counters } from './counters.js';

/**
 * Faults on the way from the broker to the rules, each a probability per message. AWS promises neither order nor single
 * delivery, so a little of both is made by default (decision 6); `dropAfterAck` breaks the PUBACK's promise, which agents
 * must survive too (decision 3).
 */
export interface Faults {
  dropAfterAck: number;
  duplicate: number;
  reorder: number;
}

export const DEFAULT_FAULTS: Faults = { dropAfterAck: 0, duplicate: 0.002, reorder: 0.002 };

export const FAULT_MEANINGS: Record<keyof Faults, string> = {
  dropAfterAck: 'Share of messages that are acknowledged and lost on the way to the rules.',
  duplicate: 'Share of messages that the rules get twice.',
  reorder: 'Share of messages that the next one overtakes on the way to the rules.',
};

/** Longest that a message is held back for another to overtake it, wall ms. One is held at a time. */
export const REORDER_HOLD_MS = 50;

export interface FaultsOptions {
  faults?: Partial<Faults>;
  random: Random;
  counters: Counters;
  log: Log;
}

/** A rule ingress that loses, repeats and swaps messages before the true one. */
export class FaultyIngress implements RuleIngress {
  readonly #inner: RuleIngress;
  readonly #random: Random;
  readonly #counters: Counters;
  readonly #log: Log;
  #faults: Faults;
  #held: RuleMessage | undefined;
  #holdTimer: NodeJS.Timeout | undefined;

  constructor(inner: RuleIngress, { faults, random, counters, log }: FaultsOptions) {
    this.#inner = inner;
    this.#random = random;
    this.#counters = counters;
    this.#log = log;
    this.#faults = { ...DEFAULT_FAULTS, ...faults };
  }

  setFaults(faults: Partial<Faults>): void {
    this.#faults = { ...this.#faults, ...faults };
  }

  ingest(message: RuleMessage): void | Promise<void> {
    const { dropAfterAck, duplicate, reorder } = this.#faults;
    if (this.#happens(dropAfterAck)) {
      this.#counters.stats.droppedAfterAck++;
      return;
    }
    if (this.#held === undefined && this.#happens(reorder)) {
      this.#held = message;
      this.#holdTimer = setTimeout(() => this.#releaseLate(), REORDER_HOLD_MS);
      return;
    }
    const held = this.#takeHeld();
    let pending = this.#inner.ingest(message);
    if (held) {
      this.#counters.stats.reordered++;
      pending = both(pending, this.#inner.ingest(held));
    }
    if (this.#happens(duplicate)) {
      this.#counters.stats.duplicated++;
      pending = both(pending, this.#inner.ingest(message));
    }
    return pending;
  }

  /** Hands on what is held. */
  async close(): Promise<void> {
    const held = this.#takeHeld();
    if (held) await this.#inner.ingest(held);
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#random() < probability;
  }

  #takeHeld(): RuleMessage | undefined {
    const held = this.#held;
    if (held === undefined) return undefined;
    clearTimeout(this.#holdTimer);
    this.#held = undefined;
    return held;
  }

  /** Nothing came to overtake it: in order after all. */
  #releaseLate(): void {
    this.close().catch((error: unknown) => {
      this.#log.error('The rules refused a message that was held back.', { error: errorCode(error) });
    });
  }
}

function both(first: void | Promise<void>, second: void | Promise<void>): void | Promise<void> {
  if (first === undefined) return second;
  if (second === undefined) return first;
  return Promise.all([first, second]).then(() => {});
}
