import type { DeadLetterStore } from './dead-letters.js';
import { type HashRange, parseHashKey } from './hash-range.js';
import { type CorruptReason, countOutOfRange, deaggregate } from './kpl/deaggregate.js';
import { atSequenceNumber, type Place, placeOf, type ShardInfo, type ShardPosition } from './shard-graph.js';
import { addCounts } from './shard-reader.js';
import type { ShardCursor, ShardRead, ShardSource, StreamRecord } from './source.js';

export interface UserRecordOptions {
  /** Takes aggregates that contradict themselves. */
  deadLetters: DeadLetterStore;
  /**
   * An aggregate some of whose user records hash outside of its shard, because the shard was split between the producer's
   * look and its put: `deliver` (the default) as any other, or `drop` it whole, as the KCL does.
   */
  outOfRange?: 'deliver' | 'drop';
}

export interface UserRecordCounters {
  aggregates: number;
  /** Out of aggregates. */
  userRecords: number;
  /** Aggregates that went to the dead letters. */
  corrupt: number;
  /** User records outside of their shard's range. */
  outOfRange: number;
  /** User records dropped with an aggregate that was not wholly in range. */
  dropped: number;
}

export interface UserRecordSource extends ShardSource {
  readonly counters: Readonly<UserRecordCounters>;
}

/**
 * A Kinesis source whose KPL aggregates are opened: what comes out are user records, each with its place inside its
 * aggregate, so that a reader can go on in the middle of one. Records that are no aggregates pass unchanged.
 *
 * @example
 * const source = userRecords(kinesisPolling({ client, streamName }), { deadLetters });
 */
export function userRecords(source: ShardSource, options: UserRecordOptions): UserRecordSource {
  const counters = noCounts();
  const ranges = new Map<string, HashRange>();
  const learn = (shards: Iterable<ShardInfo>): void => {
    for (const shard of shards) {
      const range = rangeOf(shard);
      if (range) ranges.set(shard.shardId, range);
    }
  };
  const { name, polls, readBytesMax, trimPolicy } = source;
  return {
    name,
    polls,
    readBytesMax,
    trimPolicy,
    counters,
    list: async (signal) => {
      const shards = await source.list(signal);
      ranges.clear();
      learn(shards.values());
      return shards;
    },
    open: (shardId, position) => {
      const resume = resumeOf(position);
      const inner = source.open(shardId, resume ? atSequenceNumber(resume.sequenceNumber) : position);
      return new UserRecordCursor(inner, { ...options, name, shardId, counters, ranges, learn }, resume);
    },
  };
}

function noCounts(): UserRecordCounters {
  return { aggregates: 0, userRecords: 0, corrupt: 0, outOfRange: 0, dropped: 0 };
}

/** The place inside a record where to go on; undefined where whole records do. */
function resumeOf(position: ShardPosition): Place | undefined {
  const place = placeOf(position);
  return place && Number.isFinite(place.subSequenceNumber) && place.subSequenceNumber >= 0 ? place : undefined;
}

interface OpenedShard extends UserRecordOptions {
  name: string;
  shardId: string;
  counters: UserRecordCounters;
  ranges: ReadonlyMap<string, HashRange>;
  learn(children: readonly ShardInfo[]): void;
}

class UserRecordCursor implements ShardCursor {
  readonly #inner: ShardCursor;
  readonly #shard: OpenedShard;
  #resume: Place | undefined;
  /** Read, but not opened yet: a dead letter could not be stored. */
  #read: ShardRead | undefined;

  constructor(inner: ShardCursor, shard: OpenedShard, resume: Place | undefined) {
    this.#inner = inner;
    this.#shard = shard;
    this.#resume = resume;
  }

  async next(signal: AbortSignal): Promise<ShardRead> {
    const { counters, learn } = this.#shard;
    this.#read ??= await this.#inner.next(signal);
    const read = this.#read;
    const counts = noCounts();
    const records: StreamRecord[] = [];
    for (const record of read.records) await this.#open(record, records, counts);
    // All of them together: a read that is opened a second time is counted once.
    addCounts(counters, counts);
    if (read.records.length > 0) this.#resume = undefined;
    this.#read = undefined;
    learn(read.children);
    return { ...read, records };
  }

  close(): void {
    this.#inner.close();
  }

  async #open(record: StreamRecord, to: StreamRecord[], counts: UserRecordCounters): Promise<void> {
    const { sequenceNumber, arrivalMs } = record;
    const done = sequenceNumber === this.#resume?.sequenceNumber ? this.#resume.subSequenceNumber : -1;
    const opened = deaggregate(record);
    if (opened.kind === 'raw') {
      if (done < 0) to.push(record);
      return;
    }
    if (opened.kind === 'corrupt') {
      counts.corrupt++;
      return await this.#quarantine(record, opened.reason);
    }
    const { users } = opened;
    const range = this.#shard.ranges.get(this.#shard.shardId);
    const outOfRange = range ? countOutOfRange(users, range) : 0;
    counts.aggregates++;
    counts.outOfRange += outOfRange;
    if (outOfRange > 0 && this.#shard.outOfRange === 'drop') {
      counts.dropped += users.length;
      return;
    }
    counts.userRecords += users.length;
    for (let subSequenceNumber = done + 1; subSequenceNumber < users.length; subSequenceNumber++) {
      const { partitionKey, data } = users[subSequenceNumber];
      to.push({ sequenceNumber, subSequenceNumber, partitionKey, data, arrivalMs });
    }
  }

  async #quarantine(record: StreamRecord, reason: CorruptReason): Promise<void> {
    const { name: stream, shardId, deadLetters } = this.#shard;
    const message = 'The aggregate contradicts itself; nothing in it can be trusted.';
    await deadLetters.put({ stream, shardId, record, reason, message, tries: 1 });
  }
}

function rangeOf({ startingHashKey, endingHashKey }: ShardInfo): HashRange | undefined {
  const starting = parseHashKey(startingHashKey ?? '');
  const ending = parseHashKey(endingHashKey ?? '');
  return starting !== undefined && ending !== undefined ? { starting, ending } : undefined;
}
