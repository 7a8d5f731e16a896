import { CandumpLine } from './candump-line.js';
import type { CanFrame } from './frame.js';

/** Bound on a line. The longest that candump writes has some 250 characters. */
const LINE_BYTES_MAX = 1024;
const OVERLONG = `a line of at most ${LINE_BYTES_MAX} bytes`;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;

/** A line that is no frame. */
export interface BadLine {
  /** From 1. */
  line: number;
  /** From 1, in bytes. */
  column: number;
  /** What was expected there. */
  expected: string;
}

/**
 * Reads frames from candump's text as bytes of it come, one at a time. Memory is constant: the rest of a line that a chunk
 * cuts, and one frame that is filled again and again.
 *
 * @example
 * const reader = new CandumpReader((bad) => log.warn(`line ${bad.line}: expected ${bad.expected}`));
 * for await (const chunk of input) {
 *   reader.feed(chunk);
 *   while (reader.next()) use(reader.frame);
 * }
 * reader.end();
 * while (reader.next()) use(reader.frame);
 */
export class CandumpReader {
  /** The frame that `next` has read. */
  readonly frame: CanFrame;
  /** Lines seen, empty ones included. */
  lines = 0;
  badLines = 0;
  readonly #onBadLine: (bad: BadLine) => void;
  readonly #line = new CandumpLine();
  /** The line that is cut off by the end of a chunk. */
  readonly #rest = new Uint8Array(LINE_BYTES_MAX);
  #restLength = 0;
  /** The line under way was longer than `#rest` and is passed over to its end. */
  #isOverlong = false;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkAt = 0;
  /** The line that is read. */
  #bytes: Uint8Array = this.#chunk;
  #start = 0;
  #end = 0;

  constructor(onBadLine: (bad: BadLine) => void = () => {}) {
    this.#onBadLine = onBadLine;
    this.frame = this.#line.frame;
  }

  /** Takes the next bytes. They are read by `next`, and must stay as they are until it has returned false. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#chunkAt = 0;
  }

  /** The input is at its end: the last line needs no newline. */
  end(): void {
    if (this.#restLength > 0 || this.#isOverlong) this.feed(Uint8Array.of(NEWLINE));
  }

  /** Reads on to the next frame. False: more bytes are needed. Lines that are no frame are counted, told and passed over. */
  next(): boolean {
    while (this.#nextLine()) {
      this.lines++;
      if (this.#isBlank()) continue;
      const expected = this.#isOverlong ? OVERLONG : this.#line.read(this.#bytes, this.#start, this.#end);
      if (expected === '') return true;
      const at = this.#isOverlong ? this.#end : this.#line.at;
      this.#isOverlong = false;
      this.badLines++;
      this.#onBadLine({ line: this.lines, column: at - this.#start + 1, expected });
    }
    return false;
  }

  #nextLine(): boolean {
    const chunk = this.#chunk;
    const from = this.#chunkAt;
    const to = chunk.indexOf(NEWLINE, from);
    if (to < 0) {
      this.#keep(chunk, from, chunk.length);
      this.#chunkAt = chunk.length;
      return false;
    }
    this.#chunkAt = to + 1;
    if (this.#restLength === 0 && !this.#isOverlong) {
      this.#setLine(chunk, from, to);
      return true;
    }
    this.#keep(chunk, from, to);
    this.#setLine(this.#rest, 0, this.#restLength);
    this.#restLength = 0;
    return true;
  }

  #setLine(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end > start && bytes[end - 1] === RETURN ? end - 1 : end;
  }

  #keep(chunk: Uint8Array, from: number, to: number): void {
    const room = LINE_BYTES_MAX - this.#restLength;
    if (to - from > room) this.#isOverlong = true;
    const taken = Math.min(to - from, room);
    for (let i = 0; i < taken; i++) this.#rest[this.#restLength + i] = chunk[from + i];
    this.#restLength += taken;
  }

  #isBlank(): boolean {
    for (let i = this.#start; i < this.#end; i++) if (this.#bytes[i] !== SPACE && this.#bytes[i] !== TAB) return false;
    return !this.#isOverlong;
  }
}
