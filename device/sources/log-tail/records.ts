import type { Counts } from '../counts.js';

/** What a record of several lines is, and how much of one is held. */
export interface RecordBounds {
  /** Fits the first line of a record, and no other. */
  begins: RegExp;
  maxLines: number;
  /** Of the file, line ends included. */
  maxBytes: number;
}

export interface RecordJoinerOptions extends RecordBounds {
  /** Between the lines of a record. */
  delimiter: string;
  /** The first line is the header of what follows, and a record of its own. */
  hasHeader: boolean;
  counts: Counts;
  /** A record as one line. `endBytes`: how many bytes of the input came up to its end. */
  onRecord: (line: string, endBytes: number) => void;
}

/**
 * Lines → records of several of them, each joined to one. A record ends where the next begins, or when `end` says so; empty
 * lines may begin one and are no part of it. Left out and counted: `tooLongRecords`, whole, up to the next begin;
 * `strayLines`, which belong to no record.
 *
 * @example
 * // begins: /^\d\d:/        12:00:01.5         one record:  12:00:01.5,110.2,3.1
 * //                         110.2
 * //                         3.1
 */
export class RecordJoiner {
  readonly #options: RecordJoinerOptions;
  #state: 'none' | 'open' | 'leftOut' = 'none';
  #isHeaderDue: boolean;
  #lines: string[] = [];
  /** Where the record began, and behind the newest line. */
  #fromBytes = 0;
  #toBytes = 0;

  constructor(options: RecordJoinerOptions) {
    this.#options = options;
    this.#isHeaderDue = options.hasHeader;
  }

  /** A record waits for its end. */
  get isUnderWay(): boolean {
    return this.#state === 'open';
  }

  push(line: string, endBytes: number): void {
    const { begins, maxLines, maxBytes, counts, onRecord } = this.#options;
    if (this.#isHeaderDue) {
      this.#isHeaderDue = false;
      this.#toBytes = endBytes;
      onRecord(line, endBytes);
      return;
    }
    if (begins.test(line)) {
      this.end();
      this.#state = 'open';
      this.#fromBytes = this.#toBytes;
    }
    this.#toBytes = endBytes;
    if (this.#state === 'none' && line !== '') counts.add('strayLines');
    if (this.#state !== 'open') return;
    if (line !== '') this.#lines.push(line);
    if (this.#lines.length > maxLines || endBytes - this.#fromBytes > maxBytes) this.#leaveOut();
  }

  /** A line was too long to be read: whatever it was a part of lacks it. */
  spoil(): void {
    if (this.#isHeaderDue) this.#isHeaderDue = false;
    else this.#leaveOut();
  }

  /** Nothing more comes of the record under way. */
  end(): void {
    const lines = this.#lines;
    this.#state = 'none';
    this.#lines = [];
    if (lines.length > 0) this.#options.onRecord(lines.join(this.#options.delimiter), this.#toBytes);
  }

  #leaveOut(): void {
    if (this.#state !== 'leftOut') this.#options.counts.add('tooLongRecords');
    this.#state = 'leftOut';
    this.#lines = [];
  }
}
