import { closeSync, fstatSync, openSync } from 'node:fs';
import { LineSplitter, type LineSplitterOptions } from '../lines.js';
import { headOf, isAt, type Place, readAt } from './checkpoint.js';

/** Read at a time. */
const CHUNK_BYTES = 64 * 1024;
/** So many bytes before the place tell a copy of the file from one that only begins alike. */
const TAIL_BYTES = 256;

/** What the lines of a file go to. */
export type LineOptions = Omit<LineSplitterOptions, 'onLine'> & { onLine: (line: string) => void };

/** One file that is followed: open, so that it can be read to its end after it was renamed or removed. */
export class FollowedFile {
  readonly id: string;
  readonly #fd: number;
  readonly #options: LineOptions;
  #lines: LineSplitter;
  /** Offset in the file that the splitter began at. */
  #base: number;
  /** Behind the last whole line, and behind the last byte that was read. */
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
    this.#lines = this.#splitter();
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
      this.#lines.push(chunk);
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
      this.#lines.push(chunk);
      at += chunk.length;
    }
  }

  /** The file begins anew; a line under way has its end where it was cut. */
  restart(): void {
    this.#lines.end();
    this.#base = 0;
    this.#offset = 0;
    this.#readTo = 0;
    this.#known = undefined;
    this.#lines = this.#splitter();
  }

  /** Leaves out what is there; a half line at the end belongs to it. */
  skipToEnd(): void {
    this.#readTo = fstatSync(this.#fd).size;
    this.#offset = this.#readTo;
    this.#base = this.#readTo;
    this.#lines = this.#splitter();
  }

  /** Nothing more is written to it: a last line without an end is one, too. */
  finish(): void {
    this.#lines.end();
    this.#offset = this.#readTo;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #splitter(): LineSplitter {
    const base = this.#base;
    return new LineSplitter({
      ...this.#options,
      onLine: (line, endBytes) => {
        this.#offset = base + endBytes;
        this.#options.onLine(line);
      },
    });
  }
}

function tailOf(fd: number, offset: number): Buffer {
  const from = Math.max(0, offset - TAIL_BYTES);
  return Buffer.from(readAt(fd, from, offset - from));
}
