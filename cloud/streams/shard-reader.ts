import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { AheadBytes } from './ahead.js';
import { actionFor, type ErrorAction } from './aws-errors.js';
import { backOffMs, pause } from './back-off.js';
import { positionBehind, type ShardInfo, type ShardPosition } from './shard-graph.js';
import { ShardReads, Silence, WATCHDOG_MS } from './shard-reads.js';
import type { ShardRead, ShardSource, StreamGap, StreamRecord } from './source.js';

export interface ShardBatch {
  stream: string;
  shardId: string;
  /** In the shard's order; may be empty in the last batch of a shard. */
  records: StreamRecord[];
  /** Age of what is still to be read, race-clock ms; 0 = all is read. */
  millisBehindLatest: number;
  /** No more will come from this shard: store its position as SHARD_END. */
  ended: boolean;
}

export interface ShardReaderOptions {
  source: ShardSource;
  shardId: string;
  position: ShardPosition;
  /** Wall time between polls that brought something. It grows while nothing comes. */
  pollMs: number;
  /** What it grows to. Default five times `pollMs`. */
  idlePollMs?: number;
  /** Room for one batch that is read while another is processed; without it the next read waits. */
  ahead?: AheadBytes;
  onRecords(batch: ShardBatch): Promise<void>;
  /** Children as the last answer named them, possibly before a listing shows them. */
  onEnd(children: ShardInfo[]): void;
  /** The reader has stopped for good; whoever started it decides when to begin again. */
  onFailure(error: PitwallError): void;
  /** Records were trimmed before they were read; it is logged and counted, too. */
  onGap?(gap: StreamGap): void;
  log: Log;
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

export interface ShardCounters {
  polls: number;
  records: number;
  throttled: number;
  retried: number;
  expiredIterators: number;
  /** Times that records had been trimmed before they were read. */
  gaps: number;
  /** Reads given up because nothing had come for `WATCHDOG_MS`. */
  watchdogRestarts: number;
}

export function noCounts(): ShardCounters {
  return { polls: 0, records: 0, throttled: 0, retried: 0, expiredIterators: 0, gaps: 0, watchdogRestarts: 0 };
}

/** Adds each count of `from` to the one of the same name. */
export function addCounts<Counts extends { [Name in keyof Counts]: number }>(to: Counts, from: Counts): void {
  for (const name of Object.keys(from) as (keyof Counts)[]) (to[name] as number) += from[name];
}

/** 200 ms between polls become 1 s while nothing comes. */
const IDLE_GROWTH = 5;
const IDLE_STEP = 1.5;
/** Back-off between failed calls, beside the SDK's own repeats. */
const RETRY = { firstMs: 100, lastMs: 5_000 };
/** First gap between catch-up polls after a throttle; see `#gapMs`. */
const FIRST_GAP_MS = 25;
/** A shard that is listed and yet said not to be there is asked so often again. */
const GONE_TRIES = 5;

/**
 * Reads one shard. While `onRecords` is busy with a batch at most one more is read, and none when there is no room for
 * it. Never skips: after any failure it goes on behind the last record that `onRecords` has taken.
 */
export class ShardReader {
  readonly counters: ShardCounters = noCounts();
  lagMs = 0;
  readonly done: Promise<void>;
  readonly #options: ShardReaderOptions;
  readonly #stop = new AbortController();
  readonly #reads: ShardReads;
  /** Of a shard that is gone: what the service cannot say any more. */
  #end: ShardRead | undefined;
  #failures = 0;
  #goneTries = 0;
  /**
   * Pause between polls while more is waiting. A shard allows five reads a second of *race* time, whose rate nobody here
   * knows: the gap is doubled when the stream throttles and shrinks while it does not.
   */
  #gapMs = 0;
  #idleMs: number;

  constructor(options: ShardReaderOptions) {
    this.#options = options;
    const { source, shardId, position, ahead, raceClock } = options;
    this.#reads = new ShardReads({ source, shardId, position, ahead, raceClock, signal: this.#stop.signal });
    this.#idleMs = options.pollMs;
    this.done = this.#run();
  }

  /** Behind which record to go on. */
  get position(): ShardPosition {
    return this.#reads.position;
  }

  /** Ends after the batch in hand, if there is one. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.done;
  }

  async #run(): Promise<void> {
    const signal = this.#stop.signal;
    try {
      while (!signal.aborted) {
        try {
          const read = this.#end ?? (await this.#read());
          if (signal.aborted) return;
          const pauseMs = this.#pauseMs(read);
          const isAhead = read.records.length > 0 && !read.ended && this.#reads.begin(pauseMs);
          if (await this.#deliver(read)) return;
          if (!isAhead) await pause(pauseMs, signal);
        } catch (error) {
          // A poll can be tried again; what pushed has ended, and begins again behind the last record.
          if (!this.#options.source.polls) this.#reads.reopen();
          if (signal.aborted || !(await this.#recover(error))) return;
        }
      }
    } finally {
      this.#stop.abort();
      this.#reads.close();
    }
  }

  async #read(): Promise<ShardRead> {
    const read = await this.#reads.take();
    this.counters.polls++;
    this.#failures = 0;
    this.#goneTries = 0;
    return read;
  }

  /** True when the shard has ended. */
  async #deliver({ records, millisBehindLatest, ended, children, gap }: ShardRead): Promise<boolean> {
    const { source, shardId, onRecords, onEnd } = this.#options;
    this.lagMs = millisBehindLatest;
    if (gap) this.#tellGap(gap);
    if (records.length > 0 || ended) {
      try {
        await onRecords({ stream: source.name, shardId, records, millisBehindLatest, ended });
      } catch (cause) {
        throw new PitwallError('PW-STREAM-READ', {
          what: `A batch of ${records.length} records of ${shardId} of ${source.name} could not be processed.`,
          why: cause instanceof Error ? cause.message : errorCode(cause),
          cause,
        });
      }
      this.counters.records += records.length;
      const last = records.at(-1);
      if (last) this.#reads.position = positionBehind(last);
    }
    if (ended) onEnd(children);
    return ended;
  }

  #tellGap(gap: StreamGap): void {
    const { source, log, onGap } = this.#options;
    this.counters.gaps++;
    log.error('Records of a shard were trimmed before they were read.', { stream: source.name, ...gap });
    onGap?.(gap);
  }

  #pauseMs({ records, millisBehindLatest }: ShardRead): number {
    const { pollMs, idlePollMs = pollMs * IDLE_GROWTH, source } = this.#options;
    if (!source.polls) return 0;
    if (millisBehindLatest > 0) {
      this.#gapMs = this.#gapMs < 1 ? 0 : this.#gapMs * 0.9;
      return Math.min(this.#gapMs, pollMs);
    }
    this.#idleMs = records.length > 0 ? pollMs : Math.min(this.#idleMs * IDLE_STEP, idlePollMs);
    return this.#idleMs;
  }

  /** False when the reader gives up. The table of errors and actions is in `aws-errors.ts`. */
  async #recover(error: unknown): Promise<boolean> {
    const { shardId, source, log, pollMs, random } = this.#options;
    const fields = { stream: source.name, shard: shardId, code: errorCode(error) };
    switch (this.#actionFor(error)) {
      case 'renewIterator':
        this.counters.expiredIterators++;
        this.#reads.reopen();
        log.info('A shard iterator expired; going on behind the last record.', fields);
        return true;
      case 'restart':
        this.counters.watchdogRestarts++;
        this.#reads.reopen();
        log.warn('A shard had no completed read; it is begun again.', { ...fields, silentMs: WATCHDOG_MS });
        return true;
      case 'slowDown':
        this.counters.throttled++;
        this.#gapMs = Math.min(pollMs, Math.max(FIRST_GAP_MS, 2 * this.#gapMs));
        break;
      case 'retry':
        this.counters.retried++;
        // The answer may be lost on the way back: an iterator can be read again, so nothing is.
        break;
      case 'gone':
        return await this.#leave(error);
      case 'giveUp':
        return this.#giveUp(error);
    }
    await this.#backOff(random);
    return true;
  }

  #actionFor(error: unknown): ErrorAction | 'restart' {
    if (error instanceof Silence) return 'restart';
    if (error instanceof PitwallError) return error.retriable ? 'retry' : 'giveUp';
    return actionFor(error);
  }

  async #backOff(random: Random): Promise<void> {
    this.#failures++;
    await pause(backOffMs(this.#failures, RETRY, random), this.#stop.signal);
  }

  /**
   * The service knows no such shard. When no listing has it any more it was trimmed, and what was not read of it is lost:
   * a gap, and its end, with the children that are listed. One that is listed comes back, or the reader gives up.
   */
  async #leave(error: unknown): Promise<boolean> {
    const { source, shardId, random } = this.#options;
    let listing: Map<string, ShardInfo>;
    try {
      listing = await source.list(this.#stop.signal);
    } catch (cause) {
      if (actionFor(cause) === 'gone' || actionFor(cause) === 'giveUp') return this.#giveUp(cause);
      this.counters.retried++;
      await this.#backOff(random);
      return true;
    }
    if (listing.has(shardId)) {
      this.#goneTries++;
      if (this.#goneTries >= GONE_TRIES) return this.#giveUp(error);
      this.counters.retried++;
      this.#reads.reopen();
      await this.#backOff(random);
      return true;
    }
    if (source.trimPolicy === 'fail') {
      return this.#giveUp(
        new PitwallError('PW-STREAM-TRIMMED', {
          what: `${shardId} of ${source.name} was trimmed before it was read to its end, behind ${this.position}.`,
          cause: error,
        }),
      );
    }
    const children = [...listing.values()].filter(({ parents }) => parents.includes(shardId));
    const gap = { shardId, behind: this.position, upTo: undefined };
    const end: ShardRead = { records: [], millisBehindLatest: 0, ended: true, children, gap };
    this.#end = end;
    return true;
  }

  #giveUp(error: unknown): false {
    const { shardId, source, onFailure } = this.#options;
    onFailure(
      error instanceof PitwallError
        ? error
        : new PitwallError('PW-STREAM-READ', {
            what: `Shard ${shardId} of ${source.name} cannot be read: ${errorCode(error)}.`,
            why: error instanceof Error ? error.message : undefined,
            cause: error,
          }),
    );
    return false;
  }
}
