import type { Cursor, Delivery } from '../journal/cursor.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../wire/clock.js';
import { errorCode } from '../wire/errors.js';
import { setFrameLane } from '../wire/frame.js';
import type { Log } from '../wire/log.js';
import type { AckMessage, Lane } from '../wire/messages.js';
import { Allowance, type UplinkLimits } from './allowance.js';
import type { Link, LinkState } from './link.js';
import { Refusals, type Refused } from './refusals.js';
import { Resend, type ResendRange, type ResendResult } from './resend.js';
import { topicOf } from './topic.js';
import { Turns } from './turns.js';

export type { UplinkLimits } from './allowance.js';

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
  /** Times a record was set aside because the broker closes the connection on it. */
  refusedRecords: number;
  /** Topics that the broker refuses: what goes there waits. */
  refusedTopics: readonly string[];
  inFlight: number;
  /** Round trip of the newest PUBACK, wall ms. */
  rttMs: number | null;
}

/**
 * Sends what the journal holds to one destination: the newest at once and in order (live lane), older records within
 * what is left (backfill lane), again what was not acknowledged end to end.
 */
export class Uplink {
  readonly #options: UplinkOptions;
  readonly #allowance: Allowance;
  readonly #turns = new Turns();
  readonly #refusals: Refusals;
  readonly #resend: Resend;
  #backfilling = false;
  #connections = 0;
  readonly #stats = {
    state: 'down' as LinkState,
    reconnects: 0,
    publishedRecords: 0,
    publishedFrames: 0,
    resentRecords: 0,
    pubackedFrames: 0,
    ackedRecords: 0,
    ackedFrames: 0,
    refusedRecords: 0,
    rttMs: null as number | null,
  };

  constructor(options: UplinkOptions) {
    const { raceClock, wallClock, journal, cursor, limits } = options;
    this.#options = options;
    this.#allowance = new Allowance(limits, raceClock, wallClock);
    this.#refusals = new Refusals(options);
    this.#resend = new Resend({
      journal,
      mayPublish: () => this.#maySend && this.#turns.backfillLength === 0 && this.#mayBackfill(),
      publish: ({ kind, payload }) => this.#hand(topicOf(kind, options.thing, 'backfill'), payload, 'backfill'),
    });
    for (const delivery of cursor.unacked()) this.#turns.pushBackfill(delivery);
    cursor.onDelivery = (delivery) => this.#admit(delivery);
  }

  /** Changes the limits while it runs; what is absent is as it is by default. */
  limit(limits: UplinkLimits): void {
    this.#allowance.limit(limits);
  }

  /** Whether records of low priority keep waiting; everything else goes its way. */
  holdLow(isHeld: boolean): void {
    this.#turns.lowWaits = isHeld;
  }

  /** Told by the owner of the link. */
  onLinkState(state: LinkState): void {
    this.#stats.state = state;
    if (state === 'up') {
      this.#stats.reconnects = this.#connections++;
      this.#refusals.connected();
      this.pump();
      return;
    }
    const refused = this.#refusals.lost();
    if (refused) this.#setAside(refused);
  }

  /** An end-to-end acknowledgement came. */
  acknowledge(ack: Pick<AckMessage, 'boot' | 'family' | 'ranges'>): void {
    const { journal, cursor } = this.#options;
    journal.acknowledge(cursor, ack, ({ entry }) => {
      this.#stats.ackedRecords++;
      if (entry.kind === 'frame') this.#stats.ackedFrames++;
    });
  }

  /** Sends a run of records once more by the backfill lane, after all that waits: acknowledged ones too, if they are still there. */
  resend(range: ResendRange): Promise<ResendResult> {
    return this.#resend.start(range);
  }

  /** Call a few times a second: looks for what is due again, and sends what the allowances now permit. */
  tick(): void {
    for (const delivery of this.#turns.due(this.#options.wallClock.nowMs())) this.#requeue(delivery);
    const probe = this.#maySend && this.#allowance.inFlight === 0 ? this.#refusals.probe() : undefined;
    if (probe) void this.#sendOld(probe.delivery, probe.topic);
    this.pump();
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (!this.#maySend) return;
    // While one of the older records is under suspicion they go first, one at a time.
    if (!this.#refusals.cautious || this.#turns.backfillLength === 0) this.#sendLive();
    if (!this.#backfilling && this.#turns.backfillLength > 0) void this.#sendBackfill();
    this.#resend.pump();
  }

  stats(): UplinkStats {
    return { ...this.#stats, inFlight: this.#allowance.inFlight, refusedTopics: this.#refusals.topics };
  }

  get #maySend(): boolean {
    return this.#stats.state === 'up';
  }

  #mayBackfill(): boolean {
    return this.#allowance.allowsBackfill(this.#refusals.cautious);
  }

  #admit(delivery: Delivery): void {
    const { live } = this.#turns;
    // Recovered from a former start.
    if (!delivery.holds) this.#turns.pushBackfill(delivery);
    // What may wait makes no live record wait.
    else if (delivery.entry.segment.name.priority === 'low') this.#requeue(delivery);
    else live.push(delivery);
    if (live.length > this.#allowance.limits.liveQueueMax) this.#requeue(live.shift()!);
  }

  #sendLive(): void {
    const { live } = this.#turns;
    while (live.length > 0 && this.#allowance.allowsLive(this.#refusals.cautious)) {
      const delivery = live.shift()!;
      if (delivery.state !== 'unsent') continue;
      const topic = topicOf(delivery.entry.kind, this.#options.thing, 'live');
      if (this.#refusals.isHeld(topic)) this.#requeue(delivery);
      else this.#publish(delivery, topic, delivery.entry.payload!, 'live');
    }
  }

  /** To the backfill lane; its bytes are read back from the journal when its turn comes. */
  #requeue(delivery: Delivery, isNext = false): void {
    if (delivery.state === 'freed') return;
    const { cursor } = this.#options;
    cursor.mark(delivery, 'unsent');
    cursor.letGo(delivery);
    if (isNext) this.#turns.returnBackfill(delivery);
    else this.#turns.pushBackfill(delivery);
  }

  /** One reader at a time: reads are mostly sequential, and order is kept. */
  async #sendBackfill(): Promise<void> {
    this.#backfilling = true;
    try {
      while (this.#maySend && this.#mayBackfill()) {
        const delivery = this.#turns.shiftBackfill();
        if (!delivery) return;
        const topic = topicOf(delivery.entry.kind, this.#options.thing, 'backfill');
        if (delivery.state === 'unsent' && !this.#refusals.park(topic, delivery)) await this.#sendOld(delivery, topic);
      }
    } finally {
      this.#backfilling = false;
    }
  }

  async #sendOld(delivery: Delivery, topic: string): Promise<void> {
    const payload = await this.#read(delivery);
    if (!payload || delivery.state === 'freed') return;
    const isLive = topic !== topicOf(delivery.entry.kind, this.#options.thing, 'backfill');
    if (this.#maySend) this.#publish(delivery, topic, payload, isLive ? 'live' : 'backfill');
    else this.#turns.pushBackfill(delivery);
  }

  async #read(delivery: Delivery): Promise<Uint8Array | undefined> {
    const { journal, cursor, log } = this.#options;
    try {
      return await journal.read(delivery.entry);
    } catch (error) {
      // Freed while it was read: the segment went with it.
      if (delivery.state === 'freed') return undefined;
      log.error('uplink: a journaled record is lost', { seq: delivery.entry.seq, error: errorCode(error) });
      await journal.giveUp(cursor, delivery, 'damaged');
      return undefined;
    }
  }

  #publish(delivery: Delivery, topic: string, payload: Uint8Array, lane: Lane): void {
    const { cursor } = this.#options;
    const { kind } = delivery.entry;
    if (kind === 'frame') {
      setFrameLane(payload, lane);
      this.#stats.publishedFrames++;
    }
    this.#stats.publishedRecords++;
    if (delivery.attempts++ > 0) this.#stats.resentRecords++;
    cursor.mark(delivery, 'inFlight');
    this.#refusals.published(delivery, topic);
    this.#hand(topic, payload, lane).then(
      () => this.#onPuback(delivery, topic),
      () => {
        // The link went down under it: whether the broker has it is not known. One under suspicion must not hide behind others.
        if (delivery.state === 'inFlight') this.#requeue(delivery, this.#refusals.cautious);
      },
    );
  }

  /** To the link, within the allowances. */
  async #hand(topic: string, payload: Uint8Array, lane: Lane): Promise<void> {
    const { link, wallClock } = this.#options;
    const sentMs = wallClock.nowMs();
    this.#allowance.spend(payload.length, lane === 'backfill');
    try {
      await link.publish(topic, payload, 1);
      this.#stats.rttMs = wallClock.nowMs() - sentMs;
    } finally {
      this.#allowance.inFlight--;
    }
  }

  #onPuback(delivery: Delivery, topic: string): void {
    const { cursor, wallClock } = this.#options;
    for (const waited of this.#refusals.answered(delivery, topic)) this.#requeue(waited);
    if (delivery.entry.kind === 'frame') this.#stats.pubackedFrames++;
    if (delivery.state === 'inFlight') {
      cursor.mark(delivery, 'sent');
      cursor.letGo(delivery);
      this.#turns.waitForAck(delivery, wallClock.nowMs(), this.#allowance.limits.resendAfterMs);
    }
    this.pump();
  }

  /** It closed the connection, alone in flight: its topic waits, or it comes again much later, or it is given up. */
  #setAside({ delivery, topic, fate, refusals }: Refused): void {
    const { log, cursor, journal, wallClock } = this.#options;
    const { seq, kind } = delivery.entry;
    this.#stats.refusedRecords++;
    cursor.letGo(delivery);
    if (fate === 'waits') {
      cursor.mark(delivery, 'unsent');
      return;
    }
    const whatNow = fate === 'never' ? 'set aside' : 'others go first';
    log.error(`uplink: the broker closes the connection on this record; ${whatNow}`, { seq, kind, topic, refusals });
    // Not waiting for its turn in either case.
    cursor.mark(delivery, 'sent');
    if (fate === 'never') void journal.giveUp(cursor, delivery, 'refused');
    else this.#turns.setBack(delivery, wallClock.nowMs(), this.#allowance.limits.resendAfterMs);
  }
}
