import { RICE_BITS_MAX, RICE_ESCAPE, RICE_FROM, unzigzag } from './column-code.js';
import { PitwallError } from './errors.js';

/** Reads varints and columns. Raises PW-WIRE-FRAME where the bytes end early or say what cannot be. */
export class ColumnReader {
  at: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw damaged('the block ends early');
    return this.bytes[this.at++];
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw damaged('a varint of more than 5 bytes');
  }

  zigzag(): number {
    return unzigzag(this.varint());
  }

  /** `count` whole numbers of kind 0–2 into `out`. */
  column(out: Int32Array, count: number): void {
    const form = this.byte();
    const kind = form & 3;
    const code = form >> 2;
    if (kind === 3 || code > RICE_FROM + RICE_BITS_MAX) throw damaged(`a column of kind ${kind} and code ${code}`);
    const first = this.zigzag();
    const second = kind === 2 ? this.zigzag() : 0;
    if (kind > 0) out[0] = first;
    if (kind === 2) out[1] = second;
    // A Rice code takes a bit at least: a damaged frame makes nobody work for more than it has bytes.
    const bits = Math.max(0, count - kind) * (code >= RICE_FROM ? 1 : code);
    if (this.at + Math.ceil(bits / 8) > this.bytes.length) throw damaged('a column ends early');
    if (code >= RICE_FROM) this.#rice(out, count, kind, code - RICE_FROM, first);
    else this.#packed(out, count, kind, code, first);
  }

  #packed(out: Int32Array, count: number, kind: number, width: number, first: number): void {
    const bytes = this.bytes;
    let at = this.at;
    let bits = 0;
    let held = 0;
    for (let i = kind; i < count; i++) {
      let residual = 0;
      let got = 0;
      while (got < width) {
        const take = Math.min(width - got, 16);
        while (held < take) {
          bits |= bytes[at++] << held;
          held += 8;
        }
        residual |= (bits & ((1 << take) - 1)) << got;
        bits >>>= take;
        held -= take;
        got += take;
      }
      place(out, i, kind, residual, first);
    }
    this.at = at;
  }

  #rice(out: Int32Array, count: number, kind: number, k: number, first: number): void {
    const bytes = this.bytes;
    const mask = (1 << k) - 1;
    let at = this.at;
    let bits = 0;
    let held = 0;
    for (let i = kind; i < count; i++) {
      // 25 bits and more, unless the frame ends before: all ones of a code and the zero behind them.
      for (; held <= 24 && at < bytes.length; held += 8) bits |= bytes[at++] << held;
      const ones = trailingOnes(bits);
      if (ones >= RICE_ESCAPE) {
        // Whole bytes behind the 24 ones: what is left of the first is in `bits`.
        at -= (held - RICE_ESCAPE) >> 3;
        held = (held - RICE_ESCAPE) & 7;
        if (at + 4 > bytes.length) throw damaged('a column ends early');
        const rest = (bits >>> RICE_ESCAPE) & ((1 << held) - 1);
        const next = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
        place(out, i, kind, rest | (next << held), first);
        bits = held === 0 ? 0 : next >>> (32 - held);
        at += 4;
        continue;
      }
      bits >>>= ones + 1;
      held -= ones + 1;
      for (; held < k && at < bytes.length; held += 8) bits |= bytes[at++] << held;
      held -= k;
      if (held < 0) throw damaged('a column ends early');
      place(out, i, kind, (ones << k) | (bits & mask), first);
      bits >>>= k;
    }
    // Whole bytes that were looked at ahead are the next column's.
    this.at = at - (held >> 3);
  }
}

/** The value that a residual stands for. */
function place(out: Int32Array, i: number, kind: number, residual: number, first: number): void {
  if (kind === 0) out[i] = first + (residual >>> 0);
  else if (kind === 1) out[i] = out[i - 1] + unzigzag(residual >>> 0);
  else out[i] = 2 * out[i - 1] - out[i - 2] + unzigzag(residual >>> 0);
}

function trailingOnes(bits: number): number {
  const zeros = ~bits;
  return zeros === 0 ? 32 : 31 - Math.clz32(zeros & -zeros);
}

export function damaged(what: string): PitwallError {
  return new PitwallError('PW-WIRE-FRAME', { what: `Not a frame: ${what}.` });
}
