/**
 * Protocol Buffers' wire format, as far as an aggregate needs it, with the outcomes of Google's Java parser, which is what
 * the KCL reads with: varints of up to ten bytes, 32-bit lengths, groups of unknown fields skipped up to a depth of 100.
 */

const WIRE = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;
const VARINT_BYTES_MAX = 10;
const GROUP_DEPTH_MAX = 100;
/** Returned for an index that no table can have; real ones are below 2³². */
const HUGE = 2 ** 53 - 1;

/**
 * A cursor over one message. A mistake in the bytes sets `broken`, and everything after it reads as nothing: a flag costs
 * less than an exception, and no reader can run past `end`.
 */
export class WireReader {
  at = 0;
  broken = false;
  #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next field's number and wire type in one; 0 at `end` or when broken. A field number of 0 is a mistake. */
  tag(end: number): number {
    if (this.at >= end || this.broken) return 0;
    const tag = this.varint(end) | 0;
    if (tag >>> 3 === 0) this.broken = true;
    return this.broken ? 0 : tag;
  }

  /** An unsigned 64-bit number; from 2³² on it reads as `HUGE`, except that its low 32 bits are kept by `length`. */
  varint(end: number): number {
    const bytes = this.#bytes;
    let at = this.at;
    if (at < end) {
      const first = bytes[at];
      if (first < 0x80) {
        this.at = at + 1;
        return first;
      }
      if (at + 1 < end) {
        const second = bytes[at + 1];
        if (second < 0x80) {
          this.at = at + 2;
          return (first & 0x7f) | (second << 7);
        }
      }
    }
    let low = 0;
    let high = 0;
    const last = Math.min(end, at + VARINT_BYTES_MAX);
    for (let shift = 0; at < last; shift += 7) {
      const byte = bytes[at++];
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x0f) << 28;
        high |= (byte & 0x70) >> 4;
      } else if (shift < 63) high |= byte & 0x7f;
      else high |= byte & 0x01;
      if (byte < 0x80) {
        this.at = at;
        this.#low = low;
        return high === 0 ? low >>> 0 : HUGE;
      }
    }
    this.broken = true;
    return 0;
  }

  #low = 0;

  /** A length, of which Java's parser keeps the low 32 bits as a signed number. Leaves `at` on the first byte. */
  length(end: number): number {
    const value = this.varint(end);
    const length = value === HUGE ? this.#low : value | 0;
    if (length < 0 || length > end - this.at) {
      this.broken = true;
      return 0;
    }
    return length;
  }

  /** Passes over the value of a field that nobody asked for. */
  skip(tag: number, end: number, depth = 0): void {
    switch (tag & 7) {
      case WIRE.varint:
        this.varint(end);
        return;
      case WIRE.fixed64:
        this.#pass(8, end);
        return;
      case WIRE.bytes:
        this.#pass(this.length(end), end);
        return;
      case WIRE.startGroup:
        this.#skipGroup(tag, end, depth + 1);
        return;
      case WIRE.fixed32:
        this.#pass(4, end);
        return;
      default:
        // An end without its start, or a wire type that there is not.
        this.broken = true;
    }
  }

  #pass(count: number, end: number): void {
    if (count > end - this.at) this.broken = true;
    else this.at += count;
  }

  #skipGroup(start: number, end: number, depth: number): void {
    if (depth > GROUP_DEPTH_MAX) this.broken = true;
    const close = (start & ~7) | WIRE.endGroup;
    for (;;) {
      const tag = this.tag(end);
      if (tag === 0) {
        this.broken = true;
        return;
      }
      if (tag === close) return;
      this.skip(tag, end, depth);
    }
  }
}

/** Bytes that `value` takes as a varint; value < 2³². */
export function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** Writes `value` < 2³² and returns where the next byte goes. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    bytes[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}
