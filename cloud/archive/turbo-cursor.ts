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
import type { ShardCursor, ShardRead, StreamGap, StreamRecord } from '#cloud/streams/source.js';
import { PitwallError } from '#wire/errors.js';
import type { ArchivedBatch, HeldShard } from './stream-archive.js';
import type { TurboCounters, TurboOptions } from './turbo.js';

/** What the cursors of one source share. */
export interface TurboContext extends Pick<TurboOptions, 'live' | 'raceClock' | 'random'> {
  trimPolicy: NonNullable<TurboOptions['trimPolicy']>;
  fillTries: number;
  counters: TurboCounters;
  /** All archived shards, read anew. */
  look(signal: AbortSignal): Promise<ReadonlyMap<string, HeldShard>>;
  /** One of them, as it was seen last; read anew when it is not known. */
  find(shardId: string, signal: AbortSignal): Promise<HeldShard | undefined>;
  childrenOf(shardId: string): ShardInfo[];
}

const FILL_RETRY = { firstMs: 100, lastMs: 2_000 };

/** One shard: its archive, then live, joined where both have the same record. */
export class TurboCursor implements ShardCursor {
  readonly #context: TurboContext;
  readonly #shardId: string;
  /** Where live is opened while there is no place. */
  readonly #begin: ShardPosition;
  readonly #closing = new AbortController();
  #phase: 'start' | 'archive' | 'live' = 'start';
  /** Behind which record to go on; undefined before the first. */
  #place: ShardPosition | undefined;
  /** Records from before it are left out; undefined when one of them has been passed. */
  #fromMs: number | undefined;
  /** As it was when it was opened. */
  #shard: HeldShard | undefined;
  #archived: AsyncGenerator<ArchivedBatch> | undefined;
  /** Out of the archive, from behind a hole that live may still fill. */
  #behindHole: readonly StreamRecord[] | undefined;
  #live: ShardCursor | undefined;
  /** Live has shown the record at the place: none is missing before what follows. */
  #isJoined = false;

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
    this.#closing.abort();
    this.#closeLive();
    this.#closeArchive();
  }

  /** One step of the way; undefined when it led to another and nothing is to be told. */
  #step(signal: AbortSignal): Promise<ShardRead | undefined> {
    switch (this.#phase) {
      case 'start':
        return this.#start(signal);
      case 'archive':
        return this.#readArchive();
      case 'live':
        return this.#readLive(signal);
    }
  }

  async #start(signal: AbortSignal): Promise<undefined> {
    const shard = this.#begin === LATEST && !this.#place ? undefined : await this.#context.find(this.#shardId, signal);
    if (shard && isBehind(this.#place, shard.mark)) this.#openArchive(shard);
    else this.#openLive(shard);
  }

  #openArchive(shard: HeldShard): void {
    this.#closeLive();
    this.#closeArchive();
    this.#shard = shard;
    this.#phase = 'archive';
    this.#archived = shard.read(this.#place, this.#closing.signal);
  }

  #openLive(shard: HeldShard | undefined): void {
    this.#shard = shard;
    this.#phase = 'live';
  }

  #closeArchive(): void {
    void this.#archived?.return(undefined).catch(() => {});
    this.#archived = undefined;
  }

  #closeLive(): void {
    this.#live?.close();
    this.#live = undefined;
    this.#isJoined = false;
  }

  async #readArchive(): Promise<ShardRead | undefined> {
    // After an error it begins again, behind the last record.
    this.#archived ??= this.#shard?.read(this.#place, this.#closing.signal);
    let result: IteratorResult<ArchivedBatch> | undefined;
    try {
      result = await this.#archived?.next();
    } catch (error) {
      this.#archived = undefined;
      throw error;
    }
    if (!result || result.done) {
      this.#archived = undefined;
      this.#phase = 'live';
      return this.#hasAll() && (this.#shard?.ended || !this.#context.live) ? this.#end(undefined) : undefined;
    }
    const { records, isBehindHole } = result.value;
    if (!isBehindHole) return this.#fromArchive(records);
    this.#behindHole = records;
    this.#phase = 'live';
    return undefined;
  }

  async #readLive(signal: AbortSignal): Promise<ShardRead | undefined> {
    const { live } = this.#context;
    if (!live) return await this.#leaveLive(signal);
    let read: ShardRead;
    try {
      this.#live ??= live.open(this.#shardId, this.#overlap());
      read = await this.#live.next(signal);
    } catch (error) {
      // A shard that is still listed comes back, or its reader gives up.
      if (actionFor(error) !== 'gone' || (await live.list(signal)).has(this.#shardId)) throw error;
      return await this.#leaveLive(signal);
    }
    if (this.#isJoined && !read.gap) return this.#fromLive(read);
    try {
      return await this.#join(read, signal);
    } catch (error) {
      // What live gave was delivered to nobody: it is read once more.
      this.#closeLive();
      throw error;
    }
  }

  /** Where live begins: with the record at the place once more. */
  #overlap(): ShardPosition {
    const place = this.#place === undefined ? undefined : placeOf(this.#place);
    if (place) return atSequenceNumber(place.sequenceNumber);
    if (this.#begin === LATEST) this.#isJoined = true;
    return this.#begin;
  }

  async #join(read: ShardRead, signal: AbortSignal): Promise<ShardRead | undefined> {
    const [first] = read.records;
    if (!read.gap && first && this.#isAtPlace(first)) {
      this.#context.counters.handovers++;
      return this.#takeLive(read);
    }
    // Nothing is known before a record comes, or the end; but what is behind a hole of the archive waits for neither.
    const isUndecided = !first && !read.ended && !read.gap && !(this.#behindHole && read.millisBehindLatest === 0);
    if (isUndecided) return read;
    if (this.#place === undefined && !read.gap && !this.#behindHole) return await this.#joinAtBegin(read, signal);
    if (await this.#refill(signal, first !== undefined)) return undefined;
    if (this.#behindHole && !(first && isAfter(this.#behindHole[0], positionBehind(first)))) return this.#passHole();
    if (!first && read.ended && this.#hasAll() && this.#shard?.ended) return this.#takeLive(read);
    const gap = this.#gap(first);
    return { ...this.#takeLive(read), gap };
  }

  /** Live may have trimmed what was archived since the archive was looked at: what it has now comes first. */
  async #joinAtBegin(read: ShardRead, signal: AbortSignal): Promise<ShardRead | undefined> {
    return (await this.#refill(signal, false)) ? undefined : this.#takeLive(read);
  }

  #isAtPlace({ sequenceNumber }: StreamRecord): boolean {
    return this.#place !== undefined && placeOf(this.#place)?.sequenceNumber === sequenceNumber;
  }

  #takeLive(read: ShardRead): ShardRead {
    this.#isJoined = true;
    this.#behindHole = undefined;
    this.#closeArchive();
    return this.#fromLive(read);
  }

  /** The shard is gone from live: the archive has the rest, or nobody. */
  async #leaveLive(signal: AbortSignal): Promise<ShardRead | undefined> {
    if (this.#context.live && (await this.#refill(signal, false))) return undefined;
    if (this.#behindHole) return this.#passHole();
    const isWhole = this.#hasAll() && (this.#shard?.ended || !this.#context.live);
    return this.#end(isWhole ? undefined : this.#gap(undefined));
  }

  /**
   * True when the archive has gone on since it was read, so that it is to be read again. While live is seen to have gone on
   * (`isExpected`) it is waited for.
   */
  async #refill(signal: AbortSignal, isExpected: boolean): Promise<boolean> {
    const { look, random, counters, fillTries } = this.#context;
    if (this.#behindHole) return false;
    for (let tries = 1; ; tries++) {
      const shard = (await look(signal)).get(this.#shardId);
      if (shard && isBehind(this.#place, shard.mark) && isBehind(this.#shard?.mark, shard.mark)) {
        counters.refills++;
        this.#openArchive(shard);
        return true;
      }
      this.#shard = shard ?? this.#shard;
      if (!shard || shard.ended || !isExpected || tries >= fillTries) return false;
      await pause(backOffMs(tries, FILL_RETRY, random), signal);
      signal.throwIfAborted();
    }
  }

  /** Nothing of what the archive held of the shard is still to be read. */
  #hasAll(): boolean {
    return this.#shard !== undefined && !isBehind(this.#place, this.#shard.mark);
  }

  /** What is behind the hole, with the hole told, and then the archive from there on. */
  #passHole(): ShardRead {
    const records = this.#behindHole ?? [];
    const gap = this.#gap(records[0]);
    this.#behindHole = undefined;
    this.#closeLive();
    this.#phase = 'archive';
    return { ...this.#fromArchive(records), gap };
  }

  #fromArchive(records: readonly StreamRecord[]): ShardRead {
    const { counters, raceClock } = this.#context;
    const last = records[records.length - 1];
    this.#place = positionBehind(last);
    const wanted = this.#wanted(records);
    counters.fromArchive += wanted.length;
    const millisBehindLatest = Math.max(1, raceClock.nowMs() - last.arrivalMs);
    return { records: wanted, millisBehindLatest, ended: false, children: [] };
  }

  #fromLive({ gap: _, ...read }: ShardRead): ShardRead {
    const place = this.#place;
    const fresh = place === undefined ? read.records : read.records.filter((record) => isAfter(record, place));
    const last = fresh.at(-1);
    if (last) this.#place = positionBehind(last);
    const records = this.#wanted(fresh);
    this.#context.counters.fromLive += records.length;
    return { ...read, records };
  }

  #end(gap: StreamGap | undefined): ShardRead {
    const children = this.#context.childrenOf(this.#shardId);
    return { records: [], millisBehindLatest: 0, ended: true, children, ...(gap && { gap }) };
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
  #gap(next: StreamRecord | undefined): StreamGap {
    const { trimPolicy, counters } = this.#context;
    const behind = this.#place ?? this.#begin;
    counters.gaps++;
    if (trimPolicy === 'archive') return { shardId: this.#shardId, behind, upTo: next?.sequenceNumber };
    throw new PitwallError('PW-STREAM-TRIMMED', {
      what: `Records of ${this.#shardId} behind ${behind} are neither in the archive nor in the stream.`,
      fix: 'Read with the trim policy archive: it tells the gap and goes on.',
    });
  }
}

/** Whether a mark lies behind a place, so that there is something between. */
function isBehind(place: ShardPosition | undefined, mark: ShardPosition | undefined): boolean {
  const at = mark === undefined ? undefined : placeOf(mark);
  return at !== undefined && (place === undefined || isAfter(at, place));
}
