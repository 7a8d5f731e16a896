import type { Delivery } from '../journal/cursor.js';
import { PRIORITIES } from '../journal/record.js';
import { Queue } from './queue.js';

/** Each resend of a record waits twice as long as the one before, up to 2⁴: a cloud that is down for an hour is not flooded. */
const RESEND_LEVELS = 5;

interface Sent {
  delivery: Delivery;
  dueMs: number;
}

/**
 * Whose turn it is. Every record is in one place: the live queue, the backfill queue of its priority, in flight (with the
 * uplink), on a refused topic, or in the queue of its resend level, ordered by the time it is due, as all in it wait
 * equally long. Acknowledged ones are skipped when their turn comes: nothing is ever searched.
 */
export class Turns {
  readonly live = new Queue<Delivery>();
  /** While true, no record of low priority has its turn. */
  lowWaits = false;
  readonly #backfill = PRIORITIES.map(() => new Queue<Delivery>());
  readonly #sent = Array.from({ length: RESEND_LEVELS }, () => new Queue<Sent>());

  /** Of those that may have their turn. */
  get backfillLength(): number {
    return this.#backfill.reduce((sum, { length }, rank) => (this.#mayGo(rank) ? sum + length : sum), 0);
  }

  pushBackfill(delivery: Delivery): void {
    this.#backfill[PRIORITIES.indexOf(delivery.entry.segment.name.priority)].push(delivery);
  }

  /** Before all others of its priority: whether the broker takes it is to be found out. */
  returnBackfill(delivery: Delivery): void {
    this.#backfill[PRIORITIES.indexOf(delivery.entry.segment.name.priority)].unshift(delivery);
  }

  /** Of the highest priority the one that waits longest. */
  shiftBackfill(): Delivery | undefined {
    return this.#backfill.find(({ length }, rank) => length > 0 && this.#mayGo(rank))?.shift();
  }

  /** The record has its PUBACK; it is due again some time later, later each time. */
  waitForAck(delivery: Delivery, nowMs: number, resendAfterMs: number): void {
    const level = Math.min(delivery.attempts, RESEND_LEVELS) - 1;
    this.#sent[level].push({ delivery, dueMs: nowMs + resendAfterMs * 2 ** level });
  }

  /** As after many attempts: it comes again, but long after. */
  setBack(delivery: Delivery, nowMs: number, resendAfterMs: number): void {
    delivery.attempts = Math.max(delivery.attempts, RESEND_LEVELS);
    this.waitForAck(delivery, nowMs, resendAfterMs);
  }

  /** What is due again and not acknowledged. */
  *due(nowMs: number): Generator<Delivery> {
    for (const queue of this.#sent) {
      for (let first = queue.peek(); first && first.dueMs <= nowMs; first = queue.peek()) {
        queue.shift();
        if (first.delivery.state === 'sent') yield first.delivery;
      }
    }
  }
  #mayGo(rank: number): boolean {
    return !this.lowWaits || PRIORITIES[rank] !== 'low';
  }
}
