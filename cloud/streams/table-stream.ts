import {
  type _Record,
  DescribeStreamCommand,
  type DescribeStreamInput,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorInput,
  type Shard,
  type StreamDescription,
} from '@aws-sdk/client-dynamodb-streams';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Random } from '#wire/random.js';
import { backOffMs, pause } from './back-off.js';
import { checkPosition } from './positions.js';
import { LATEST, placeOf, type ShardInfo, type ShardPosition, TRIM_HORIZON, timestampOf } from './shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource, StreamGap, StreamRecord } from './source.js';
import { fromTableRecord } from './table-record.js';
import { checkTrimPolicy, type TrimPolicy } from './trim-policy.js';

export interface TableStreamOptions {
  client: DynamoDBStreamsClient;
  streamArn: string;
  /** What to do when records went past their retention before they were read. Default `skip`: go on, and tell the gap. */
  trimPolicy?: TrimPolicy;
  /** Records per poll, at most 1,000, which is the default. */
  maxRecords?: number;
  /** The clock that the stream stamps its records with: how far behind is derived from it. */
  raceClock: Clock;
  random: Random;
}

/**
 * A table's stream, by polling. At most two readers of a shard at one time: more are throttled, and a Lambda trigger is one.
 *
 * The service has neither AT_TIMESTAMP nor MillisBehindLatest: the one is read from the horizon with older records left
 * out (their times are whole seconds, so up to a second too many come, never too few), the other derived from the time of
 * the last record. Its listings say of a shard whether it is open; that is not believed, as a parent may still be listed
 * open beside its child: a shard is closed when a child names it, and ended when it was read to its end. A disabled
 * stream's leaves are read to their ends, too, and have no children.
 *
 * @example
 * const source = tableStream({ client: dynamodbStreams, streamArn, raceClock, random });
 */
export function tableStream(options: TableStreamOptions): ShardSource {
  const trimPolicy = checkTrimPolicy(options.trimPolicy ?? 'skip');
  const settled = { maxRecords: 1_000, ...options, trimPolicy };
  return {
    name: options.streamArn,
    polls: true,
    readBytesMax: READ_BYTES_MAX,
    trimPolicy,
    list: (signal) => listShards(options, signal),
    open: (shardId, position) => new TableCursor(settled, shardId, position),
  };
}

/** An answer holds 1 MB of records; as JSON, with base64 and both images' names, a few times that. */
const READ_BYTES_MAX = 4 * 1_048_576;
/** Bound on a listing of 100 shards a page. */
const MAX_PAGES = 200;

async function listShards(
  { client, streamArn }: TableStreamOptions,
  abortSignal: AbortSignal,
): Promise<Map<string, ShardInfo>> {
  const shards = new Map<string, ShardInfo>();
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const input: DescribeStreamInput = { StreamArn: streamArn, ExclusiveStartShardId: after };
    const { StreamDescription: stream } = await client.send(new DescribeStreamCommand(input), { abortSignal });
    for (const shard of stream?.Shards ?? []) shards.set(shard.ShardId ?? '', fromShard(shard));
    after = stream?.LastEvaluatedShardId;
    if (after === undefined) break;
  }
  return shards;
}

/** Children are visible some time after their parent's end; later than that, listings find them. */
const CHILDREN_TRIES = 6;
const CHILDREN_RETRY = { firstMs: 50, lastMs: 1_000 };
/** In a row, within one call: the horizon moves, it does not run. */
const TRIM_TRIES = 3;
/** An answer of so many bytes was cut short by the size of a page: more is waiting. */
const FULL_PAGE_BYTES = 512 * 1024;

class TableCursor implements ShardCursor {
  readonly #options: Required<TableStreamOptions>;
  readonly #shardId: string;
  /** Where to take an iterator when there is none. */
  #position: ShardPosition;
  #iterator: string | undefined;
  /** Records from before it are left out; undefined when one of them has been passed. */
  #fromMs: number | undefined;
  #gapBehind: ShardPosition | undefined;
  #isAtEnd = false;

  constructor(options: Required<TableStreamOptions>, shardId: string, position: ShardPosition) {
    this.#options = options;
    this.#shardId = shardId;
    this.#position = position;
    const fromMs = timestampOf(position);
    this.#fromMs = fromMs === undefined ? undefined : Math.floor(fromMs / 1_000) * 1_000;
  }

  async next(signal: AbortSignal): Promise<ShardRead> {
    if (this.#isAtEnd) {
      const children = await this.#findChildren(signal);
      return { records: [], millisBehindLatest: 0, ended: true, children, gap: this.#takeGap(undefined) };
    }
    const { maxRecords, streamArn, raceClock } = this.#options;
    const found = await this.#readPast(signal);
    const records = this.#wanted(found.map((record) => fromTableRecord(record, streamArn)));
    const last = found.at(-1)?.dynamodb;
    if (last?.SequenceNumber) this.#position = last.SequenceNumber;
    const isFull = found.length >= maxRecords || bytesOf(found) >= FULL_PAGE_BYTES;
    const ageMs = raceClock.nowMs() - (last?.ApproximateCreationDateTime?.getTime() ?? 0);
    return {
      records,
      millisBehindLatest: isFull || this.#isAtEnd || records.length < found.length ? Math.max(1, ageMs) : 0,
      ended: false,
      children: [],
      gap: records.length > 0 ? this.#takeGap(records[0].sequenceNumber) : undefined,
    };
  }

  close(): void {
    this.#iterator = undefined;
  }

  /** One page; what is trimmed is jumped over, when the policy allows it. */
  async #readPast(signal: AbortSignal): Promise<_Record[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#read(signal);
      } catch (error) {
        if (!isTrimmed(error) || tries === TRIM_TRIES) throw error;
        this.#jump(error);
      }
    }
  }

  async #read(abortSignal: AbortSignal): Promise<_Record[]> {
    const { client, maxRecords } = this.#options;
    this.#iterator ??= await this.#takeIterator(abortSignal);
    const input = { ShardIterator: this.#iterator, Limit: maxRecords };
    const answer = await client.send(new GetRecordsCommand(input), { abortSignal });
    this.#iterator = answer.NextShardIterator;
    this.#isAtEnd = answer.NextShardIterator === undefined;
    return answer.Records ?? [];
  }

  #jump(cause: unknown): void {
    const { trimPolicy, streamArn } = this.#options;
    if (trimPolicy === 'fail') {
      throw new PitwallError('PW-STREAM-TRIMMED', {
        what: `Records of ${this.#shardId} of ${streamArn} behind ${this.#position} were trimmed before they were read.`,
        fix: 'Begin at TRIM_HORIZON, or read with the policy skip.',
        cause,
      });
    }
    this.#gapBehind ??= this.#position;
    this.#iterator = undefined;
    this.#position = TRIM_HORIZON;
  }

  #takeGap(upTo: string | undefined): StreamGap | undefined {
    const behind = this.#gapBehind;
    if (behind === undefined) return undefined;
    this.#gapBehind = undefined;
    return { shardId: this.#shardId, behind, upTo };
  }

  #wanted(records: StreamRecord[]): StreamRecord[] {
    const fromMs = this.#fromMs;
    if (fromMs === undefined) return records;
    const first = records.findIndex(({ arrivalMs }) => arrivalMs >= fromMs);
    if (first === -1) return [];
    this.#fromMs = undefined;
    return records.slice(first);
  }

  async #takeIterator(abortSignal: AbortSignal): Promise<string> {
    const { client, streamArn } = this.#options;
    const input: GetShardIteratorInput = {
      StreamArn: streamArn,
      ShardId: this.#shardId,
      ...iteratorType(this.#position),
    };
    const { ShardIterator } = await client.send(new GetShardIteratorCommand(input), { abortSignal });
    if (ShardIterator) return ShardIterator;
    throw new PitwallError('PW-STREAM-READ', {
      what: `No iterator was given for ${this.#shardId} of ${streamArn}.`,
      retriable: true,
    });
  }

  /** None of a disabled stream, and none that is not visible yet. */
  async #findChildren(signal: AbortSignal): Promise<ShardInfo[]> {
    for (let tries = 1; !signal.aborted; tries++) {
      const stream = await this.#describeChildren(signal);
      const children = stream?.Shards ?? [];
      if (children.length > 0) return children.map(fromShard);
      if (stream?.StreamStatus === 'DISABLED' || tries === CHILDREN_TRIES) break;
      await pause(backOffMs(tries, CHILDREN_RETRY, this.#options.random), signal);
    }
    return [];
  }

  async #describeChildren(abortSignal: AbortSignal): Promise<StreamDescription | undefined> {
    const { client, streamArn } = this.#options;
    const input: DescribeStreamInput = {
      StreamArn: streamArn,
      ShardFilter: { Type: 'CHILD_SHARDS', ShardId: this.#shardId },
    };
    try {
      return (await client.send(new DescribeStreamCommand(input), { abortSignal })).StreamDescription;
    } catch {
      // Whatever it was: the shard has ended all the same, and the next try or a listing finds its children.
      return undefined;
    }
  }
}

function iteratorType(position: ShardPosition): Pick<GetShardIteratorInput, 'ShardIteratorType' | 'SequenceNumber'> {
  const place = placeOf(checkPosition(position));
  if (!place) return { ShardIteratorType: position === LATEST ? LATEST : TRIM_HORIZON };
  const ShardIteratorType = place.subSequenceNumber < 0 ? 'AT_SEQUENCE_NUMBER' : 'AFTER_SEQUENCE_NUMBER';
  return { ShardIteratorType, SequenceNumber: place.sequenceNumber };
}

function fromShard({ ShardId, ParentShardId }: Shard): ShardInfo {
  return { shardId: ShardId ?? '', parents: ParentShardId ? [ParentShardId] : [] };
}

function bytesOf(records: readonly _Record[]): number {
  return records.reduce((bytes, { dynamodb }) => bytes + (dynamodb?.SizeBytes ?? 0), 0);
}

const isTrimmed = (error: unknown): boolean => error instanceof Error && error.name === 'TrimmedDataAccessException';
