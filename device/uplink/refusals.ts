import type { Delivery } from '../journal/cursor.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import { RefusalGuard } from './refusal-guard.js';
import { RefusedTopics } from './refused-topics.js';

/** A record that closes the connection so often while others on its topic come through is given up. */
const REFUSALS_MAX = 3;

/** The record on which a connection ended. */
export interface Refused {
  delivery: Delivery;
  topic: string;
  /** `waits`: its topic is refused, and the record is kept here until that is over. `later`: others go first. `never`: given up. */
  fate: 'waits' | 'later' | 'never';
  /** Times it was set aside, this one included; 0 where its topic is to blame. */
  refusals: number;
}

/**
 * What the broker will not take, and says so only by closing the connection: finds the record (`refusal-guard.ts`), tells a
 * refused topic from a single record (`refused-topics.ts`), and gives a record up that is refused again and again.
 */
export class Refusals {
  readonly #guard: RefusalGuard;
  readonly #topics: RefusedTopics;
  /** Times each was set aside. */
  readonly #refusals = new WeakMap<Delivery, number>();

  constructor(options: { wallClock: Clock; log: Log }) {
    this.#guard = new RefusalGuard(options.wallClock);
    this.#topics = new RefusedTopics(options);
  }

  /** Records must go one at a time, oldest first. */
  get cautious(): boolean {
    return this.#guard.cautious;
  }

  /** Topics on which nothing is published now. */
  get topics(): string[] {
    return this.#topics.topics;
  }

  isHeld(topic: string): boolean {
    return this.#topics.isHeld(topic);
  }

  /** Takes a record over when its topic is on hold; it is handed out again by `answered` or `probe`. */
  park(topic: string, delivery: Delivery): boolean {
    return this.#topics.park(topic, delivery);
  }

  connected(): void {
    this.#guard.connected();
  }

  published(delivery: Delivery, topic: string): void {
    this.#guard.published(delivery, topic);
  }

  /** A PUBACK came. Returns the records that waited for one on this topic. */
  answered(delivery: Delivery, topic: string): readonly Delivery[] {
    this.#guard.answered(delivery);
    return this.#topics.answered(topic);
  }

  /** The one record that is to try a refused topic now, alone. */
  probe(): { delivery: Delivery; topic: string } | undefined {
    const due = this.#topics.due();
    if (due) this.#guard.watch(due.delivery);
    return due;
  }

  /** The connection ended; the record that is to blame, if one stands out. */
  lost(): Refused | undefined {
    const culprit = this.#guard.lost();
    const refused = culprit && culprit.delivery.state !== 'freed' ? this.#judge(culprit) : undefined;
    this.#topics.notTried();
    return refused;
  }

  #judge({ delivery, topic }: Pick<Refused, 'delivery' | 'topic'>): Refused {
    if (this.#topics.blame(topic, delivery) === 'topic') return { delivery, topic, fate: 'waits', refusals: 0 };
    const refusals = (this.#refusals.get(delivery) ?? 0) + 1;
    this.#refusals.set(delivery, refusals);
    return { delivery, topic, fate: refusals >= REFUSALS_MAX ? 'never' : 'later', refusals };
  }
}
