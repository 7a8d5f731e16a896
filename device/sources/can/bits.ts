import type { DbcSignal } from './dbc/model.js';

/** Reads a raw value. The caller has seen to it that the data is long enough. */
export type ReadBits = (data: Uint8Array) => number;

/** Where a signal's bits lie, in either byte order: bytes from the least significant one on, `step` apart. */
export interface BitField {
  /** Index of the byte with the least significant bit. */
  first: number;
  /** 1 Intel, −1 Motorola. */
  step: 1 | -1;
  /** Place of the least significant bit in its byte. */
  shift: number;
  length: number;
  /** Bytes touched. */
  bytes: number;
}

function bitField({ start, length, byteOrder }: DbcSignal): BitField {
  if (byteOrder === 'intel') {
    const shift = start & 7;
    return { first: start >> 3, step: 1, shift, length, bytes: (shift + length + 7) >> 3 };
  }
  // Counted in the order of transmission: bit 7 of byte 0 is 0. A Motorola signal is one run of these.
  const last = (start & ~7) + 7 - (start & 7) + length - 1;
  const shift = 7 - (last & 7);
  return { first: last >> 3, step: -1, shift, length, bytes: (shift + length + 7) >> 3 };
}

/** Shared: a raw value's bits become a float's. */
const floats = new DataView(new ArrayBuffer(8));

/**
 * A function that reads the raw value of a signal. Nothing is allocated when it runs. A raw value of more than 53 bits is
 * the nearest double; `readExact` gives all its digits.
 */
export function compileBits(signal: DbcSignal): ReadBits {
  const field = bitField(signal);
  if (signal.valueType === 'float32') {
    const low = lowWord(field);
    return (data) => {
      floats.setUint32(0, low(data));
      return floats.getFloat32(0);
    };
  }
  if (signal.valueType === 'float64') {
    const low = lowWord(field);
    const high = highWord(field);
    return (data) => {
      floats.setUint32(0, high(data));
      floats.setUint32(4, low(data));
      return floats.getFloat64(0);
    };
  }
  return field.length <= 32 ? compileShort(field, signal.signed) : compileLong(field, signal.signed);
}

/** All digits of an integer signal's raw value. Allocates: for what a double cannot hold. */
export function readExact(signal: DbcSignal, data: Uint8Array): bigint {
  const { first, step, shift, length, bytes } = bitField(signal);
  let value = 0n;
  for (let k = bytes - 1; k >= 0; k--) value = (value << 8n) | BigInt(data[first + k * step]);
  value = BigInt.asUintN(length, value >> BigInt(shift));
  return signal.signed ? BigInt.asIntN(length, value) : value;
}

function compileShort(field: BitField, signed: boolean): ReadBits {
  const { first, step, shift, length, bytes } = field;
  // Bits above the signal are shifted out, and its sign bit, if it is one, is drawn down again.
  const up = 32 - length;
  if (bytes === 1) {
    const mask = 2 ** length - 1;
    return signed ? (data) => ((data[first] >>> shift) << up) >> up : (data) => (data[first] >>> shift) & mask;
  }
  if (bytes === 2) {
    const second = first + step;
    const mask = 2 ** length - 1;
    return signed
      ? (data) => (((data[first] | (data[second] << 8)) >>> shift) << up) >> up
      : (data) => ((data[first] | (data[second] << 8)) >>> shift) & mask;
  }
  const word = lowWord(field);
  return signed ? (data) => (word(data) << up) >> up : (data) => (word(data) << up) >>> up;
}

function compileLong(field: BitField, signed: boolean): ReadBits {
  const low = lowWord(field);
  const high = highWord(field);
  const up = 64 - field.length;
  return signed
    ? (data) => ((high(data) << up) >> up) * 4_294_967_296 + low(data)
    : (data) => ((high(data) << up) >>> up) * 4_294_967_296 + low(data);
}

/** The field's lowest 32 bits as an unsigned number; bits above a shorter field are other signals'. */
function lowWord({ first, step, shift, bytes }: BitField): ReadBits {
  return wordFrom(first, step, shift, bytes);
}

/** The field's bits from the 32nd on. */
function highWord({ first, step, shift, bytes }: BitField): ReadBits {
  return wordFrom(first + 4 * step, step, shift, bytes - 4);
}

/** 32 bits from `shift` of byte `first` on; of the following bytes those that the field touches. */
function wordFrom(first: number, step: number, shift: number, bytes: number): ReadBits {
  const b1 = first + step;
  const b2 = b1 + step;
  const b3 = b2 + step;
  const b4 = b3 + step;
  switch (bytes) {
    case 0:
      return () => 0;
    case 1:
      return (data) => data[first] >>> shift;
    case 2:
      return (data) => (data[first] | (data[b1] << 8)) >>> shift;
    case 3:
      return (data) => (data[first] | (data[b1] << 8) | (data[b2] << 16)) >>> shift;
    case 4:
      return (data) => (data[first] | (data[b1] << 8) | (data[b2] << 16) | (data[b3] << 24)) >>> shift;
    default:
      if (shift === 0) return (data) => (data[first] | (data[b1] << 8) | (data[b2] << 16) | (data[b3] << 24)) >>> 0;
      return (data) =>
        (((data[first] | (data[b1] << 8) | (data[b2] << 16) | (data[b3] << 24)) >>> shift) |
          (data[b4] << (32 - shift))) >>>
        0;
  }
}
