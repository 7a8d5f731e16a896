import { decodeText, type Encoding } from '../wire/text.js';

/** Longest line taken unless a source says otherwise, bytes. */
export const LINE_BYTES_MAX = 64 * 1024;

export interface LineSplitterOptions {
  /** A line without its end. `endBytes`: how many bytes of the input came up to its end, the line end included. */
  onLine: (line: string, endBytes: number) => void;
  /** A line was longer than the bound and is left out. */
  onTooLong: () => void;
  /** Default utf8. */
  encoding?: Encoding;
  /** Default `LINE_BYTES_MAX`. */
  maxBytes?: number;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Bytes in any pieces → whole lines, ended by LF or CR LF. Holds no more than one line of `maxBytes`; what is longer is
 * skipped up to its end.
 *
 * @example
 * const lines = new LineSplitter({ onLine: (line) => read(line), onTooLong: () => counts.tooLong++ });
 * socket.on('data', (bytes) => lines.push(bytes));
 */
export class LineSplitter {
  readonly #options: LineSplitterOptions;
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #skipping = false;
  #takenBytes = 0;

  constructor(options: LineSplitterOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? LINE_BYTES_MAX;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, from)) {
      const piece = bytes.subarray(from, at);
      this.#takenBytes += piece.length + 1;
      from = at + 1;
      this.#finish(piece);
    }
    const rest = bytes.subarray(from);
    if (rest.length === 0) return;
    this.#takenBytes += rest.length;
    if (this.#skipping) return;
    if (this.#partBytes + rest.length > this.#maxBytes) {
      this.#skipping = true;
      this.#forget();
      return;
    }
    // Copied: whoever read the bytes may use the buffer again.
    this.#parts.push(rest.slice());
    this.#partBytes += rest.length;
  }

  /** The input is at its end: a last line without an end is one, too. */
  end(): void {
    if (this.#skipping || this.#partBytes > 0) this.#finish(new Uint8Array(0));
  }

  /** Forgets the line under way: the input was lost in the middle of it. */
  reset(): void {
    this.#skipping = false;
    this.#forget();
  }

  #finish(piece: Uint8Array): void {
    if (this.#skipping || this.#partBytes + piece.length > this.#maxBytes) {
      this.reset();
      this.#options.onTooLong();
      return;
    }
    let line: Uint8Array = piece;
    if (this.#partBytes > 0) {
      line = Buffer.concat([...this.#parts, piece]);
      this.#forget();
    }
    const length = line.at(-1) === CR ? line.length - 1 : line.length;
    this.#options.onLine(decodeText(line.subarray(0, length), this.#options.encoding), this.#takenBytes);
  }

  #forget(): void {
    this.#parts = [];
    this.#partBytes = 0;
  }
}
