import type { Clock } from '#wire/clock.js';
import type { AheadBytes } from './ahead.js';
import { pause } from './back-off.js';
import { atTimestamp, LATEST, type ShardPosition } from './shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource, StreamRecord } from './source.js';

export interface ShardReadsOptions {
  source: ShardSource;
  shardId: string;
  position: ShardPosition;
  /** Room for one read ahead; without it there is none. */
  ahead?: AheadBytes;
  raceClock: Clock;
  signal: AbortSignal;
}

/** A read without an answer for so long is given up. */
export const WATCHDOG_MS = 15_000;

/** A read that is not waited for any longer: it said nothing for `WATCHDOG_MS`, or the reader stops. */
export class Silence extends Error {}

interface ReadAhead {
  read: Promise<ShardRead>;
  /** Of the room, held for it: its greatest size until it is there. */
  bytes: number;
}

/** The reads of one shard, one at a time and at most one ahead of the batch in hand, each under a watchdog. */
export class ShardReads {
  /** Behind which record the next cursor is opened. */
  position: ShardPosition;
  readonly #options: ShardReadsOptions;
  #cursor: ShardCursor | undefined;
  #next: ReadAhead | undefined;

  constructor(options: ShardReadsOptions) {
    this.#options = options;
    this.position = options.position;
  }

  /** The read that was begun ahead, or a new one. Raises `Silence`, or what the cursor raises. */
  async take(): Promise<ShardRead> {
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

  /** Begins the read after the batch in hand, `pauseMs` from now; false when there is no room for it. */
  begin(pauseMs: number): boolean {
    const { source, ahead, signal } = this.#options;
    if (!ahead?.take(source.readBytesMax)) return false;
    const read = pause(pauseMs, signal).then(() => this.#read());
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
    return true;
  }

  /** The next read is from a new cursor. */
  reopen(): void {
    this.#cursor?.close();
    this.#cursor = undefined;
  }

  close(): void {
    this.reopen();
    const next = this.#next;
    // Its room is free when nothing can arrive in it any more.
    void next?.read.catch(() => {}).then(() => this.#options.ahead?.give(next.bytes));
  }

  async #read(): Promise<ShardRead> {
    const { source, shardId, raceClock } = this.#options;
    if (!this.#cursor) {
      this.#cursor = source.open(shardId, this.position);
      // LATEST a second time, after an expiry or a fault, would jump over what came since the first.
      if (this.position === LATEST) this.position = atTimestamp(raceClock.nowMs());
    }
    return await this.#watched(this.#cursor);
  }

  async #watched(cursor: ShardCursor): Promise<ShardRead> {
    const { signal } = this.#options;
    const call = new AbortController();
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
}

export function bytesOf(records: readonly StreamRecord[]): number {
  return records.reduce((bytes, { data }) => bytes + data.length, 0);
}
