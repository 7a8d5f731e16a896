import { type FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import { type Consumer, startConsumer } from '#cloud/streams/consumer.js';
import { readableShards, SHARD_END, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { SnapshotStore } from '#cloud/streams/snapshots.js';
import type { ShardSource, StreamGap } from '#cloud/streams/source.js';
import { toTableChange } from '#cloud/streams/table-record.js';
import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { encodeLine } from './table-line.js';

export interface TableForwarderOptions {
  /** The table's stream, from its horizon on: `tableStream({ client, streamArn, raceClock, random })`. */
  source: ShardSource;
  firehose: FirehoseClient;
  deliveryStream: string;
  /** Where it stands: positions and running numbers as one commit. Claimed; another forwarder's is refused from then on. */
  store: SnapshotStore;
  /** Of the lease that it runs under. Default one more than the last one's. */
  fence?: number;
  /** Between polls of a shard; five times that while nothing comes. Default 200. */
  pollMs?: number;
  /** Told of changes that were trimmed before they were forwarded; their place is a hole in the numbers. */
  onGap?(gap: StreamGap): void;
  log: Log;
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

export interface TableForwarderStats {
  forwarded: number;
  putsRetried: number;
  commits: number;
  commitsFailed: number;
  gaps: number;
  /** Age of what is still to be forwarded, race-clock ms. */
  lagMs: number;
}

export interface TableForwarder {
  stats(): TableForwarderStats;
  /** Forwards what the stream holds by now, as far as `withinMs` (default 5 s) allows, and commits what Firehose has. */
  stop(withinMs?: number): Promise<void>;
}

interface ForwarderState {
  positions: Record<string, ShardPosition>;
  /** Of the last line of each shard. */
  numbers: Record<string, number>;
}

/** PutRecordBatch takes 500 records and 4 MiB. */
const BATCH_RECORDS = 500;
const BATCH_BYTES = 4 * 1_048_576;
const PUT_TRIES = 6;
const PUT_RETRY = { firstMs: 100, lastMs: 3_000 };
/** What a crash makes Firehose get twice; the numbers of both are the same. */
const COMMIT_MS = 1_000;
/** For what is left when it is stopped; the rest is the next one's. */
const DRAIN_MS = 5_000;

/**
 * Puts every change of a table to Firehose, with shard, sequence and running number. What was put and not committed comes
 * again after a crash, under the same numbers.
 *
 * @example
 * const forwarder = await startTableForwarder({ source, firehose, deliveryStream: 'pitwall-laps-changes', store, … });
 */
export async function startTableForwarder(options: TableForwarderOptions): Promise<TableForwarder> {
  const { json } = await options.store.claim(options.fence);
  return new RunningForwarder(options, json === undefined ? { positions: {}, numbers: {} } : JSON.parse(json));
}

class RunningForwarder implements TableForwarder {
  readonly #options: TableForwarderOptions;
  readonly #state: ForwarderState;
  readonly #parents = new Map<string, string[]>();
  readonly #consumer: Consumer;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #counters = { forwarded: 0, putsRetried: 0, commits: 0, commitsFailed: 0, gaps: 0 };
  #isFenced = false;
  #changed = false;
  #committing: Promise<void> | undefined;

  constructor(options: TableForwarderOptions, state: ForwarderState) {
    this.#options = options;
    this.#state = state;
    const { source, pollMs, log, wallClock, raceClock, random } = options;
    this.#consumer = startConsumer({
      source: { ...source, list: (signal) => this.#list(signal) },
      positions: state.positions,
      pollMs,
      onRecords: (batch) => this.#forward(batch),
      onGap: (gap) => this.#tellGap(gap),
      log,
      wallClock,
      raceClock,
      random,
    });
    this.#timer = setInterval(() => void this.#commit(), COMMIT_MS);
    this.#timer.unref();
  }

  stats(): TableForwarderStats {
    return { ...this.#counters, lagMs: this.#consumer.stats().lagMs };
  }

  async stop(withinMs = DRAIN_MS): Promise<void> {
    clearInterval(this.#timer);
    const timer = setTimeout(() => this.#stop.abort(), withinMs);
    await this.#consumer.stop();
    await this.#drain();
    clearTimeout(timer);
    this.#stop.abort();
    await this.#committing;
    await this.#commit();
  }

  async #list(signal: AbortSignal) {
    const shards = await this.#options.source.list(signal);
    for (const [shardId, { parents }] of shards) this.#parents.set(shardId, parents);
    this.#forget(shards);
    return shards;
  }

  /** Shards that were read to their end and are listed no more: nobody will ever ask for them. */
  #forget(listed: ReadonlyMap<string, unknown>): void {
    const { positions, numbers } = this.#state;
    for (const [shardId, position] of Object.entries(positions)) {
      if (position !== SHARD_END || listed.has(shardId)) continue;
      delete positions[shardId];
      delete numbers[shardId];
      this.#parents.delete(shardId);
    }
  }

  /** Every shard once more, to the end that it has now: a race is over, and the next one may be weeks away. */
  async #drain(): Promise<void> {
    const { signal } = this.#stop;
    const drained = new Set<string>();
    try {
      while (!this.#isFenced && !signal.aborted) {
        const next = readableShards(await this.#list(signal), this.#state.positions, drained);
        if (next.length === 0) return;
        for (const shardId of next) {
          await this.#drainShard(shardId);
          drained.add(shardId);
        }
      }
    } catch (error) {
      this.#options.log.warn('The last changes of a table were not forwarded; the next start does it.', {
        code: errorCode(error),
      });
    }
  }

  async #drainShard(shardId: string): Promise<void> {
    const { source } = this.#options;
    const cursor = source.open(shardId, this.#state.positions[shardId] ?? TRIM_HORIZON);
    try {
      for (;;) {
        const { records, ended, millisBehindLatest, gap } = await cursor.next(this.#stop.signal);
        if (gap) this.#tellGap(gap);
        if (records.length > 0 || ended) {
          await this.#forward({ stream: source.name, shardId, records, ended, millisBehindLatest });
        }
        if (ended || (records.length === 0 && millisBehindLatest === 0)) return;
      }
    } finally {
      cursor.close();
    }
  }

  /** A number that nobody gets: whoever reads sees that something is missing there. */
  #tellGap(gap: StreamGap): void {
    this.#counters.gaps++;
    this.#state.numbers[gap.shardId] = (this.#state.numbers[gap.shardId] ?? 0) + 1;
    this.#options.onGap?.(gap);
  }

  async #forward({ shardId, records, ended }: ShardBatch): Promise<void> {
    const { positions, numbers } = this.#state;
    const place = { shard: shardId, parents: this.#parents.get(shardId) ?? [] };
    let number = numbers[shardId] ?? 0;
    const lines = records.map((record) =>
      encodeLine({
        ...place,
        sequence: record.sequenceNumber,
        number: ++number,
        key: record.partitionKey,
        arrivalMs: record.arrivalMs,
        change: toTableChange(record),
      }),
    );
    if (ended) lines.push(encodeLine({ ...place, number: ++number, ended: true }));
    for (const batch of batchesOf(lines)) await this.#put(batch);
    numbers[shardId] = number;
    const last = records.at(-1);
    if (ended) positions[shardId] = SHARD_END;
    else if (last) positions[shardId] = last.sequenceNumber;
    this.#counters.forwarded += records.length;
    this.#changed = true;
  }

  /** Raises PW-STREAM-PUT when Firehose does not take them: then the batch comes again. */
  async #put(lines: readonly Buffer[]): Promise<void> {
    const { firehose, deliveryStream, random } = this.#options;
    const { signal } = this.#stop;
    let left = lines;
    for (let tries = 1; ; tries++) {
      let cause: unknown;
      try {
        const Records = left.map((Data) => ({ Data }));
        const { RequestResponses = [] } = await firehose.send(
          new PutRecordBatchCommand({ DeliveryStreamName: deliveryStream, Records }),
          { abortSignal: signal },
        );
        left = left.filter((_, i) => RequestResponses[i]?.ErrorCode !== undefined);
        if (left.length === 0) return;
      } catch (error) {
        cause = error;
      }
      if (tries === PUT_TRIES || signal.aborted) {
        throw new PitwallError('PW-STREAM-PUT', {
          what: `${left.length} changes were not taken by ${deliveryStream}: ${errorCode(cause)}.`,
          retriable: true,
          cause,
        });
      }
      this.#counters.putsRetried++;
      await pause(backOffMs(tries, PUT_RETRY, random), signal);
    }
  }

  async #commit(): Promise<void> {
    if (!this.#changed || this.#committing) return;
    this.#changed = false;
    this.#committing = this.#save().finally(() => {
      this.#committing = undefined;
    });
    await this.#committing;
  }

  async #save(): Promise<void> {
    try {
      await this.#options.store.save(JSON.stringify(this.#state));
      this.#counters.commits++;
    } catch (error) {
      this.#changed = true;
      this.#counters.commitsFailed++;
      this.#options.log.warn('Where the forwarding of a table stands could not be committed.', {
        code: errorCode(error),
      });
      // Another one goes on from the last commit: two would give the same numbers, and one is enough.
      if (errorCode(error) !== 'PW-STATE-FENCED') return;
      this.#isFenced = true;
      void this.#consumer.stop();
    }
  }
}

function* batchesOf(lines: readonly Buffer[]): Generator<readonly Buffer[]> {
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < lines.length; i++) {
    if (i > from && (i - from === BATCH_RECORDS || bytes + lines[i].length > BATCH_BYTES)) {
      yield lines.slice(from, i);
      from = i;
      bytes = 0;
    }
    bytes += lines[i].length;
  }
  if (from < lines.length) yield lines.slice(from);
}
