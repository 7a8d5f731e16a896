import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { AheadBytes } from './ahead.js';
import { actionFor, type ErrorAction } from './aws-errors.js';
import { backOffMs, pause } from './back-off.js';
import { atTimestamp, LATEST, positionBehind, type ShardInfo, type ShardPosition } from './shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource, StreamGap, StreamRecord } from './source.js';

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
  /** Wall time between polls that brought something. It grows to `IDLE_GROWTH` times that while nothing comes. */
  pollMs: number;
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

interface ReadAhead {
  read: Promise<ShardRead>;
  /** Of the room, held for it: its greatest size until it is there. */
  bytes: number;
}

/** A read without an answer for so long is given up, and the shard begun again where it was. */
export const WATCHDOG_MS = 15_000;
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
  /** Behind which record to go on. */
  position: ShardPosition;
  readonly done: Promise<void>;
  readonly #options: ShardReaderOptions;
  readonly #stop = new AbortController();
  #cursor: ShardCursor | undefined;
  /** The read after the batch in hand. */
  #next: ReadAhead | undefined;
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
    this.position = options.position;
    this.#idleMs = options.pollMs;
    this.done = this.#run();
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
          const read = await this.#take();
          if (signal.aborted) return;
          const pauseMs = this.#pauseMs(read);
          this.#readAhead(read, pauseMs);
          if (await this.#deliver(read)) return;
          if (!this.#next) await pause(pauseMs, signal);
        } catch (error) {
          // A poll can be tried again; what pushed has ended, and begins again behind the last record.
          if (!this.#options.source.polls) this.#closeCursor();
          if (signal.aborted || !(await this.#recover(error))) return;
        }
      }
    } finally {
      this.#stop.abort();
      this.#closeCursor();
      this.#forgetNext();
    }
  }

  #forgetNext(): void {
    const next = this.#next;
    // Its room is free when nothing can arrive in it any more.
    void next?.read.catch(() => {}).then(() => this.#options.ahead?.give(next.bytes));
  }

  #closeCursor(): void {
    this.#cursor?.close();
    this.#cursor = undefined;
  }

  async #take(): Promise<ShardRead> {
    const next = this.#next;
    if (!next) return await this.#read();
    this.#next = undefined;
    try {
      return await next.read;
    } finally {
      // From here on it is the batch in hand.
      this.#options.ahead?.give(next.bytes);
    }
  }

  #readAhead(inHand: ShardRead, pauseMs: number): void {
    const { source, ahead } = this.#options;
    if (!ahead || inHand.records.length === 0 || inHand.ended || !ahead.take(source.readBytesMax)) return;
    const read = pause(source.polls ? pauseMs : 0, this.#stop.signal).then(() => this.#read());
    const next: ReadAhead = { read, bytes: source.readBytesMax };
    this.#next = next;
    read.then(
      ({ records }) => {
        const bytes = bytesOf(records);
        ahead.give(next.bytes - bytes);
        next.bytes = bytes;
      },
      // Whoever takes it is told; when the reader stops before, nobody is.
      () => {},
    );
  }

  async #read(): Promise<ShardRead> {
    if (!this.#cursor) {
      this.#cursor = this.#options.source.open(this.#options.shardId, this.position);
      // LATEST a second time, after an expiry or a fault, would jump over what came since the first.
      if (this.position === LATEST) this.position = atTimestamp(this.#options.raceClock.nowMs());
    }
    const read = await this.#watched(this.#cursor);
    this.counters.polls++;
    this.#failures = 0;
    this.#goneTries = 0;
    return read;
  }

  /** The cursor's next read, or an error when it says nothing for too long or the reader stops. */
  async #watched(cursor: ShardCursor): Promise<ShardRead> {
    const call = new AbortController();
    const { signal } = this.#stop;
    let giveUp = () => {};
    const silence = new Promise<never>((_, reject) => {
      giveUp = () => {
        reject(new Silence());
        call.abort();
      };
    });
    const timer = setTimeout(giveUp, WATCHDOG_MS);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      return await Promise.race([cursor.next(call.signal), silence]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
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
      if (last) this.position = positionBehind(last);
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
    const { pollMs, source } = this.#options;
    if (!source.polls) return 0;
    if (millisBehindLatest > 0) {
      this.#gapMs = this.#gapMs < 1 ? 0 : this.#gapMs * 0.9;
      return Math.min(this.#gapMs, pollMs);
    }
    this.#idleMs = records.length > 0 ? pollMs : Math.min(this.#idleMs * IDLE_STEP, pollMs * IDLE_GROWTH);
    return this.#idleMs;
  }

  /** False when the reader gives up. The table of errors and actions is in `aws-errors.ts`. */
  async #recover(error: unknown): Promise<boolean> {
    const { shardId, source, log, pollMs, random } = this.#options;
    const fields = { stream: source.name, shard: shardId, code: errorCode(error) };
    switch (this.#actionFor(error)) {
      case 'renewIterator':
        this.counters.expiredIterators++;
        this.#closeCursor();
        log.info('A shard iterator expired; going on behind the last record.', fields);
        return true;
      case 'restart':
        this.counters.watchdogRestarts++;
        this.#closeCursor();
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
      this.#closeCursor();
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
    this.#next = { read: Promise.resolve(end), bytes: 0 };
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

/** A read that is not waited for any longer. */
class Silence extends Error {}

export function bytesOf(records: readonly StreamRecord[]): number {
  return records.reduce((bytes, { data }) => bytes + data.length, 0);
}
