import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { actionFor } from '../aws-errors.js';
import { backOffMs } from '../back-off.js';
import { Aggregator } from '../kpl/aggregate.js';
import { listOpenShards } from '../list-shards.js';
import { type CallOptions, putRecords, within } from './call.js';
import type { Hand } from './hand.js';
import { Lane, type Outgoing } from './lane.js';
import { type Attempt, noteAttempt, type Pending, PutError } from './pending.js';
import { type PacedShard, ShardMap } from './shard-map.js';
import type { Counters } from './stats.js';

export interface SenderOptions extends CallOptions {
  /** Bytes of an aggregate at most; 0 = each user record travels alone. */
  aggregateBytes: number;
  lingerMs: number;
  ttlMs: number;
  maxCalls: number;
  onThrottled(hashKey: string, atMs: number): void;
  log: Log;
  raceClock: Clock;
  random: Random;
}

/** A record in a call, and the shard whose pace let it go. */
interface Sending extends Outgoing {
  shard: PacedShard;
}

/** PutRecords takes 500 records and 10 MiB; the KPL's half keeps a retry cheap. */
const CALL_RECORDS_MAX = 500;
const CALL_BYTES_MAX = 5 * 1_024 * 1_024;
const RETRY = { firstMs: 50, lastMs: 2_000 };
/** Between looks at a pace whose clock's rate is not known, wall ms. */
const PACE_LOOK_MS = 25;
/** Between looks at what is past its time, wall ms. */
const EXPIRY_LOOK_MS = 250;
const THROTTLED = 'ProvisionedThroughputExceededException';

/**
 * Brings records to the stream. A key's lane waits for company or for its next try; when due it stands in the queue of its
 * shard, whose pace lets it into a call; while it is away, nothing else of the key goes.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #hand: Hand;
  readonly #counters: Counters;
  readonly #aggregator: Aggregator | undefined;
  readonly #shards: ShardMap;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes that are not due yet. */
  readonly #waiting = new Set<Lane>();
  #calls = 0;
  /** Calls that failed as a whole, in a row; none is made before `#heldUntilMs`. */
  #failures = 0;
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor(options: SenderOptions, hand: Hand, counters: Counters) {
    const { client, streamName, aggregateBytes, callTimeoutMs } = options;
    this.#options = options;
    this.#hand = hand;
    this.#counters = counters;
    this.#aggregator = aggregateBytes > 0 ? new Aggregator(aggregateBytes) : undefined;
    this.#shards = new ShardMap({
      ...options,
      list: () => within(callTimeoutMs, (signal) => listOpenShards(client, streamName, signal)),
      onListed: () => this.#go(),
    });
  }

  get listings(): number {
    return this.#shards.listings;
  }

  get shares(): Record<string, number> {
    return Object.fromEntries(this.#shards.shards.map(({ shardId, pace }) => [shardId, pace?.share ?? 1]));
  }

  add(pending: Pending): void {
    if (!this.#shards.isReady) this.#shards.refresh();
    const nowMs = this.#options.wallClock.nowMs();
    let lane = this.#lanes.get(pending.partitionKey);
    if (!lane) {
      lane = new Lane(pending.partitionKey);
      this.#lanes.set(lane.key, lane);
      lane.add(pending);
      this.#wait(lane, nowMs);
    } else lane.add(pending);
    if (this.#aggregator && lane.failures === 0 && this.#waiting.has(lane) && this.#isFull(lane)) lane.dueMs = nowMs;
    if (this.#waiting.has(lane)) this.#wakeAt(lane.dueMs);
  }

  /** What waits for company waits no longer. */
  hurry(): void {
    this.#wakeAt(this.#options.wallClock.nowMs());
  }

  #isFull(lane: Lane): boolean {
    return lane.bytes >= this.#options.aggregateBytes;
  }

  #wait(lane: Lane, nowMs: number): void {
    const { lingerMs, random } = this.#options;
    if (lane.failures > 0) lane.dueMs = nowMs + backOffMs(lane.failures, RETRY, random);
    else lane.dueMs = this.#aggregator && this.#isFull(lane) ? nowMs : lane.oldestMs + lingerMs;
    this.#waiting.add(lane);
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakeMs) return;
    clearTimeout(this.#timer);
    this.#wakeMs = atMs;
    this.#timer = setTimeout(
      () => {
        this.#wakeMs = Number.POSITIVE_INFINITY;
        this.#go();
      },
      Math.max(0, Math.ceil(atMs - this.#options.wallClock.nowMs())),
    );
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    this.#wakeMs = Number.POSITIVE_INFINITY;
  }

  /** Does all that can be done now, and sees to it that it is called when there is more. */
  #go(): void {
    const nowMs = this.#options.wallClock.nowMs();
    this.#expire(nowMs);
    let nextMs = this.#hand.records > 0 ? nowMs + EXPIRY_LOOK_MS : Number.POSITIVE_INFINITY;
    const isHurried = this.#hand.isFlushing;
    for (const lane of this.#waiting) {
      if (lane.dueMs <= nowMs || (isHurried && lane.failures === 0)) {
        this.#waiting.delete(lane);
        this.#shards.route(lane.hashKey).ready.push(lane);
      } else nextMs = Math.min(nextMs, lane.dueMs);
    }
    if (this.#shards.isReady && nowMs >= this.#heldUntilMs) {
      while (this.#calls < this.#options.maxCalls) {
        const batch = this.#collect();
        if (batch.length === 0) break;
        void this.#call(batch);
      }
      // A call that ends comes here by itself; what is left while one more could be made waits for its pace.
      if (this.#calls < this.#options.maxCalls && this.#shards.hasReady)
        nextMs = Math.min(nextMs, nowMs + PACE_LOOK_MS);
    } else if (this.#shards.hasReady) nextMs = Math.min(nextMs, Math.max(nowMs, this.#heldUntilMs));
    if (nextMs < Number.POSITIVE_INFINITY) this.#wakeAt(nextMs);
    else this.#sleep();
  }

  /** What one call takes, as far as the shards' paces let it go. */
  #collect(): Sending[] {
    const { aggregateBytes, raceClock } = this.#options;
    const nowMs = raceClock.nowMs();
    const batch: Sending[] = [];
    let bytes = 0;
    for (const shard of this.#shards.inTurn()) {
      const { ready, pace } = shard;
      while (ready.length > 0) {
        const [lane] = ready;
        if (lane.isEmpty) {
          // All of it was given back while it stood here.
          ready.shift();
          this.#lanes.delete(lane.key);
          continue;
        }
        const nextBytes = lane.nextBytes(aggregateBytes);
        if (batch.length === CALL_RECORDS_MAX || (batch.length > 0 && bytes + nextBytes > CALL_BYTES_MAX)) return batch;
        if (pace && !pace.admits(nextBytes, nowMs)) break;
        ready.shift();
        const outgoing = lane.next(this.#aggregator);
        lane.isAway = true;
        pace?.take(outgoing.bytes, nowMs);
        bytes += outgoing.bytes;
        batch.push({ shard, ...outgoing });
      }
    }
    return batch;
  }

  async #call(batch: readonly Sending[]): Promise<void> {
    const { wallClock, raceClock } = this.#options;
    const startMs = wallClock.nowMs();
    const sentMs = raceClock.nowMs();
    this.#calls++;
    this.#counters.calls++;
    for (const { users } of batch) {
      for (const { tries, putMs } of users) if (tries === 0) this.#counters.buffering.add(startMs - putMs);
    }
    const { attempts, cause } = await putRecords(
      this.#options,
      batch.map(({ record }) => record),
    );
    if (cause === undefined) this.#answered(batch, attempts, sentMs);
    else this.#failed(batch, attempts, sentMs, cause);
    this.#calls--;
    const nowMs = wallClock.nowMs();
    for (const { lane } of batch) this.#back(lane, nowMs);
    this.#go();
  }

  #back(lane: Lane, nowMs: number): void {
    lane.isAway = false;
    if (lane.isEmpty) this.#lanes.delete(lane.key);
    else this.#wait(lane, nowMs);
  }

  #answered(batch: readonly Sending[], attempts: readonly Attempt[], sentMs: number): void {
    this.#failures = 0;
    const isAlive = attempts.some(({ sequenceNumber }) => sequenceNumber !== undefined);
    batch.forEach((sending, i) => {
      const attempt = attempts[i];
      if (attempt.errorCode === undefined) {
        this.#written(sending, attempt);
        return;
      }
      this.#counters.retried++;
      this.#note(sending, attempt);
      // Where other records went through, the stream is alive: this one needs a moment, not patience.
      sending.lane.failures = isAlive ? 1 : sending.lane.failures + 1;
      if (attempt.errorCode === THROTTLED) this.#throttled(sending, sentMs);
    });
  }

  #failed(batch: readonly Sending[], attempts: readonly Attempt[], sentMs: number, cause: unknown): void {
    const { streamName, wallClock, random, log } = this.#options;
    const code = errorCode(cause);
    const action = actionFor(cause);
    log.warn('Records could not be put.', { stream: streamName, records: batch.length, code });
    this.#counters.callsFailed++;
    this.#heldUntilMs = wallClock.nowMs() + backOffMs(++this.#failures, RETRY, random);
    batch.forEach((sending, i) => {
      this.#note(sending, attempts[i]);
      if (action === 'giveUp' || action === 'gone') this.#refuse(sending, code, cause);
      else this.#counters.retried++;
      if (action === 'slowDown') this.#throttled(sending, sentMs);
    });
  }

  #written({ shard, lane, users }: Sending, attempt: Attempt): void {
    const { shardId = '', sequenceNumber = '' } = attempt;
    if (shard.shardId !== shardId) {
      // One key is in one shard, so nothing of the record is in the wrong place: only what we know is old.
      if (shard.pace) this.#counters.wrongShard++;
      this.#shards.refresh();
    }
    lane.drop(users.length);
    lane.failures = 0;
    this.#counters.kinesisRecords++;
    this.#counters.written += users.length;
    users.forEach((user, place) => {
      noteAttempt(user, attempt);
      const { tries, attempts } = user;
      const subSequenceNumber = users.length > 1 ? place : undefined;
      if (this.#hand.settle(user)) user.resolve({ shardId, sequenceNumber, subSequenceNumber, tries, attempts });
    });
  }

  #note({ users }: Sending, attempt: Attempt): void {
    this.#counters.countError(attempt.errorCode ?? '');
    for (const user of users) noteAttempt(user, attempt);
  }

  #throttled({ shard, hashKey }: Sending, sentMs: number): void {
    const { onThrottled, raceClock } = this.#options;
    const nowMs = raceClock.nowMs();
    shard.pace?.throttled(sentMs, nowMs);
    onThrottled(hashKey, nowMs);
  }

  #refuse({ lane, users }: Sending, why: string, cause: unknown): void {
    lane.drop(users.length);
    this.#counters.refused += users.length;
    for (const user of users) this.#giveBack(user, why, cause);
  }

  #expire(nowMs: number): void {
    for (const pending of this.#hand.expired(nowMs)) {
      const lane = this.#lanes.get(pending.partitionKey);
      // What is with Kinesis may be written yet: its answer decides.
      if (lane?.isAway) continue;
      lane?.remove(pending);
      this.#counters.expired++;
      this.#giveBack(pending, `not written within ${this.#options.ttlMs} ms`);
    }
  }

  #giveBack(pending: Pending, why: string, cause?: unknown): void {
    if (!this.#hand.settle(pending)) return;
    const { streamName } = this.#options;
    const what = `A record for ${streamName} was not written after ${pending.tries} tries: ${why}.`;
    pending.reject(new PutError({ what, retriable: cause === undefined, cause }, pending));
  }
}
