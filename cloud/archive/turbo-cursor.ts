import { actionFor } from '#cloud/streams/aws-errors.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import {
  atSequenceNumber,
  isAfter,
  LATEST,
  placeOf,
  positionBehind,
  type ShardInfo,
  type ShardPosition,
  TRIM_HORIZON,
  timestampOf,
} from '#cloud/streams/shard-graph.js';
import type { ShardCursor, ShardRead, StreamRecord } from '#cloud/streams/source.js';
import { PitwallError } from '#wire/errors.js';
import type { ArchivedBatch, ArchivedShard } from './stream-archive.js';
import type { TurboCounters, TurboOptions } from './turbo.js';

/** What the cursors of one source share. */
export interface TurboContext extends Required<Pick<TurboOptions, 'archive' | 'trimPolicy' | 'raceClock' | 'random'>> {
  live?: TurboOptions['live'];
  counters: TurboCounters;
  /** All archived shards, read anew. */
  look(signal: AbortSignal): Promise<ReadonlyMap<string, ArchivedShard>>;
  /** One of them, as it was seen last; read anew when it is not known. */
  find(shardId: string, signal: AbortSignal): Promise<ArchivedShard | undefined>;
  childrenOf(shardId: string): ShardInfo[];
}

/** An archiver commits every few seconds: what live shows now it has soon. Within the watchdog of a read. */
const FILL_TRIES = 6;
const FILL_RETRY = { firstMs: 100, lastMs: 2_000 };

type Phase = 'start' | 'archive' | 'live';

/** One shard: its archive, then live, joined where both have the same record. */
export class TurboCursor implements ShardCursor {
  readonly #context: TurboContext;
  readonly #shardId: string;
  /** Where live is opened when there is no place yet. */
  readonly #begin: ShardPosition;
  #phase: Phase = 'start';
  /** Behind which record to go on; undefined before the first. */
  #place: ShardPosition | undefined;
  /** Records from before it are left out; undefined when one of them has been passed. */
  #fromMs: number | undefined;
  #archived: AsyncIterator<ArchivedBatch> | undefined;
  /** Out of the archive, from behind a hole that live may still fill. */
  #behindHole: readonly StreamRecord[] | undefined;
  #live: ShardCursor | undefined;
  /** Live has shown the record at the place, so that none is missing before what follows. */
  #isJoined = false;
  /** The place came from the archive: when live joins it is a hand-over. */
  #isFromArchive = false;

  constructor(context: TurboContext, shardId: string, position: ShardPosition) {
    this.#context = context;
    this.#shardId = shardId;
    this.#begin = position === LATEST || timestampOf(position) !== undefined ? position : TRIM_HORIZON;
    this.#place = placeOf(position) ? position : undefined;
    this.#fromMs = timestampOf(position);
  }

  async next(signal: AbortSignal): Promise<ShardRead> {
    for (;;) {
      const read = await this.#step(signal);
      if (read) return read;
      signal.throwIfAborted();
    }
  }

  close(): void {
    this.#live?.close();
    this.#live = undefined;
    void this.#archived?.return?.().catch(() => {});
    this.#archived = undefined;
  }

  /** One step of the way; undefined when it led to another and nothing is to be told. */
  #step(signal: AbortSignal): Promise<ShardRead | undefined> {
    if (this.#phase === 'start') return this.#start(signal);
    return this.#phase === 'archive' ? this.#readArchive(signal) : this.#readLive(signal);
  }

  async #start(signal: AbortSignal): Promise<undefined> {
    const shard = this.#begin === LATEST && !this.#place ? undefined : await this.#context.find(this.#shardId, signal);
    if (shard && this.#isAhead(shard)) this.#openArchive(signal);
    else this.#phase = 'live';
  }

  #isAhead({ mark }: ArchivedShard): boolean {
    if (mark === undefined) return false;
    const place = placeOf(mark);
    return this.#place === undefined || place === undefined || isAfter(place, this.#place);
  }

  #openArchive(signal: AbortSignal): void {
    this.#phase = 'archive';
    this.#archived = this.#context.archive.read(this.#shardId, this.#place, signal);
  }

  async #readArchive(signal: AbortSignal): Promise<ShardRead | undefined> {
    if (!this.#archived) this.#openArchive(signal);
    let batch: IteratorResult<ArchivedBatch> | undefined;
    try {
      batch = await this.#archived?.next();
    } catch (error) {
      // The next call begins behind the last record again.
      this.#archived = undefined;
      throw error;
    }
    if (!batch || batch.done) {
      this.#archived = undefined;
      return await this.#leaveArchive(signal);
    }
    const { records, isBehindHole } = batch.value;
    if (records.length === 0) return undefined;
    if (isBehindHole) {
      this.#behindHole = records;
      this.#phase = 'live';
      return undefined;
    }
    return this.#fromArchive(records);
  }

  async #leaveArchive(signal: AbortSignal): Promise<ShardRead | undefined> {
    const { live, find, childrenOf } = this.#context;
    const shard = await find(this.#shardId, signal);
    const isAll = shard === undefined || !this.#isAhead(shard);
    if (live && !(isAll && shard?.ended)) {
      this.#phase = 'live';
      return undefined;
    }
    const end: ShardRead = { records: [], millisBehindLatest: 0, ended: true, children: childrenOf(this.#shardId) };
    return isAll ? end : { ...end, gap: this.#gap(undefined) };
  }

  #fromArchive(records: readonly StreamRecord[]): ShardRead {
    const { counters, raceClock } = this.#context;
    const last = records[records.length - 1];
    this.#place = positionBehind(last);
    this.#isFromArchive = true;
    const wanted = this.#wanted(records);
    counters.fromArchive += wanted.length;
    const millisBehindLatest = Math.max(1, raceClock.nowMs() - last.arrivalMs);
    return { records: wanted, millisBehindLatest, ended: false, children: [] };
  }

  async #readLive(signal: AbortSignal): Promise<ShardRead | undefined> {
    const { live } = this.#context;
    if (!live) return await this.#goneLive(signal);
    let read: ShardRead;
    try {
      this.#live ??= live.open(this.#shardId, this.#overlap());
      read = await this.#live.next(signal);
    } catch (error) {
      if (actionFor(error) !== 'gone' && !(error instanceof PitwallError && error.code === 'PW-STREAM-TRIMMED'))
        throw error;
      if ((await live.list(signal)).has(this.#shardId) && actionFor(error) === 'gone') throw error;
      return await this.#goneLive(signal);
    }
    if (this.#isJoined && !read.gap) return this.#fromLive(read);
    return await this.#join(read, signal);
  }

  /** The record at the place once more: when live has it, nothing is missing between. */
  #overlap(): ShardPosition {
    const place = this.#place === undefined ? undefined : placeOf(this.#place);
    if (place) return atSequenceNumber(place.sequenceNumber);
    this.#isJoined = true;
    return this.#begin;
  }

  async #join(read: ShardRead, signal: AbortSignal): Promise<ShardRead | undefined> {
    const [first] = read.records;
    const place = this.#place === undefined ? undefined : placeOf(this.#place);
    if (!read.gap && first && first.sequenceNumber === place?.sequenceNumber) {
      this.#isJoined = true;
      this.#behindHole = undefined;
      if (this.#isFromArchive) this.#context.counters.handovers++;
      return this.#fromLive(read);
    }
    // Nothing is known before a record comes, or its end; from behind a hole of the archive there is something to give.
    const isUndecided = !first && !read.ended && !(this.#behindHole && read.millisBehindLatest === 0);
    if (isUndecided && !read.gap) return read;
    if (await this.#refill(signal, read)) return undefined;
    const isArchiveNext = this.#behindHole && !(first && isAfter(this.#behindHole[0], positionBehind(first)));
    if (isArchiveNext) return this.#passHole();
    const isWhole = read.ended && !first && (await this.#isEndOfArchive(signal));
    this.#isJoined = true;
    this.#behindHole = undefined;
    const told = this.#fromLive({ ...read, gap: undefined });
    return isWhole ? told : { ...told, gap: this.#gap(first) };
  }

  /** The shard is gone from live: the archive has the rest, or nobody. */
  async #goneLive(signal: AbortSignal): Promise<ShardRead | undefined> {
    if (await this.#refill(signal)) return undefined;
    if (this.#behindHole) return this.#passHole();
    const children = this.#context.childrenOf(this.#shardId);
    const end: ShardRead = { records: [], millisBehindLatest: 0, ended: true, children };
    return (await this.#isEndOfArchive(signal)) ? end : { ...end, gap: this.#gap(undefined) };
  }

  /** True when the archive has gone on past the place since, so that it is to be read. */
  async #refill(signal: AbortSignal, read?: ShardRead): Promise<boolean> {
    const { look, random, counters } = this.#context;
    if (this.#behindHole) return false;
    for (let tries = 1; tries <= FILL_TRIES; tries++) {
      const shard = (await look(signal)).get(this.#shardId);
      if (shard && this.#isAhead(shard)) {
        counters.refills++;
        this.#isJoined = false;
        this.#live?.close();
        this.#live = undefined;
        this.#openArchive(signal);
        return true;
      }
      // Nothing archives a stream that has no archive, and nothing is added to a shard that has ended.
      if (!shard || shard.ended || !read?.records.length) return false;
      await pause(backOffMs(tries, FILL_RETRY, random), signal);
      signal.throwIfAborted();
    }
    return false;
  }

  async #isEndOfArchive(signal: AbortSignal): Promise<boolean> {
    const shard = await this.#context.find(this.#shardId, signal);
    return shard !== undefined && shard.ended && !this.#isAhead(shard);
  }

  /** What is behind the hole, with the hole told, and the archive from there on. */
  #passHole(): ShardRead {
    const records = this.#behindHole ?? [];
    this.#behindHole = undefined;
    const gap = this.#gap(records[0]);
    this.#live?.close();
    this.#live = undefined;
    this.#isJoined = false;
    this.#phase = 'archive';
    return { ...this.#fromArchive(records), gap };
  }

  #fromLive(read: ShardRead): ShardRead {
    const place = this.#place;
    const fresh = place === undefined ? read.records : read.records.filter((record) => isAfter(record, place));
    const last = fresh.at(-1);
    if (last) this.#place = positionBehind(last);
    const records = this.#wanted(fresh);
    this.#context.counters.fromLive += records.length;
    return { ...read, records };
  }

  #wanted(records: readonly StreamRecord[]): StreamRecord[] {
    const fromMs = this.#fromMs;
    if (fromMs === undefined) return [...records];
    const first = records.findIndex(({ arrivalMs }) => arrivalMs >= fromMs);
    if (first === -1) return [];
    this.#fromMs = undefined;
    return records.slice(first);
  }

  /** Raises PW-STREAM-TRIMMED where the policy is to fail. */
  #gap(next: StreamRecord | undefined): NonNullable<ShardRead['gap']> {
    const behind = this.#place ?? this.#begin;
    const gap = { shardId: this.#shardId, behind, upTo: next?.sequenceNumber };
    if (this.#context.trimPolicy === 'archive') return gap;
    throw new PitwallError('PW-STREAM-TRIMMED', {
      what: `Records of ${this.#shardId} behind ${behind} are neither in the archive nor in the stream.`,
      fix: 'Read with the trim policy archive: it tells the gap and goes on.',
    });
  }
}
