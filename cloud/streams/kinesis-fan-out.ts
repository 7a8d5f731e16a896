import {
  type KinesisClient,
  SubscribeToShardCommand,
  type SubscribeToShardEvent,
  type SubscribeToShardEventStream,
} from '@aws-sdk/client-kinesis';
import type { Clock } from '#wire/clock.js';
import { actionFor } from './aws-errors.js';
import { pause } from './back-off.js';
import type { FanOutConsumer } from './fan-out-consumer.js';
import { fromRecord, startingPosition } from './kinesis-polling.js';
import { fromChildShard, listShards } from './list-shards.js';
import type { ShardPosition } from './shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource } from './source.js';

export interface KinesisFanOutOptions {
  client: KinesisClient;
  streamName: string;
  /** Who the shards are pushed to. */
  consumer: FanOutConsumer;
  /** The clock by which the service counts. */
  raceClock: Clock;
}

/** An event's data; the connection holds what comes behind one that is not taken yet, and then the service waits. */
const EVENT_BYTES_MAX = 2 * 1_048_576;
/** The service says something every 5 s, if only that nothing is new: after so long a silence the subscription is dead. */
const SILENCE_MS = 13_000;
/** A call takes an earlier subscription of the same consumer and shard over when that is at least so old; else it is refused. Race ms. */
const TAKE_OVER_MS = 5_000;
/** Race time has no timers: so often is looked. */
const TAKE_OVER_LOOK_MS = 100;

/**
 * Kinesis by enhanced fan-out: each shard is pushed to this consumer, 2 MB a second for it alone. A subscription lasts five
 * minutes and is renewed where it ended, without a word to the reader.
 *
 * @example
 * const consumer = fanOutConsumer({ client, streamName, consumerName: 'board', random });
 * const source = kinesisFanOut({ client, streamName, consumer, raceClock });
 */
export function kinesisFanOut(options: KinesisFanOutOptions): ShardSource {
  const { client, streamName } = options;
  const subscribed = new Map<string, number>();
  return {
    name: streamName,
    polls: false,
    readBytesMax: EVENT_BYTES_MAX,
    list: (signal) => listShards(client, streamName, signal),
    open: (shardId, position) => new FanOutCursor(options, shardId, position, subscribed),
  };
}

class FanOutCursor implements ShardCursor {
  readonly #options: KinesisFanOutOptions;
  readonly #shardId: string;
  /** When each shard of the source was last subscribed to, race ms. */
  readonly #subscribed: Map<string, number>;
  #position: ShardPosition;
  #call: AbortController | undefined;
  #events: AsyncIterator<SubscribeToShardEventStream> | undefined;

  constructor(
    options: KinesisFanOutOptions,
    shardId: string,
    position: ShardPosition,
    subscribed: Map<string, number>,
  ) {
    this.#options = options;
    this.#shardId = shardId;
    this.#position = position;
    this.#subscribed = subscribed;
  }

  async next(signal: AbortSignal): Promise<ShardRead> {
    try {
      for (;;) {
        this.#events ??= await this.#subscribe(signal);
        const { value, done } = await this.#heard(this.#events, signal);
        if (!done) return this.#toRead(value.SubscribeToShardEvent);
        // Its time was up.
        this.close();
      }
    } catch (error) {
      // The shard or the consumer: who reads asks for the one, and the other is asked for again.
      if (actionFor(error) === 'gone') this.#options.consumer.forget();
      throw error;
    }
  }

  close(): void {
    this.#call?.abort();
    this.#call = undefined;
    this.#events = undefined;
  }

  async #subscribe(signal: AbortSignal): Promise<AsyncIterator<SubscribeToShardEventStream>> {
    const { client, consumer, raceClock } = this.#options;
    await this.#waitForTakeOver(signal);
    const input = {
      ConsumerARN: await consumer.arn(signal),
      ShardId: this.#shardId,
      StartingPosition: startingPosition(this.#position),
    };
    const call = new AbortController();
    this.#call = call;
    const onAbort = () => call.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.#subscribed.set(this.#shardId, raceClock.nowMs());
      const { EventStream: events } = await client.send(new SubscribeToShardCommand(input), {
        abortSignal: call.signal,
      });
      return events![Symbol.asyncIterator]();
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Calls that follow each other too closely are refused. */
  async #waitForTakeOver(signal: AbortSignal): Promise<void> {
    const lastMs = this.#subscribed.get(this.#shardId);
    if (lastMs === undefined) return;
    while (this.#options.raceClock.nowMs() - lastMs < TAKE_OVER_MS && !signal.aborted)
      await pause(TAKE_OVER_LOOK_MS, signal);
  }

  /** The next event; a silence that is too long, or the signal, is an error. */
  async #heard(
    events: AsyncIterator<SubscribeToShardEventStream>,
    signal: AbortSignal,
  ): Promise<IteratorResult<SubscribeToShardEventStream>> {
    let onAbort = () => {};
    let timer: NodeJS.Timeout | undefined;
    const otherwise = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(named('TimeoutError', 'The subscription fell silent.')), SILENCE_MS);
      onAbort = () => reject(named('AbortError', 'The subscription was left.'));
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
    try {
      return await Promise.race([events.next(), otherwise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #toRead(event: SubscribeToShardEvent | undefined): ShardRead {
    // A kind of event that this version does not know; errors are raised by the SDK.
    if (!event) return { records: [], millisBehindLatest: 0, ended: false, children: [] };
    const { Records, ContinuationSequenceNumber, MillisBehindLatest, ChildShards } = event;
    if (ContinuationSequenceNumber) this.#position = ContinuationSequenceNumber;
    return {
      records: (Records ?? []).map(fromRecord),
      millisBehindLatest: MillisBehindLatest ?? 0,
      // The last event of a closed shard has nothing to go on from.
      ended: !ContinuationSequenceNumber,
      children: (ChildShards ?? []).map(fromChildShard),
    };
  }
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
