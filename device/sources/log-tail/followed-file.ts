import { closeSync, fstatSync, openSync } from 'node:fs';
import { LineSplitter, type LineSplitterOptions } from '../lines.js';
import { headOf, isAt, type Place, readAt } from './checkpoint.js';
import { RecordJoiner, type RecordJoinerOptions } from './records.js';

/** Read at a time. */
const CHUNK_BYTES = 64 * 1024;
/** So many bytes before the place tell a copy of the file from one that only begins alike. */
const TAIL_BYTES = 256;

/** What the lines of a file go to. */
export type LineOptions = Omit<LineSplitterOptions, 'onLine'> & {
  onLine: (line: string) => void;
  /** Lines are put together to records, and those handed on. `hasHeader`: the file begins with one. */
  record?: Omit<RecordJoinerOptions, 'onRecord'> | undefined;
};

interface Input {
  lines: LineSplitter;
  records: RecordJoiner | undefined;
}

/** One file that is followed: open, so that it can be read to its end after it was renamed or removed. */
export class FollowedFile {
  readonly id: string;
  readonly #fd: number;
  readonly #options: LineOptions;
  #input: Input;
  /** Offset in the file that the splitter began at. */
  #base: number;
  /** Behind the last whole line or record, and behind the last byte that was read. */
  #offset: number;
  #readTo: number;
  /** What tells a copy of it. */
  #known: { head: string; headBytes: number; tail: Buffer } | undefined;

  /** Raises what the file system raises when the file has gone meanwhile. */
  constructor(id: string, path: string, options: LineOptions, place?: Place) {
    this.id = id;
    this.#fd = openSync(path, 'r');
    this.#options = options;
    this.#offset = place && isAt(this.#fd, fstatSync(this.#fd).size, place) ? place.offset : 0;
    this.#base = this.#offset;
    this.#readTo = this.#offset;
    this.#input = this.#newInput();
  }

  get place(): Place {
    return { id: this.id, offset: this.#offset, ...headOf(this.#fd, this.#offset) };
  }

  /** The file's own first line, where reading begins behind it: the header of a table. */
  get firstLine(): string {
    const text = Buffer.from(readAt(this.#fd, 0, CHUNK_BYTES)).toString('utf8');
    return /^[^\r\n]*/.exec(text)?.[0] ?? '';
  }

  get isBegun(): boolean {
    return this.#offset > 0;
  }

  /** Bytes that were not read yet. */
  get restBytes(): number {
    return fstatSync(this.#fd).size - this.#readTo;
  }

  /** Whether another file is, or was, this one's begin up to the place: the copy that "copy, then truncate" makes. */
  isCopiedBy(fd: number): boolean {
    // Logs of one logger all have the same header: less than that, and a tail, tells nothing.
    const least = Math.max(TAIL_BYTES, Buffer.byteLength(this.firstLine) + 3);
    if (this.#readTo < least || fstatSync(fd).size < this.#readTo) return false;
    const mine = this.#known;
    return (
      mine !== undefined && mine.head === headOf(fd, mine.headBytes).head && mine.tail.equals(tailOf(fd, this.#readTo))
    );
  }

  /** Keeps what tells a copy, as long as the file still has it. */
  remember(): void {
    this.#known = { ...headOf(this.#fd, this.#readTo), tail: tailOf(this.#fd, this.#readTo) };
  }

  /** Whether the file was cut short, or written anew from its begin, since it was read. */
  get isTruncated(): boolean {
    if (this.#readTo === 0) return false;
    if (this.restBytes < 0) return true;
    return this.#known !== undefined && headOf(this.#fd, this.#known.headBytes).head !== this.#known.head;
  }

  /** Reads on, `bytesMax` at most; returns how many bytes. */
  read(bytesMax: number): number {
    let count = 0;
    while (count < bytesMax) {
      const chunk = readAt(this.#fd, this.#readTo, Math.min(CHUNK_BYTES, bytesMax - count));
      if (chunk.length === 0) break;
      this.#readTo += chunk.length;
      count += chunk.length;
      this.#input.lines.push(chunk);
    }
    if (count > 0) this.remember();
    return count;
  }

  /** Reads what the copy has behind the place, then begins this one anew. */
  readCopy(fd: number): void {
    const size = fstatSync(fd).size;
    for (let at = this.#readTo; at < size; ) {
      const chunk = readAt(fd, at, CHUNK_BYTES);
      if (chunk.length === 0) break;
      this.#input.lines.push(chunk);
      at += chunk.length;
    }
  }

  /** The file begins anew; a line under way has its end where it was cut. */
  restart(): void {
    this.#end();
    this.#base = 0;
    this.#offset = 0;
    this.#readTo = 0;
    this.#known = undefined;
    this.#input = this.#newInput();
  }

  /** Leaves out what is there; a half line at the end belongs to it. */
  skipToEnd(): void {
    this.#readTo = fstatSync(this.#fd).size;
    this.#offset = this.#readTo;
    this.#base = this.#readTo;
    this.#input = this.#newInput();
  }

  /** A record waits for more of its lines. */
  get isInRecord(): boolean {
    return this.#input.records?.isUnderWay ?? false;
  }

  /** No more lines are expected of the record under way; what comes of it later belongs to none. */
  endRecord(): void {
    this.#input.records?.end();
  }

  /** Nothing more is written to it: a last line without an end is one, too. */
  finish(): void {
    this.#end();
    this.#offset = this.#readTo;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #end(): void {
    this.#input.lines.end();
    this.endRecord();
  }

  #newInput(): Input {
    const base = this.#base;
    const { record, onLine, onTooLong } = this.#options;
    // The place stays in front of a record until it is whole: after a restart all its lines are read again.
    const handOn = (line: string, endBytes: number) => {
      this.#offset = base + endBytes;
      onLine(line);
    };
    if (!record) return { lines: new LineSplitter({ ...this.#options, onLine: handOn }), records: undefined };
    const records = new RecordJoiner({ ...record, hasHeader: record.hasHeader && base === 0, onRecord: handOn });
    const lines = new LineSplitter({
      ...this.#options,
      onLine: (line, endBytes) => records.push(line, endBytes),
      onTooLong: () => {
        records.spoil();
        onTooLong();
      },
    });
    return { lines, records };
  }
}

function tailOf(fd: number, offset: number): Buffer {
  const from = Math.max(0, offset - TAIL_BYTES);
  return Buffer.from(readAt(fd, from, offset - from));
}
