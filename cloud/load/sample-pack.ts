/**
 * Many samples of one channel as the bytes of one table item. All numbers of more than a byte are little-endian; a varint
 * has seven bits a byte, the lowest first, the eighth set while more follow; "signed" is zigzag (0, −1, 1, −2 …).
 *
 *     version      u8       1
 *     form         u8       0 … 7: whole numbers of 10^−form; 14: float32; 15: float64
 *     tick         u8       0: milliseconds; 1: microseconds
 *     count        varint   samples, at least 1
 *     firstTick    f64      time of the first sample since 1970, in ticks
 *     times        (count − 1) × signed varint, ticks since the sample before; never negative, as samples stand in order of time
 *     values       form ≤ 7: count × signed varint, each less the one before (the first less 0)
 *                  form 14, 15: count × f32 or f64
 *     exceptions   form ≤ 7 only: varint count, then each: varint index less the one before, f64 the value
 *
 * Every value comes back as it was written in the file, to the last bit; times to the microsecond.
 */
import { PitwallError } from '#wire/errors.js';

export interface Samples {
  /** Epoch ms, ascending. */
  timesMs: number[];
  values: number[];
}

const VERSION = 1;
const FLOAT32 = 14;
const FLOAT64 = 15;
const DECIMALS_MAX = 7;
/** What a value costs as a difference, about, and one that is no decimal beside it. */
const DIFFERENCE_BYTES = 2;
const EXCEPTION_BYTES = 10;
/** Bounds of what is written: a varint of 53 bits has eight bytes. */
const HEAD_BYTES_MAX = 32;
const SAMPLE_BYTES_MAX = 8 + 8 + 4 + 8;
/** Whole numbers up to here are exact, and so is the difference of two. */
const WHOLE_MAX = 2 ** 51;

/** @example decodeSamples(encodeSamples({ timesMs: [1.7e12], values: [0.3] })).values; // [0.3] */
export function encodeSamples({ timesMs, values }: Samples): Uint8Array {
  const writer = new Writer(HEAD_BYTES_MAX + timesMs.length * SAMPLE_BYTES_MAX);
  const form = formOf(values);
  const perMs = timesMs.every(Number.isInteger) ? 1 : 1000;
  writer.byte(VERSION);
  writer.byte(form);
  writer.byte(perMs === 1 ? 0 : 1);
  writer.varint(values.length);
  let tick = Math.round(timesMs[0] * perMs);
  writer.float64(tick);
  for (let i = 1; i < timesMs.length; i++) {
    const next = Math.round(timesMs[i] * perMs);
    writer.signed(next - tick);
    tick = next;
  }
  if (form > DECIMALS_MAX) {
    for (const value of values) form === FLOAT32 ? writer.float32(value) : writer.float64(value);
    return writer.bytes();
  }
  const factor = 10 ** form;
  const exceptions: number[] = [];
  let before = 0;
  for (const [i, value] of values.entries()) {
    if (!isDecimal(value, factor)) exceptions.push(i);
    const whole = isDecimal(value, factor) ? Math.round(value * factor) : before;
    writer.signed(whole - before);
    before = whole;
  }
  writer.varint(exceptions.length);
  let last = 0;
  for (const index of exceptions) {
    writer.varint(index - last);
    writer.float64(values[index]);
    last = index;
  }
  return writer.bytes();
}

/** Raises PW-LOAD-FORMAT for bytes that are no samples of this version. */
export function decodeSamples(bytes: Uint8Array): Samples {
  const reader = new Reader(bytes);
  try {
    const version = reader.byte();
    if (version !== VERSION) throw new RangeError(`version ${version}`);
    return reader.samples();
  } catch (cause) {
    throw new PitwallError('PW-LOAD-FORMAT', {
      what: `${bytes.length} bytes are no packed samples of version ${VERSION}.`,
      cause,
    });
  }
}

/** The cheapest form that keeps every value. */
function formOf(values: readonly number[]): number {
  let best = FLOAT64;
  let bestBytes = values.length * 8;
  if (values.every((value) => Object.is(Math.fround(value), value))) {
    best = FLOAT32;
    bestBytes = values.length * 4;
  }
  for (let decimals = 0; decimals <= DECIMALS_MAX; decimals++) {
    let failed = 0;
    for (const value of values) if (!isDecimal(value, 10 ** decimals)) failed++;
    const bytes = values.length * DIFFERENCE_BYTES + failed * EXCEPTION_BYTES;
    if (bytes < bestBytes) {
      best = decimals;
      bestBytes = bytes;
    }
    if (failed === 0) break;
  }
  return best;
}

/** −0 is none: it would come back as 0. */
function isDecimal(value: number, factor: number): boolean {
  const whole = Math.round(value * factor);
  return Math.abs(whole) < WHOLE_MAX && whole / factor === value && !Object.is(value, -0);
}

class Writer {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytesMax: number) {
    this.#buffer = Buffer.allocUnsafe(bytesMax);
  }

  byte(value: number): void {
    this.#buffer[this.#at++] = value;
  }

  varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#buffer[this.#at++] = (rest % 0x80) | 0x80;
    this.#buffer[this.#at++] = rest;
  }

  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  float32(value: number): void {
    this.#at = this.#buffer.writeFloatLE(value, this.#at);
  }

  float64(value: number): void {
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#at));
  }
}

class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.#buffer.readUInt8(this.#at++);
  }

  samples(): Samples {
    const form = this.byte();
    const perMs = this.byte() === 0 ? 1 : 1000;
    const count = this.#varint();
    if (count < 1 || count > this.#buffer.length) throw new RangeError(`count ${count}`);
    if (form > DECIMALS_MAX && form !== FLOAT32 && form !== FLOAT64) throw new RangeError(`form ${form}`);
    let tick = this.#float64();
    const timesMs = [tick / perMs];
    for (let i = 1; i < count; i++) {
      tick += this.#signed();
      timesMs.push(tick / perMs);
    }
    const values: number[] = [];
    if (form === FLOAT32) {
      for (let i = 0; i < count; i++, this.#at += 4) values.push(this.#buffer.readFloatLE(this.#at));
    } else if (form === FLOAT64) {
      for (let i = 0; i < count; i++) values.push(this.#float64());
    } else {
      let whole = 0;
      for (let i = 0; i < count; i++) {
        whole += this.#signed();
        values.push(whole / 10 ** form);
      }
      let index = 0;
      for (let left = this.#varint(); left > 0; left--) {
        index += this.#varint();
        if (index >= count) throw new RangeError(`index ${index}`);
        values[index] = this.#float64();
      }
    }
    return { timesMs, values };
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 49) throw new RangeError('varint');
    }
  }

  #signed(): number {
    const value = this.#varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  #float64(): number {
    const value = this.#buffer.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }
}
