import type { Delivery } from '../journal/cursor.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';

export interface RefusedTopicsOptions {
  wallClock: Clock;
  log: Log;
}

/** First wait before a refused topic is tried again, doubled each time: a policy is changed by a person. */
const HOLD_MIN_MS = 60_000;
const HOLD_MAX_MS = 30 * 60_000;

interface Hold {
  untilMs: number;
  waitMs: number;
  waiting: Delivery[];
  /** On its way to find out whether the topic is allowed now. */
  probe: Delivery | undefined;
}

/**
 * Tells a topic that the policy refuses from a single record that the broker does not take. The first to close the
 * connection is blamed itself; when a second one does so and nothing came through on the topic in between, the topic is
 * refused: all that goes there waits, one record tries again after a minute, then after two, and so on up to half an hour.
 */
export class RefusedTopics {
  readonly #options: RefusedTopicsOptions;
  /** Topics on which the last that happened was a blame. */
  readonly #blamed = new Set<string>();
  readonly #holds = new Map<string, Hold>();

  constructor(options: RefusedTopicsOptions) {
    this.#options = options;
  }

  /** Topics on which nothing is published now. */
  get topics(): string[] {
    return [...this.#holds.keys()];
  }

  /** Takes a record over when its topic is on hold; it is handed out again by `answered` or `due`. */
  park(topic: string, delivery: Delivery): boolean {
    const hold = this.#holds.get(topic);
    if (!hold || hold.probe === delivery) return false;
    hold.waiting.push(delivery);
    return true;
  }

  isHeld(topic: string): boolean {
    return this.#holds.has(topic);
  }

  /** A PUBACK came on the topic. Returns what waited for that. */
  answered(topic: string): readonly Delivery[] {
    this.#blamed.delete(topic);
    const hold = this.#holds.get(topic);
    if (!hold) return [];
    this.#holds.delete(topic);
    this.#options.log.info('uplink: the topic is allowed again', { topic });
    return hold.waiting;
  }

  /** A record on the topic closed the connection. Says what is to blame; a refused topic takes the record over. */
  blame(topic: string, delivery: Delivery): 'topic' | 'record' {
    if (!this.#blamed.has(topic)) {
      this.#blamed.add(topic);
      return 'record';
    }
    const { wallClock, log } = this.#options;
    const hold = this.#holds.get(topic) ?? { untilMs: 0, waitMs: HOLD_MIN_MS / 2, waiting: [], probe: undefined };
    hold.waitMs = Math.min(HOLD_MAX_MS, hold.waitMs * 2);
    hold.untilMs = wallClock.nowMs() + hold.waitMs;
    hold.probe = undefined;
    // Behind the others: if it is the record after all, another one finds out that the topic is allowed.
    hold.waiting.push(delivery);
    this.#holds.set(topic, hold);
    log.error('uplink: the broker refuses this topic', {
      topic,
      fix: `Allow iot:Publish on "topic/${topic}" in a policy of this certificate.`,
      triedAgainInMs: hold.waitMs,
    });
    return 'topic';
  }

  /** The one record that may try a topic again now. Its fate is told by `answered`, `blame` or `notTried`. */
  due(): { topic: string; delivery: Delivery } | undefined {
    const nowMs = this.#options.wallClock.nowMs();
    for (const [topic, hold] of this.#holds) {
      if (hold.probe || hold.untilMs > nowMs) continue;
      do hold.probe = hold.waiting.shift();
      while (hold.probe?.state === 'freed');
      // All that waited was given up meanwhile: the next record finds out.
      if (hold.probe) return { topic, delivery: hold.probe };
    }
    return undefined;
  }

  /** The connection ended without saying anything about the probe: it waits for its turn again. */
  notTried(): void {
    for (const hold of this.#holds.values()) {
      if (hold.probe && hold.probe.state !== 'freed') hold.waiting.unshift(hold.probe);
      hold.probe = undefined;
    }
  }
}
