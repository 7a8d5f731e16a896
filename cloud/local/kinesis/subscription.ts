import type { Writable } from 'node:stream';
import type { Clock } from '#wire/clock.js';
import type { BodyFormat } from '../body-format.js';
import { encodeEvent, encodeException } from '../event-stream.js';
import { TokenBucket } from '../token-bucket.js';
import { describeChildren } from './context.js';
import type { KinesisLimits } from './limits.js';
import { encodeRecords } from './records-json.js';
import type { Shard } from './shard.js';
import type { Stream } from './stream.js';

/** An idle subscription says so this often, wall ms, as on AWS: a reader that hears nothing for longer may give it up. */
export const HEARTBEAT_MS = 5_000;
/** How long what was written may wait for a client that is slow to take it after the end, wall ms. */
const LINGER_MS = 10_000;
/** Longest partition key, as UTF-8. */
const KEY_BYTES_MAX = 1_024;

export interface SubscriptionOptions {
  /** Of the events' documents. */
  format: BodyFormat;
  stream: Stream;
  shard: Shard;
  /** Number of the first record to push. */
  next: number;
  limits: KinesisLimits;
  raceClock: Clock;
  wallClock: Clock;
  /** How many records went out. */
  onRecords(count: number): void;
  /** Called once, however it ends. */
  onEnd(): void;
}

/**
 * One answer to SubscribeToShard. Pushes records when they become visible; holds back, and reads nothing, while the client
 * does not take what was written or the rate is used up, so that no more than one event waits here for a slow reader.
 */
export class Subscription {
  readonly shard: Shard;
  readonly stream: Stream;
  readonly #options: SubscriptionOptions;
  readonly #rate: TokenBucket;
  readonly #untilMs: number;
  readonly #stopWatching: () => void;
  readonly #out: Writable;
  #next: number;
  #lastEventMs = Number.NEGATIVE_INFINITY;
  #isBlocked = false;
  #isOver = false;

  constructor(out: Writable, options: SubscriptionOptions) {
    const { stream, shard, next, limits, raceClock } = options;
    this.#options = options;
    this.#out = out;
    this.stream = stream;
    this.shard = shard;
    this.#next = next;
    const nowMs = raceClock.nowMs();
    this.#rate = new TokenBucket(limits.subscriptionBytesPerSecond, nowMs);
    this.#untilMs = nowMs + limits.subscriptionLifeMs;
    this.#stopWatching = shard.watch(() => this.#push());
    out.on('drain', () => {
      this.#isBlocked = false;
      this.#push();
    });
    out.once('close', () => this.#finish());
    out.on('error', () => this.#finish());
    // The initial response is a message of its own; without it the client's call does not resolve.
    this.#write(encodeEvent('initial-response', [EMPTY], this.#options.format));
    this.tick();
  }

  /** What no commit tells: the end of its life, a rate that allows more, silence for too long. */
  tick(): void {
    if (this.#isOver) return;
    const { raceClock, wallClock } = this.#options;
    const isSilent = wallClock.nowMs() - this.#lastEventMs >= HEARTBEAT_MS;
    if (raceClock.nowMs() >= this.#untilMs) this.end();
    else if (isSilent && !this.#isBlocked) this.#send();
    else this.#push();
  }

  /** Ends it as when its time is up. */
  end(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#out.end();
    // What waits in it may be the last of a shard. A client that takes nothing would keep it for ever.
    if (this.#isBlocked) setTimeout(() => this.#out.destroy(), LINGER_MS).unref();
  }

  /** Ends it with an error that the client gets inside the stream. */
  fail(code: string, message: string): void {
    if (this.#isOver) return;
    if (!this.#isBlocked) this.#write(encodeException(code, message, this.#options.format));
    this.end();
  }

  #push(): void {
    while (!this.#isOver && !this.#isBlocked && this.shard.hasNews(this.#next)) {
      if (!this.#rate.has(1, this.#options.raceClock.nowMs())) return;
      this.#send();
    }
  }

  /** One event: records, if there are any, and how things stand. */
  #send(): void {
    const { limits, raceClock, wallClock, onRecords } = this.#options;
    const nowMs = raceClock.nowMs();
    this.shard.expire(this.stream.trimHorizonMs(nowMs));
    // A whole record always fits, or the subscription would stand still before it.
    const bytesMax = limits.recordBytesMax + KEY_BYTES_MAX;
    const { json, count, payloadBytes, next, lastArrivedAtMs } = this.shard.read(
      this.#next,
      limits.getRecordsMax,
      bytesMax,
    );
    this.#next = next;
    this.#rate.take(payloadBytes, nowMs);
    this.#lastEventMs = wallClock.nowMs();
    onRecords(count);
    const isEnd = this.shard.isEnd(next);
    const rest = isEnd
      ? { MillisBehindLatest: 0, ChildShards: describeChildren(this.stream, this.shard) }
      : {
          ContinuationSequenceNumber: this.shard.sequence.formatBehind(next - 1),
          MillisBehindLatest: this.shard.behindMs(next, lastArrivedAtMs, nowMs),
        };
    this.#write(encodeEvent('SubscribeToShardEvent', encodeRecords(json, rest), this.#options.format));
    if (isEnd) this.end();
  }

  #write(message: Buffer): void {
    this.#isBlocked = !this.#out.write(message);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopWatching();
    this.#options.onEnd();
  }
}

const EMPTY = Buffer.from('{}');
