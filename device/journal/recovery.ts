import { errorCode } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import { PRIORITIES, type StoredRecord } from './record.js';
import type { Segment } from './segment.js';

export interface RecoveryOptions {
  /** What earlier runs left, oldest first. */
  segments: readonly Segment[];
  log: Log;
  /** Takes in what stood in a segment. */
  readmit: (segment: Segment, records: readonly StoredRecord[], damagedBytes: number) => void;
  /** Records held in memory. */
  held: () => number;
}

/** Read before the journal opens: what is little is known at once. */
const READ_AT_OPEN_BYTES = 4 * 1024 * 1024;
/** Reading on waits while so many records are held: a journal of a whole season must not fill the memory. */
const HELD_MAX = 50_000;

/**
 * Reads what earlier runs left: a little of it at once, the rest in the background, as fast as it is sent. Opening costs
 * the same whether a megabyte waits or a gigabyte.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  /** Not read yet; what goes first when it is sent is read first. */
  readonly #unread: Segment[];
  #reading: Promise<void> | undefined;
  #stopped = false;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    const rank = ({ name }: Segment) => PRIORITIES.indexOf(name.priority);
    this.#unread = options.segments.filter(({ scanned }) => !scanned).sort((a, b) => rank(a) - rank(b));
    for (let bytes = 0; this.#unread.length > 0; ) {
      bytes += this.#unread[0].bytes;
      if (bytes > READ_AT_OPEN_BYTES) break;
      this.readNow(this.#unread[0]);
    }
  }

  /** Whether nothing is left to be read. */
  get complete(): boolean {
    return this.#unread.length === 0;
  }

  get unreadBytes(): number {
    return this.#unread.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Reads on in the background, if there is something and room for it. Call when records were let go of. */
  resume(): void {
    if (this.#reading || this.#stopped || this.complete || this.#options.held() >= HELD_MAX) return;
    this.#reading = this.#readOn().finally(() => {
      this.#reading = undefined;
    });
  }

  /** Reads a segment that cannot wait, because it is to be dropped. */
  readNow(segment: Segment): void {
    if (!this.#take(segment)) return;
    try {
      const { records, damagedBytes } = segment.recordsNow();
      this.#options.readmit(segment, records, damagedBytes);
    } catch (error) {
      this.#unreadable(segment, error);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#reading;
  }

  async #readOn(): Promise<void> {
    while (!this.#stopped && this.#unread.length > 0 && this.#options.held() < HELD_MAX) {
      const [segment] = this.#unread;
      try {
        const { records, damagedBytes } = await segment.records();
        // Dropped, and read for that, meanwhile.
        if (this.#take(segment)) this.#options.readmit(segment, records, damagedBytes);
      } catch (error) {
        if (this.#take(segment)) this.#unreadable(segment, error);
      }
    }
  }

  #take(segment: Segment): boolean {
    const index = this.#unread.indexOf(segment);
    if (index < 0) return false;
    this.#unread.splice(index, 1);
    segment.scanned = true;
    return true;
  }

  /** It stays on the disk for a person to look at, and counts as damaged. */
  #unreadable(segment: Segment, error: unknown): void {
    this.#options.log.error('journal: segment not read', { path: segment.path, error: errorCode(error) });
    this.#options.readmit(segment, [], segment.bytes);
  }
}
