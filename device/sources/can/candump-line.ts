/**
 * What a line of `candump` says:
 *
 *     log    = "(" seconds "." fraction ")" " " bus " " id "#" body [" " ("R" | "T")]        candump -l, candump -L
 *     body   = data | "R" [digit] | "#" flags data        remote frame; CAN FD with its flags as one hex digit
 *     data   = up to 8 (FD: 64) bytes as two hex digits each, then perhaps "_" and the raw DLC of a classic frame
 *     screen = "(" seconds "." fraction ")" bus id "[" length "]" ("remote request" | data with spaces) …     candump -ta
 *     id     = 3 hex digits, or 8 for an extended one; bit 29 set: an error frame
 *
 * A length of two digits (`[08]`) marks CAN FD on the screen.
 */
import { type CanFrame, DATA_BYTES_MAX, ERROR, EXTENDED, FD, REMOTE } from './frame.js';

/** Bound on the names of interfaces that are remembered; a computer has a few. */
const BUSES_MAX = 64;
/** The microseconds of later ones are no exact doubles (the year 2255). */
const SECONDS_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1_000_000) - 1;
const CLASSIC_BYTES_MAX = 8;
const STANDARD_ID_MAX = 0x7ff;
const ERROR_FLAG = 0x2000_0000;
const EXTENDED_ID_MASK = 0x1fff_ffff;

const SPACE = 32;
const TAB = 9;
const HASH = 35;
const UNDERSCORE = 95;
const [OPEN, CLOSE, DOT, BRACKET, BRACKET_END, LETTER_R, LETTER_T, LETTER_r] = Buffer.from('().[]RTr');

/** Values of hex digits by character, −1 for what is none. */
const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Reads lines, each into the same frame. Nothing is allocated but the names of interfaces. */
export class CandumpLine {
  /** The frame of the last line that was one. */
  readonly frame: CanFrame = {
    timeUs: 0,
    bus: '',
    id: 0,
    flags: 0,
    length: 0,
    data: new Uint8Array(DATA_BYTES_MAX),
  };
  readonly #buses: { name: string; bytes: Uint8Array }[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  /** The next byte, and the end of the line. */
  #at = 0;
  #end = 0;

  /** Where reading ended: the place of what was not expected. */
  get at(): number {
    return this.#at;
  }

  /** @returns what was expected at `at`, or nothing when `frame` is filled */
  read(bytes: Uint8Array, start: number, end: number): string {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    return this.#parseTime() || this.#parseBus() || this.#parseId() || this.#parseBody();
  }

  #parseTime(): string {
    const bytes = this.#bytes;
    this.#skipSpaces();
    if (this.#peek() !== OPEN) return '"(", the start of a time';
    let at = this.#at + 1;
    let seconds = 0;
    let digits = 0;
    for (; at < this.#end; at++, digits++) {
      const digit = bytes[at] - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      seconds = seconds * 10 + digit;
    }
    this.#at = at;
    if (digits === 0 || seconds > SECONDS_MAX) return `digits of seconds, up to ${SECONDS_MAX}`;
    if (this.#peek() !== DOT) return '"." after the seconds';
    let micros = 0;
    let weight = 100_000;
    for (at++; at < this.#end; at++) {
      const digit = bytes[at] - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      // Nanoseconds are cut: the frames' times are whole microseconds.
      micros += weight >= 1 ? digit * weight : 0;
      weight /= 10;
    }
    this.#at = at;
    if (this.#peek() !== CLOSE) return 'digits of a second and ")"';
    this.#at++;
    this.frame.timeUs = seconds * 1_000_000 + micros;
    return '';
  }

  #parseBus(): string {
    this.#skipSpaces();
    const from = this.#at;
    while (this.#at < this.#end && this.#bytes[this.#at] !== SPACE) this.#at++;
    const length = this.#at - from;
    if (length === 0) return 'the name of an interface';
    for (const bus of this.#buses) {
      if (this.#isAt(from, length, bus.bytes)) {
        this.frame.bus = bus.name;
        return '';
      }
    }
    if (this.#buses.length === BUSES_MAX) return `one of the ${BUSES_MAX} interfaces so far`;
    const bytes = this.#bytes.slice(from, this.#at);
    const name = Buffer.from(bytes).toString('latin1');
    this.#buses.push({ name, bytes });
    this.frame.bus = name;
    return '';
  }

  #parseId(): string {
    this.#skipSpaces();
    const from = this.#at;
    const id = this.#parseHex();
    const digits = this.#at - from;
    if (digits !== 3 && digits !== 8) return 'an id of 3 or 8 hex digits';
    if (digits === 3 && id > STANDARD_ID_MAX) return 'an id up to 7FF';
    if (digits === 8 && id >= 2 * ERROR_FLAG) return 'an id up to 1FFFFFFF, or 20000000 more for an error frame';
    const isError = id >= ERROR_FLAG;
    this.frame.id = id & EXTENDED_ID_MASK;
    this.frame.flags = (digits === 8 && !isError ? EXTENDED : 0) | (isError ? ERROR : 0);
    return '';
  }

  #parseBody(): string {
    this.frame.length = 0;
    if (this.#peek() !== HASH) return this.#parseScreen();
    this.#at++;
    const next = this.#peek();
    if (next === LETTER_R) return this.#parseRemote();
    let bytesMax = CLASSIC_BYTES_MAX;
    if (next === HASH) {
      this.frame.flags |= FD;
      bytesMax = DATA_BYTES_MAX;
      this.#at++;
      if (this.#hex() < 0) return 'the flags of a CAN FD frame, one hex digit';
      this.#at++;
    }
    const wrong = this.#parseData(bytesMax);
    if (wrong !== '') return wrong;
    if (this.#peek() === UNDERSCORE && bytesMax === CLASSIC_BYTES_MAX) {
      this.#at++;
      if (this.#hex() < 0) return 'a raw length, one hex digit';
      this.#at++;
    }
    return this.#parseEnd();
  }

  #parseRemote(): string {
    this.#at++;
    this.frame.flags |= REMOTE;
    if (this.#hex() >= 0) this.#at++;
    return this.#parseEnd();
  }

  #parseData(bytesMax: number): string {
    const { data } = this.frame;
    const bytes = this.#bytes;
    let at = this.#at;
    let length = 0;
    for (; at + 1 < this.#end && length < bytesMax; at += 2) {
      const value = (HEX[bytes[at]] << 4) | HEX[bytes[at + 1]];
      if (value < 0) break;
      data[length++] = value;
    }
    this.#at = at;
    this.frame.length = length;
    return this.#hex() >= 0 ? `at most ${bytesMax} bytes, two hex digits each` : '';
  }

  /** The direction that `candump -x` adds may follow. */
  #parseEnd(): string {
    this.#skipSpaces();
    const next = this.#peek();
    if (next === LETTER_R || next === LETTER_T) this.#at++;
    this.#skipSpaces();
    return this.#at === this.#end ? '' : 'the end of the line';
  }

  #parseScreen(): string {
    this.#skipSpaces();
    if (this.#peek() !== BRACKET) return '"#" and the data, or the length in brackets';
    const from = ++this.#at;
    let length = 0;
    while (this.#at < this.#end && this.#bytes[this.#at] >= 48 && this.#bytes[this.#at] <= 57) {
      length = length * 10 + this.#bytes[this.#at++] - 48;
    }
    const digits = this.#at - from;
    if (digits === 0 || digits > 2 || this.#peek() !== BRACKET_END) return 'a length of one or two digits and "]"';
    if (length > (digits === 2 ? DATA_BYTES_MAX : CLASSIC_BYTES_MAX)) return 'a length that a frame can have';
    this.#at++;
    if (digits === 2) this.frame.flags |= FD;
    this.#skipSpaces();
    if (this.#peek() === LETTER_r) {
      this.frame.flags |= REMOTE;
      return '';
    }
    // What follows the data is for people: the bytes as text, or that the frame reports an error.
    for (let i = 0; i < length; i++) {
      this.#skipSpaces();
      const value = this.#at + 1 < this.#end ? (this.#hex() << 4) | HEX[this.#bytes[this.#at + 1]] : -1;
      if (value < 0) return 'a byte of data, two hex digits';
      this.frame.data[i] = value;
      this.#at += 2;
    }
    this.frame.length = length;
    return '';
  }

  /** The value of the hex digits from `#at` on, of nine at most. */
  #parseHex(): number {
    let value = 0;
    for (let digits = 0; digits < 9 && this.#hex() >= 0; digits++) value = value * 16 + HEX[this.#bytes[this.#at++]];
    return value;
  }

  #peek(): number {
    return this.#at < this.#end ? this.#bytes[this.#at] : -1;
  }

  #hex(): number {
    return this.#at < this.#end ? HEX[this.#bytes[this.#at]] : -1;
  }

  #skipSpaces(): void {
    while (this.#at < this.#end && (this.#bytes[this.#at] === SPACE || this.#bytes[this.#at] === TAB)) this.#at++;
  }

  #isAt(from: number, length: number, wanted: Uint8Array): boolean {
    if (length !== wanted.length) return false;
    for (let i = 0; i < length; i++) if (this.#bytes[from + i] !== wanted[i]) return false;
    return true;
  }
}
