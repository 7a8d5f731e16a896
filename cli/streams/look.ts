import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import type { LoadBook } from '#cloud/streams/reshard/load-book.js';
import { atTimestamp, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardRead, ShardSource } from '#cloud/streams/source.js';
import { type Clock, wallClock } from '#wire/clock.js';

/** A shard gives five reads a second to everybody together; one is left to those that it is there for. */
const READ_GAP_MS = 250;

/** A look at a stream from outside: few reads, at the pace that leaves room for its consumers. */
export class Look {
  readonly #client: KinesisClient;
  readonly #streamName: string;
  readonly #signal: AbortSignal;

  constructor(client: KinesisClient, streamName: string, signal: AbortSignal) {
    this.#client = client;
    this.#streamName = streamName;
    this.#signal = signal;
  }

  source(maxRecords: number): ShardSource {
    return kinesisPolling({ client: this.#client, streamName: this.#streamName, maxRecords });
  }

  /**
   * The clock that the stream stamps arrivals with, as far as its oldest records tell: that of a race runs ahead of the
   * wall's. A stream that holds fewer than two records leaves it at the wall's.
   */
  async clock(shardIds: Iterable<string>): Promise<Clock> {
    const source = this.source(1);
    for (const shardId of shardIds) {
      const { records, millisBehindLatest } = await this.#read(source, shardId, TRIM_HORIZON);
      // 1 says no more than that another record follows.
      if (records.length === 0 || millisBehindLatest <= 1) continue;
      const aheadMs = records[0].arrivalMs + millisBehindLatest - wallClock.nowMs();
      return { nowMs: () => wallClock.nowMs() + aheadMs };
    }
    return wallClock;
  }

  /** When the oldest record that the shard still holds arrived; undefined when it holds none. */
  async firstArrivalMs(shardId: string): Promise<number | undefined> {
    return (await this.#read(this.source(1), shardId, TRIM_HORIZON)).records[0]?.arrivalMs;
  }

  /** How old the first record behind a position is, ms; 0 = there is none; undefined when it cannot be read. */
  async lagMs(shardId: string, position: ShardPosition): Promise<number | undefined> {
    try {
      return (await this.#read(this.source(1), shardId, position)).millisBehindLatest;
    } catch {
      this.#signal.throwIfAborted();
      return undefined;
    }
  }

  /**
   * Books what a shard took since `fromMs`, in at most `readsMax` reads; whether that was all of it the book shows by how
   * far the shard was observed.
   */
  async book(loads: LoadBook, shardId: string, fromMs: number, readsMax: number, clock: Clock): Promise<void> {
    const cursor = loads.watching(this.source(10_000), clock).open(shardId, atTimestamp(Math.floor(fromMs)));
    for (let reads = 0; reads < readsMax; reads++) {
      if (reads > 0) await new Promise((resolve) => setTimeout(resolve, READ_GAP_MS));
      const { millisBehindLatest, ended } = await cursor.next(this.#signal);
      if (millisBehindLatest === 0 || ended) return;
    }
  }

  #read(source: ShardSource, shardId: string, position: ShardPosition): Promise<ShardRead> {
    return source.open(shardId, position).next(this.#signal);
  }
}
