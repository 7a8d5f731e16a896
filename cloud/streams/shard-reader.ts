import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { actionFor } from './aws-errors.js';
import { backOffMs, pause } from './back-off.js';
import { atTimestamp, LATEST, type ShardInfo, type ShardPosition } from './shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource, StreamRecord } from './source.js';

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
  pollMs: number;
  onRecords(batch: ShardBatch): Promise<void>;
  /** Children as the last answer named them, possibly before a listing shows them. */
  onEnd(children: ShardInfo[]): void;
  /** The reader has stopped for good; whoever started it decides when to begin again. */
  onFailure(error: PitwallError): void;
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
}

/** Back-off between failed calls, beside the SDK's own repeats. */
const RETRY = { firstMs: 100, lastMs: 5_000 };
/** First gap between catch-up polls after a throttle; see `#gapMs`. */
const FIRST_GAP_MS = 25;

/**
 * Reads one shard. The next read starts only when `onRecords` has resolved, so a slow reader holds one batch and no more.
 * Never skips: after any failure it goes on behind the last record that `onRecords` has taken.
 */
export class ShardReader {
  readonly counters: ShardCounters = { polls: 0, records: 0, throttled: 0, retried: 0, expiredIterators: 0 };
  /** Wall time of the last answer from the stream, or of the moment when a batch was handed back. */
  lastPollMs: number;
  /** Since when `onRecords` is busy with a batch; undefined while polling. */
  busySinceMs: number | undefined;
  lagMs = 0;
  /** Behind which record to go on. */
  position: ShardPosition;
  readonly done: Promise<void>;
  readonly #options: ShardReaderOptions;
  readonly #stop = new AbortController();
  #cursor: ShardCursor | undefined;
  #failures = 0;
  /**
   * Pause between polls while more is waiting. A shard allows five reads a second of *race* time, whose rate nobody here
   * knows: the gap is doubled when the stream throttles and shrinks while it does not.
   */
  #gapMs = 0;

  constructor(options: ShardReaderOptions) {
    this.#options = options;
    this.position = options.position;
    this.lastPollMs = options.wallClock.nowMs();
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
          const read = await this.#next(signal);
          if (signal.aborted || (await this.#deliver(read))) return;
          if (this.#options.source.polls) await pause(this.#pauseMs(read), signal);
        } catch (error) {
          // A poll can be tried again; what pushed has ended, and begins again behind the last record.
          if (!this.#options.source.polls) this.#closeCursor();
          if (signal.aborted || !(await this.#recover(error))) return;
        }
      }
    } finally {
      this.#closeCursor();
    }
  }

  #closeCursor(): void {
    this.#cursor?.close();
    this.#cursor = undefined;
  }

  async #next(signal: AbortSignal): Promise<ShardRead> {
    if (!this.#cursor) {
      this.#cursor = this.#options.source.open(this.#options.shardId, this.position);
      // LATEST a second time, after an expiry or a fault, would jump over what came since the first.
      if (this.position === LATEST) this.position = atTimestamp(this.#options.raceClock.nowMs());
    }
    const read = await this.#cursor.next(signal);
    this.lastPollMs = this.#options.wallClock.nowMs();
    this.counters.polls++;
    this.#failures = 0;
    return read;
  }

  /** True when the shard has ended. */
  async #deliver({ records, millisBehindLatest, ended, children }: ShardRead): Promise<boolean> {
    const { source, shardId, onRecords, onEnd, wallClock } = this.#options;
    this.lagMs = millisBehindLatest;
    if (records.length > 0 || ended) {
      this.busySinceMs = wallClock.nowMs();
      try {
        await onRecords({ stream: source.name, shardId, records, millisBehindLatest, ended });
      } catch (cause) {
        throw new PitwallError('PW-STREAM-READ', {
          what: `A batch of ${records.length} records of ${shardId} of ${source.name} could not be processed.`,
          why: cause instanceof Error ? cause.message : errorCode(cause),
          cause,
        });
      } finally {
        this.busySinceMs = undefined;
        this.lastPollMs = wallClock.nowMs();
      }
      this.counters.records += records.length;
      if (records.length > 0) this.position = records[records.length - 1].sequenceNumber;
    }
    if (ended) onEnd(children);
    return ended;
  }

  #pauseMs({ millisBehindLatest }: ShardRead): number {
    if (millisBehindLatest === 0) return this.#options.pollMs;
    this.#gapMs = this.#gapMs < 1 ? 0 : this.#gapMs * 0.9;
    return Math.min(this.#gapMs, this.#options.pollMs);
  }

  /** False when the reader gives up. The table of errors and actions is in `aws-errors.ts`. */
  async #recover(error: unknown): Promise<boolean> {
    const { shardId, source, log, onFailure, random, pollMs } = this.#options;
    const action = error instanceof PitwallError ? 'giveUp' : actionFor(error);
    const fields = { stream: source.name, shard: shardId, code: errorCode(error) };
    switch (action) {
      case 'renewIterator':
        this.counters.expiredIterators++;
        this.#closeCursor();
        log.info('A shard iterator expired; going on behind the last record.', fields);
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
      case 'giveUp':
        onFailure(
          error instanceof PitwallError
            ? error
            : new PitwallError('PW-STREAM-READ', {
                what: `Shard ${shardId} of ${source.name} cannot be read: ${fields.code}.`,
                why: error instanceof Error ? error.message : undefined,
                cause: error,
              }),
        );
        return false;
    }
    this.#failures++;
    await pause(backOffMs(this.#failures, RETRY, random), this.#stop.signal);
    return true;
  }
}
