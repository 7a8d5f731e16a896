import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';

/** First wait before a refused filter is asked for again, doubled each time: a policy is changed by a person. */
const HOLD_MIN_MS = 60_000;
const HOLD_MAX_MS = 30 * 60_000;
/** So many connections that end while this filter alone is asked for, and it is taken for the cause. */
const BLAMES_MAX = 2;

/**
 * Filters that the broker refuses. It says so in its SUBACK (128), or, as some do, by closing the connection: then filters
 * are asked for one by one until the one is found. A refused filter is named, left out, and asked for again after a minute,
 * then after two, and so on up to half an hour; what is granted works meanwhile.
 */
export class RefusedFilters {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #holds = new Map<string, { untilMs: number; waitMs: number }>();
  readonly #blames = new Map<string, number>();
  #oneByOne = false;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  get all(): readonly string[] {
    return [...this.#holds.keys()];
  }

  /** Refused ones that are to be asked for again now. */
  takeDue(): string[] {
    const nowMs = this.#clock.nowMs();
    const due = [...this.#holds].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [, hold] of due) hold.untilMs = nowMs + hold.waitMs;
    return due.map(([filter]) => filter);
  }

  /** What to ask for on a new connection, in packets of at most so many filters. */
  packets(filters: readonly string[], most: number): string[][] {
    const due = this.takeDue();
    const asked = filters.filter((filter) => !this.#holds.has(filter) || due.includes(filter));
    const size = this.#oneByOne ? 1 : most;
    return Array.from({ length: Math.ceil(asked.length / size) }, (_, i) => asked.slice(i * size, (i + 1) * size));
  }

  /** The broker answered for a packet. */
  answered(packet: readonly string[], refused: readonly string[]): void {
    for (const filter of packet) {
      this.#blames.delete(filter);
      if (refused.includes(filter)) this.#hold(filter);
      else if (this.#holds.delete(filter)) this.#log.info('link: subscribed after all', { filter });
    }
  }

  /** The connection ended, or nothing was heard, after a packet was sent. */
  unanswered(packet: readonly string[]): void {
    this.#oneByOne = true;
    if (packet.length !== 1) return;
    const [filter] = packet;
    const blames = (this.#blames.get(filter) ?? 0) + 1;
    this.#blames.set(filter, blames);
    if (blames < BLAMES_MAX) return;
    this.#blames.delete(filter);
    this.#hold(filter);
  }

  #hold(filter: string): void {
    const waitMs = Math.min(HOLD_MAX_MS, 2 * (this.#holds.get(filter)?.waitMs ?? HOLD_MIN_MS / 2));
    this.#holds.set(filter, { untilMs: this.#clock.nowMs() + waitMs, waitMs });
    this.#log.error('link: the broker refuses this subscription', {
      filter,
      fix: `Allow iot:Subscribe on "topicfilter/${filter}" and iot:Receive on "topic/${filter}" in a policy of this certificate.`,
      triedAgainInMs: waitMs,
    });
  }
}
