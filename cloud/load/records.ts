import type { FileEncoding } from './encoding.js';
import { decodeLines } from './encoding.js';

/** A record is one row of a table: a line, or several where a quoted cell has line ends in it. */
export interface TableRecord {
  /** Line of the file that it begins at, from 1. */
  line: number;
  text: string;
  /** Set where the text is no whole record. */
  broken?: 'too-long' | 'unclosed-quote';
}

/** Where to go on reading: `skip` records behind the one that begins at byte `offset`, which is line `line` of the file. */
export interface RecordPosition {
  offset: number;
  line: number;
  skip: number;
}

/** Records from one piece of the file. */
export interface RecordBlock {
  /** Byte at which the first of them begins, and its line. */
  offset: number;
  line: number;
  records: TableRecord[];
}

/** Longest record. A line that is longer is left out up to its end. */
export const RECORD_CHARS_MAX = 64 * 1024;
/** No encoding takes more for a character: so many bytes without a line end are too long for certain. */
const CHAR_BYTES_MAX = 4;
/** A quoted cell may go over so many lines; one that is open for longer was never closed. */
const RECORD_LINES_MAX = 64;
const LF = 0x0a;

/**
 * Bytes in any pieces → blocks of whole records, in memory of one piece and one record. The same bytes give the same records
 * however they are cut, also when reading begins at the offset of a block: a load can go on where it was.
 *
 * @param bytes the file (unpacked) from `from.offset` on
 * @param delimiter ends a quoted cell; without one quotes are not looked at and each line is a record
 */
export async function* readRecords(
  bytes: AsyncIterable<Uint8Array>,
  options: { encoding: FileEncoding; delimiter?: string; offset: number; line: number },
): AsyncGenerator<RecordBlock> {
  const splitter = new RecordSplitter(options);
  for await (const piece of bytes) {
    const block = splitter.push(piece);
    if (block) yield block;
  }
  const last = splitter.end();
  if (last) yield last;
}

class RecordSplitter {
  readonly #encoding: FileEncoding;
  readonly #delimiter: string | undefined;
  readonly #unit: 1 | 2;
  #offset: number;
  #line: number;
  #carry: Buffer = Buffer.alloc(0);
  /** Bytes of a line that is too long and not at its end yet. */
  #skippedBytes = 0;

  constructor(options: { encoding: FileEncoding; delimiter?: string; offset: number; line: number }) {
    this.#encoding = options.encoding;
    this.#delimiter = options.delimiter;
    this.#unit = options.encoding.startsWith('utf16') ? 2 : 1;
    this.#offset = options.offset;
    this.#line = options.line;
  }

  push(piece: Uint8Array): RecordBlock | undefined {
    const bytes = this.#carry.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#carry, piece]);
    return this.#take(bytes, this.#lastEnd(bytes), false);
  }

  end(): RecordBlock | undefined {
    if (this.#carry.length === 0 && this.#skippedBytes === 0) return undefined;
    return this.#take(this.#carry, this.#carry.length, true);
  }

  #take(bytes: Buffer, end: number, isLast: boolean): RecordBlock | undefined {
    if (end === 0 && !isLast) {
      this.#carry = bytes;
      if (bytes.length > CHAR_BYTES_MAX * RECORD_CHARS_MAX) this.#skip(bytes.length);
      return undefined;
    }
    const offset = this.#offset;
    const line = this.#line;
    const records: TableRecord[] = [];
    let from = 0;
    if (this.#skippedBytes > 0) {
      // The rest of the line that was too long.
      from = isLast ? end : this.#firstEnd(bytes);
      records.push({ line, text: '', broken: 'too-long' });
      this.#line++;
    }
    const lines = decodeLines(bytes.subarray(from, end), this.#encoding);
    const open = this.#join(lines, records, isLast);
    const taken = open === 0 ? end : this.#back(bytes, end, open);
    this.#offset += this.#skippedBytes + taken;
    this.#skippedBytes = 0;
    this.#carry = bytes.subarray(taken);
    return records.length === 0 ? undefined : { offset, line, records };
  }

  /** Keeps nothing of a line that is too long, but how long it was. */
  #skip(length: number): void {
    // An odd byte of UTF-16 stays with its second half.
    const whole = length - (length % this.#unit);
    this.#skippedBytes += whole;
    this.#carry = this.#carry.subarray(whole);
  }

  /** Lines → records; returns how many lines at the end are an open record, which needs the next piece. */
  #join(lines: string[], records: TableRecord[], isLast: boolean): number {
    for (let i = 0; i < lines.length; ) {
      const text = lines[i];
      const line = this.#line;
      if (text.length > RECORD_CHARS_MAX) {
        records.push({ line, text: '', broken: 'too-long' });
      } else if (this.#delimiter === undefined || !text.includes('"') || !isOpen(text, this.#delimiter)) {
        records.push({ line, text });
      } else {
        const closed = this.#close(lines, i, this.#delimiter);
        if (closed === 'more' && !isLast) return lines.length - i;
        if (typeof closed === 'object') {
          records.push({ line, text: closed.text });
          i += closed.lines;
          this.#line += closed.lines;
          continue;
        }
        records.push({ line, text, broken: 'unclosed-quote' });
      }
      i++;
      this.#line++;
    }
    return 0;
  }

  #close(lines: string[], from: number, delimiter: string): { text: string; lines: number } | 'more' | 'never' {
    let text = lines[from];
    for (let count = 1; count < RECORD_LINES_MAX; count++) {
      if (from + count >= lines.length) return 'more';
      text += `\n${lines[from + count]}`;
      if (text.length > RECORD_CHARS_MAX) return 'never';
      if (lines[from + count].includes('"') && !isOpen(text, delimiter)) return { text, lines: count + 1 };
    }
    return 'never';
  }

  /** Byte behind the last line end, 0 where there is none. */
  #lastEnd(bytes: Buffer): number {
    for (let at = bytes.lastIndexOf(LF); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(LF, at - 1)) {
      const end = this.#endAt(bytes, at);
      if (end > 0) return end;
    }
    return 0;
  }

  #firstEnd(bytes: Buffer): number {
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
      const end = this.#endAt(bytes, at);
      if (end > 0) return end;
    }
    return 0;
  }

  /** Byte behind the line end whose LF byte is at `at`; 0 where that byte is half of another character. */
  #endAt(bytes: Buffer, at: number): number {
    if (this.#unit === 1) return at + 1;
    if (this.#encoding === 'utf16le') return at % 2 === 0 && bytes[at + 1] === 0 ? at + 2 : 0;
    return at % 2 === 1 && bytes[at - 1] === 0 ? at + 1 : 0;
  }

  /** Byte at which the last `count` lines before `end` begin. */
  #back(bytes: Buffer, end: number, count: number): number {
    let at = end;
    for (let i = 0; i <= count; i++) {
      if (i === count) return at;
      at = this.#lastEnd(bytes.subarray(0, at - this.#unit));
    }
    return at;
  }
}

/** Whether a quoted cell is still open at the end. A quote counts at the beginning of a cell only (`5" rim` has none). */
function isOpen(text: string, delimiter: string): boolean {
  for (let at = 0; at <= text.length; ) {
    while (text[at] === ' ') at++;
    if (text[at] === '"') {
      for (at++; ; at += 2) {
        at = text.indexOf('"', at);
        if (at < 0) return true;
        if (text[at + 1] !== '"') break;
      }
    }
    const end = text.indexOf(delimiter, at);
    if (end < 0) return false;
    at = end + delimiter.length;
  }
  return false;
}
