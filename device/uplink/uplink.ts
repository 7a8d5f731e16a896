import type { Cursor, Delivery } from '../journal/cursor.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../wire/clock.js';
import { errorCode } from '../wire/errors.js';
import { setFrameLane } from '../wire/frame.js';
import type { Log } from '../wire/log.js';
import type { AckMessage, Lane } from '../wire/messages.js';
import { Budget } from './budget.js';
import type { Link, LinkState } from './link.js';
import { Queue } from './queue.js';
import { RefusalGuard } from './refusal-guard.js';
import { topicOf } from './topic.js';

export interface UplinkLimits {
  /** Publishes without a PUBACK at a time. Default 100 (AWS IoT quota). */
  inFlightMax?: number;
  /** Default 100 (AWS IoT quota per connection), on the race clock. */
  messagesPerSecond?: number;
  /** Default 512 KiB (AWS IoT quota per connection), on the race clock. */
  bytesPerSecond?: number;
  /** What of it old records may use. Default 256 KiB. */
  backfillBytesPerSecond?: number;
  /** Newest records that wait for the live lane; older ones go by backfill. Default 32: three seconds. */
  liveQueueMax?: number;
  /** A record that has its PUBACK but no end-to-end acknowledgement is sent again after this. Wall ms. Default 15 000. */
  resendAfterMs?: number;
}

export interface UplinkOptions {
  thing: string;
  journal: Journal;
  cursor: Cursor;
  link: Link;
  raceClock: Clock;
  wallClock: Clock;
  log: Log;
  limits?: UplinkLimits;
}

/** Counts since the start. Frames beside all records, because an audit counts frames. */
export interface UplinkStats {
  state: LinkState;
  /** Connections after the first. */
  reconnects: number;
  publishedRecords: number;
  publishedFrames: number;
  /** Publishes beyond the first of each record. */
  resentRecords: number;
  pubackedFrames: number;
  /** Acknowledged end to end: unique records. */
  ackedRecords: number;
  ackedFrames: number;
  /** Records set aside because the broker closes the connection on them. */
  refusedRecords: number;
  inFlight: number;
  /** Round trip of the newest PUBACK, wall ms. */
  rttMs: number | null;
}

const DEFAULT_LIMITS: Required<UplinkLimits> = {
  inFlightMax: 100,
  messagesPerSecond: 100,
  bytesPerSecond: 512 * 1024,
  backfillBytesPerSecond: 256 * 1024,
  liveQueueMax: 32,
  resendAfterMs: 15_000,
};
/** Each resend of a record waits twice as long as the one before, up to 2⁴: a cloud that is down for an hour is not flooded. */
const RESEND_LEVELS = 5;
/** Share of the allowances that backfill leaves to what may happen next. */
const LIVE_RESERVE = 0.25;

interface Sent {
  delivery: Delivery;
  dueMs: number;
}

/**
 * Sends what the journal holds to one destination: the newest at once and in order (live lane), older records within
 * what is left (backfill lane), again what was not acknowledged end to end.
 *
 * Every record is in one place: the live queue, the backfill queue, in flight, or a queue of its resend level (ordered by
 * the time it is due, as all in it wait equally long). Acknowledged ones are skipped when their turn comes: nothing is
 * ever searched.
 */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #limits: Required<UplinkLimits>;
  readonly #messages: Budget;
  readonly #bytes: Budget;
  readonly #backfillBytes: Budget;
  readonly #live = new Queue<Delivery>();
  readonly #backfill = new Queue<Delivery>();
  readonly #sent: Queue<Sent>[] = Array.from({ length: RESEND_LEVELS }, () => new Queue<Sent>());
  readonly #guard: RefusalGuard;
  #backfilling = false;
  #connections = 0;
  readonly #stats: UplinkStats = {
    state: 'down',
    reconnects: 0,
    publishedRecords: 0,
    publishedFrames: 0,
    resentRecords: 0,
    pubackedFrames: 0,
    ackedRecords: 0,
    ackedFrames: 0,
    refusedRecords: 0,
    inFlight: 0,
    rttMs: null,
  };

  constructor(options: UplinkOptions) {
    const { raceClock, wallClock, cursor, limits } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#messages = new Budget(this.#limits.messagesPerSecond, raceClock, wallClock);
    this.#bytes = new Budget(this.#limits.bytesPerSecond, raceClock, wallClock);
    this.#backfillBytes = new Budget(this.#limits.backfillBytesPerSecond, raceClock, wallClock);
    this.#guard = new RefusalGuard(wallClock);
    for (const delivery of cursor.unacked()) this.#backfill.push(delivery);
    cursor.onDelivery = (delivery) => this.#admit(delivery);
  }

  /** Told by the owner of the link. */
  onLinkState(state: LinkState): void {
    this.#stats.state = state;
    if (state === 'up') {
      this.#stats.reconnects = this.#connections++;
      this.#guard.connected();
      this.pump();
      return;
    }
    const culprit = this.#guard.lost();
    if (culprit && culprit.state !== 'freed') this.#setAside(culprit);
  }

  /** An end-to-end acknowledgement came. */
  acknowledge(ack: Pick<AckMessage, 'boot' | 'family' | 'ranges'>): void {
    const { journal, cursor } = this.#options;
    journal.acknowledge(cursor, ack, ({ entry }) => {
      this.#stats.ackedRecords++;
      if (entry.kind === 'frame') this.#stats.ackedFrames++;
    });
  }

  /** Call a few times a second: looks for what is due again, and sends what the allowances now permit. */
  tick(): void {
    const nowMs = this.#options.wallClock.nowMs();
    for (const queue of this.#sent) {
      for (let first = queue.peek(); first && first.dueMs <= nowMs; first = queue.peek()) {
        queue.shift();
        if (first.delivery.state === 'sent') this.#requeue(first.delivery);
      }
    }
    this.pump();
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (this.#stats.state !== 'up') return;
    // While one of the older records is under suspicion they go first, one at a time.
    if (!this.#guard.cautious || this.#backfill.length === 0) this.#sendLive();
    if (!this.#backfilling && this.#backfill.length > 0) void this.#sendBackfill();
  }

  stats(): UplinkStats {
    return { ...this.#stats };
  }

  #admit(delivery: Delivery): void {
    this.#live.push(delivery);
    if (this.#live.length > this.#limits.liveQueueMax) this.#requeue(this.#live.shift()!);
  }

  #sendLive(): void {
    while (this.#live.length > 0 && this.#mayPublish(0)) {
      const delivery = this.#live.shift()!;
      if (delivery.state !== 'unsent') continue;
      // Another destination was quicker and let go of the bytes.
      if (!delivery.entry.payload) this.#requeue(delivery);
      else this.#publish(delivery, delivery.entry.payload, 'live');
    }
  }

  /** To the backfill lane; its bytes are read back from the journal when its turn comes. */
  #requeue(delivery: Delivery): void {
    if (delivery.state === 'freed') return;
    this.#options.cursor.mark(delivery, 'unsent');
    delivery.entry.payload = null;
    this.#backfill.push(delivery);
  }

  /** One reader at a time: reads are mostly sequential, and order is kept. */
  async #sendBackfill(): Promise<void> {
    this.#backfilling = true;
    try {
      while (this.#stats.state === 'up' && this.#backfill.length > 0 && this.#mayBackfill()) {
        const delivery = this.#backfill.shift()!;
        if (delivery.state !== 'unsent') continue;
        const payload = await this.#read(delivery);
        if (!payload || (delivery.state as Delivery['state']) === 'freed') continue;
        if (this.#stats.state === 'up') {
          this.#backfillBytes.spend(payload.length);
          this.#publish(delivery, payload, 'backfill');
        } else {
          this.#backfill.push(delivery);
        }
      }
    } finally {
      this.#backfilling = false;
    }
  }

  async #read(delivery: Delivery): Promise<Uint8Array | undefined> {
    const { journal, cursor, log } = this.#options;
    try {
      return await journal.read(delivery.entry);
    } catch (error) {
      // Freed while it was read: the segment went with it.
      if (delivery.state === 'freed') return undefined;
      log.error('uplink: a journaled record is lost', { seq: delivery.entry.seq, error: errorCode(error) });
      journal.dropDamaged(cursor, delivery);
      return undefined;
    }
  }

  #mayPublish(reserve: number): boolean {
    const inFlightMax = this.#guard.cautious ? 1 : this.#limits.inFlightMax;
    return this.#stats.inFlight < inFlightMax && this.#messages.has(reserve) && this.#bytes.has(reserve);
  }

  #mayBackfill(): boolean {
    return this.#mayPublish(LIVE_RESERVE) && this.#backfillBytes.has();
  }

  #publish(delivery: Delivery, payload: Uint8Array, lane: Lane): void {
    const { thing, link, cursor, wallClock } = this.#options;
    const { kind } = delivery.entry;
    if (kind === 'frame') {
      setFrameLane(payload, lane);
      this.#stats.publishedFrames++;
    }
    this.#stats.publishedRecords++;
    if (delivery.attempts++ > 0) this.#stats.resentRecords++;
    cursor.mark(delivery, 'inFlight');
    this.#stats.inFlight++;
    this.#messages.spend(1);
    this.#bytes.spend(payload.length);
    this.#guard.published(delivery);
    const sentMs = wallClock.nowMs();
    link.publish(topicOf(kind, thing, lane), payload, 1).then(
      () => this.#onPuback(delivery, sentMs),
      () => this.#onUnanswered(delivery),
    );
  }

  #onPuback(delivery: Delivery, sentMs: number): void {
    const nowMs = this.#options.wallClock.nowMs();
    this.#stats.inFlight--;
    this.#stats.rttMs = nowMs - sentMs;
    this.#guard.answered(delivery);
    if (delivery.entry.kind === 'frame') this.#stats.pubackedFrames++;
    if (delivery.state === 'inFlight') {
      this.#options.cursor.mark(delivery, 'sent');
      // With several destinations the others read it back from the segment.
      delivery.entry.payload = null;
      this.#sendAgainLater(delivery, nowMs);
    }
    this.pump();
  }

  /** The link went down under it, or refused it: whether the broker has it is not known. */
  #onUnanswered(delivery: Delivery): void {
    this.#stats.inFlight--;
    if (delivery.state !== 'inFlight') return;
    this.#requeue(delivery);
  }

  /** It closed the connection several times: others first. It stays in the journal and is tried again after a long wait. */
  #setAside(delivery: Delivery): void {
    const { log, thing, cursor } = this.#options;
    const topic = topicOf(delivery.entry.kind, thing, 'live');
    log.error('uplink: the broker closes the connection on this record; does the policy allow its topic?', {
      seq: delivery.entry.seq,
      topic,
    });
    this.#stats.refusedRecords++;
    cursor.mark(delivery, 'sent');
    delivery.attempts = RESEND_LEVELS;
    this.#sendAgainLater(delivery, this.#options.wallClock.nowMs());
  }

  #sendAgainLater(delivery: Delivery, nowMs: number): void {
    const level = Math.min(delivery.attempts, RESEND_LEVELS) - 1;
    this.#sent[level].push({ delivery, dueMs: nowMs + this.#limits.resendAfterMs * 2 ** level });
  }
}
