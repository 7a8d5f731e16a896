import { bitsFor, INT32_MAX, RICE_BITS_MAX, RICE_ESCAPE, RICE_FROM, zigzag } from './column-code.js';

/**
 * Writes varints and columns of whole numbers into bytes that grow. Its buffers are kept: nothing is allocated per value.
 * `reserve` first: what is written is not checked against the buffer's end.
 */
export class ColumnWriter {
  bytes = new Uint8Array(16 * 1024);
  view = new DataView(this.bytes.buffer);
  at = 0;
  /** Bits that are not a whole byte yet. */
  #bits = 0;
  #held = 0;

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    const wanted = this.at + Math.ceil(more);
    if (wanted <= this.bytes.length) return;
    const bytes = new Uint8Array(2 * wanted);
    bytes.set(this.bytes.subarray(0, this.at));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  varint(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** Kind 0, 1 or 2, bits of one width or a Rice code, whichever is smallest. At most 12 + 4 × count bytes. */
  column(ints: Int32Array, count: number): void {
    let min = INT32_MAX;
    let max = -INT32_MAX;
    let first = 0;
    let second = 0;
    // What the residuals of each kind are on average says which Rice code would suit.
    let sum = 0;
    let firstSum = 0;
    let secondSum = 0;
    let firstBits = 0;
    let fits = true;
    // Differences are compared as OR-ed zigzags: the width of the OR is the width of the widest.
    let previous = 0;
    let previousDelta = 0;
    for (let i = 0; i < count; i++) {
      const value = ints[i];
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
      if (i > 0) {
        const delta = value - previous;
        if (delta !== (delta | 0)) fits = false;
        const residual = zigzag(delta);
        first |= residual;
        firstSum += residual;
        firstBits += bitsFor(residual);
        if (i > 1) {
          const change = delta - previousDelta;
          if (change !== (change | 0)) fits = false;
          const residual = zigzag(change);
          second |= residual;
          secondSum += residual;
        }
        previousDelta = delta;
      }
      previous = value;
    }
    const width0 = count > 0 ? bitsFor(max - min) : 0;
    const width1 = bitsFor(first >>> 0);
    const width2 = bitsFor(second >>> 0);
    const cost0 = width0 * count;
    const cost1 = width1 * (count - 1);
    const cost2 = width2 * (count - 2) + 8;
    let kind = 0;
    if (fits && count > 1 && cost1 < cost0) kind = 1;
    if (fits && count > 2 && cost2 < (kind === 1 ? cost1 : cost0)) kind = 2;
    let cost = kind === 0 ? cost0 : kind === 1 ? cost1 : cost2;
    let code = kind === 0 ? width0 : kind === 1 ? width1 : width2;

    if (cost > 0 && fits && count > RICE_COUNT_MIN) {
      const mean1 = firstSum / (count - 1);
      const mean2 = secondSum / (count - 2);
      const mean0 = sum / count - min;
      const likely = mean2 < mean1 ? (mean2 < mean0 ? 2 : 0) : mean1 < mean0 ? 1 : 0;
      const mean = likely === 2 ? mean2 : likely === 1 ? mean1 : mean0;
      const byMean = riceBits(Math.log2(Math.max(1, mean * Math.LN2)));
      const costByMean = this.#riceCost(ints, count, likely, byMean, min, cost) + (likely === 2 ? 8 : 0);
      if (costByMean < cost) {
        cost = costByMean;
        kind = likely;
        code = RICE_FROM + byMean;
      }
      // A few great leaps make a mean that suits none of the others; the mean number of bits hardly knows them.
      const byBits = riceBits(firstBits / (count - 1) - 0.5);
      if (byBits < byMean && this.#riceCost(ints, count, 1, byBits, min, cost) < cost) {
        kind = 1;
        code = RICE_FROM + byBits;
      }
    }
    this.bytes[this.at++] = kind | (code << 2);
    if (kind === 0) {
      this.varint(zigzag(count > 0 ? min : 0));
    } else {
      this.varint(zigzag(ints[0]));
      if (kind === 2) this.varint(zigzag(ints[1]));
    }
    if (code >= RICE_FROM) this.#rice(ints, count, kind, code - RICE_FROM, min);
    else if (code > 0) this.#pack(ints, count, kind, code, min);
  }

  /** Bits that it would take; not counted further than `limit`. */
  #riceCost(ints: Int32Array, count: number, kind: number, k: number, min: number, limit: number): number {
    let cost = 0;
    for (let i = kind; i < count && cost < limit; i++) {
      const ones = residualOf(ints, i, kind, min) >>> k;
      cost += ones < RICE_ESCAPE ? ones + 1 + k : RICE_ESCAPE + 32;
    }
    return cost;
  }

  #rice(ints: Int32Array, count: number, kind: number, k: number, min: number): void {
    for (let i = kind; i < count; i++) {
      const residual = residualOf(ints, i, kind, min);
      const ones = residual >>> k;
      const low = residual & ((1 << k) - 1);
      if (ones + k < BITS_AT_ONCE) this.#put((low << (ones + 1)) | ((1 << ones) - 1), ones + 1 + k);
      else if (ones < RICE_ESCAPE) {
        this.#put((1 << ones) - 1, ones + 1);
        this.#put(low, k);
      } else {
        this.#put((1 << RICE_ESCAPE) - 1, RICE_ESCAPE);
        this.#put(residual & 0xffff, 16);
        this.#put(residual >>> 16, 16);
      }
    }
    this.#endBits();
  }

  #pack(ints: Int32Array, count: number, kind: number, width: number, min: number): void {
    for (let i = kind; i < count; i++) {
      const residual = residualOf(ints, i, kind, min);
      if (width <= BITS_AT_ONCE) this.#put(residual, width);
      else {
        this.#put(residual & 0xffff, 16);
        this.#put(residual >>> 16, width - 16);
      }
    }
    this.#endBits();
  }

  /** At most 24 bits: with the 7 that may be held over they fit one 32-bit step. */
  #put(value: number, width: number): void {
    let bits = this.#bits | (value << this.#held);
    let held = this.#held + width;
    while (held >= 8) {
      this.bytes[this.at++] = bits & 0xff;
      bits >>>= 8;
      held -= 8;
    }
    this.#bits = bits;
    this.#held = held;
  }

  #endBits(): void {
    if (this.#held > 0) this.bytes[this.at++] = this.#bits & 0xff;
    this.#bits = 0;
    this.#held = 0;
  }
}

const BITS_AT_ONCE = 24;
/** Shorter columns gain nothing worth the second look. */
const RICE_COUNT_MIN = 8;

function riceBits(wanted: number): number {
  return Math.min(Math.max(Math.ceil(wanted - 0.5), 0), RICE_BITS_MAX);
}

function residualOf(ints: Int32Array, i: number, kind: number, min: number): number {
  if (kind === 0) return (ints[i] - min) >>> 0;
  if (kind === 1) return zigzag(ints[i] - ints[i - 1]);
  return zigzag(ints[i] - 2 * ints[i - 1] + ints[i - 2]);
}
