import type { RuleIngress, RuleMessage } from '#rules/engine.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Counters } from './counters.js';
import { Disturbance } from './disturbance.js';

/**
 * Faults, each a probability per message. AWS promises neither order nor single delivery, to rules or to subscribers, so a
 * little of both is made by default (decision 7); `dropAfterAck` breaks the PUBACK's promise, which agents must survive too
 * (decision 3).
 */
export interface Faults {
  dropAfterAck: number;
  duplicate: number;
  reorder: number;
  deliveryDuplicate: number;
  deliveryReorder: number;
}

export const DEFAULT_FAULTS: Faults = {
  dropAfterAck: 0,
  duplicate: 0.002,
  reorder: 0.002,
  deliveryDuplicate: 0.002,
  deliveryReorder: 0.002,
};

export const FAULT_MEANINGS: Record<keyof Faults, string> = {
  dropAfterAck: 'Share of messages that are acknowledged and lost on the way to the rules.',
  duplicate: 'Share of messages that the rules get twice.',
  reorder: 'Share of messages that the next one overtakes on the way to the rules.',
  deliveryDuplicate: 'Share of messages that their subscribers get twice.',
  deliveryReorder: 'Share of messages that the next one overtakes on the way to the subscribers.',
};

export interface FaultsOptions {
  /** As they are at the moment; whoever holds them may change them. */
  faults: Readonly<Faults>;
  random: Random;
  counters: Counters;
  log: Log;
}

/** A rule ingress that loses, repeats and swaps messages before the true one. */
export class FaultyIngress implements RuleIngress {
  readonly #options: FaultsOptions;
  readonly #disturbance: Disturbance<RuleMessage>;

  constructor(inner: RuleIngress, options: FaultsOptions) {
    const { counters, random, log } = options;
    this.#options = options;
    this.#disturbance = new Disturbance({
      pass: (message) => inner.ingest(message),
      rates: () => options.faults,
      count: (what) => counters.stats[what]++,
      random,
      log,
    });
  }

  ingest(message: RuleMessage): void | Promise<void> {
    const { faults, random, counters } = this.#options;
    if (faults.dropAfterAck > 0 && random() < faults.dropAfterAck) {
      counters.stats.droppedAfterAck++;
      return;
    }
    return this.#disturbance.push(message);
  }

  /** Hands on what is held. */
  close(): Promise<void> {
    return this.#disturbance.close();
  }
}
