import type { Writable } from 'node:stream';
import type { Clock } from '#wire/clock.js';
import { AwsError } from '../aws-error.js';
import type { BodyFormat } from '../body-format.js';
import type { StartStream } from '../json-service.js';
import type { Catalog } from './catalog.js';
import type { KinesisLimits } from './limits.js';
import type { Shard } from './shard.js';
import type { Stream } from './stream.js';
import { Subscription } from './subscription.js';

/** How often clocks and rates are looked at, wall ms; commits push by themselves. */
const TICK_MS = 20;

export interface SubscriptionsOptions {
  catalog: Catalog;
  limits: KinesisLimits;
  raceClock: Clock;
  wallClock: Clock;
  onRecords(count: number): void;
}

/** One SubscribeToShard: which consumer reads which shard from where. */
export interface SubscriptionRequest {
  consumerArn: string;
  stream: Stream;
  shard: Shard;
  next: number;
}

/** Who holds a shard for a consumer: taken by the call, filled when its answer begins. */
interface Hold {
  consumerArn: string;
  sinceMs: number;
  subscription?: Subscription;
}

/** The subscriptions of all streams: at most one for each consumer and shard. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #holds = new Map<string, Hold>();
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Open now. */
  get count(): number {
    let count = 0;
    for (const { subscription } of this.#holds.values()) if (subscription !== undefined) count++;
    return count;
  }

  /**
   * Throws ResourceInUseException within five seconds of the last call for the same consumer and shard; later the one
   * before ends with that error. The returned function starts the subscription on the answer.
   */
  take(request: SubscriptionRequest): StartStream {
    const { consumerArn, stream, shard } = request;
    const key = `${consumerArn} ${shard.id}`;
    const before = this.#holds.get(key);
    const nowMs = this.#options.raceClock.nowMs();
    if (before !== undefined && nowMs - before.sinceMs < this.#options.limits.subscriptionTakeoverMs) {
      throw new AwsError(
        'ResourceInUseException',
        `Another active subscription exists for this consumer and shard ${shard.id} of stream ${stream.name}.`,
      );
    }
    before?.subscription?.fail('ResourceInUseException', 'Another call took this subscription over.');
    const hold: Hold = { consumerArn, sinceMs: nowMs };
    this.#holds.set(key, hold);
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return (out, format) => this.#start(out, format, request, hold);
  }

  /** A consumer was deregistered: its subscriptions end with an error. */
  endOf(consumerArn: string): void {
    for (const [key, hold] of this.#holds) {
      if (hold.consumerArn !== consumerArn) continue;
      hold.subscription?.fail('ResourceNotFoundException', 'The consumer was deregistered.');
      this.#holds.delete(key);
    }
  }

  close(): void {
    clearInterval(this.#ticker);
    for (const { subscription } of this.#holds.values()) subscription?.end();
    this.#holds.clear();
  }

  #start(out: Writable, format: BodyFormat, { stream, shard, next }: SubscriptionRequest, hold: Hold): void {
    let isOver = false;
    const onEnd = () => {
      isOver = true;
      hold.subscription = undefined;
    };
    const subscription = new Subscription(out, { ...this.#options, format, stream, shard, next, onEnd });
    // A closed shard may end within the constructor.
    if (!isOver) hold.subscription = subscription;
  }

  #tick(): void {
    const { catalog, limits, raceClock } = this.#options;
    const nowMs = raceClock.nowMs();
    for (const [key, hold] of this.#holds) {
      const { subscription } = hold;
      if (subscription === undefined) {
        // Kept while it still keeps others away.
        if (nowMs - hold.sinceMs >= limits.subscriptionTakeoverMs) this.#holds.delete(key);
      } else if (catalog.find(subscription.stream.name) !== subscription.stream) {
        subscription.fail('ResourceNotFoundException', `Stream ${subscription.stream.name} was deleted.`);
      } else subscription.tick();
    }
    if (this.#holds.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }
}
