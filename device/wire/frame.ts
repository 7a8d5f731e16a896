/**
 * Frame, version 1: one window of samples of one thing, decodable alone once its channel table is known.
 *
 *     frame  = header block                                     little-endian throughout
 *     header = magic      2 bytes  0x50 0x57 ("PW")
 *              version    u8       1
 *              lane       u8       0 live, 1 backfill; not covered by the CRC: the same frame may be sent on either
 *              crc32      u32      IEEE, over every byte after this field
 *              boot       u32 u64  counter, random
 *              seq        u64      1 … 2^53−1, one counter per boot for all that the thing publishes
 *              back       u32      seq − seq of the thing's previous frames-family record; = seq for the first of a boot
 *              eventTime  f64      race-clock epoch ms of the frame's origin
 *              monotonic  f64      ms since boot at the same moment (survives any correction of the clock)
 *              clock      u8 u8 u16  quality (0 unknown, 1 wall, 2 peer, 3 GPS), reserved 0, estimated error ms (65535 = unknown)
 *              table      8 bytes  channel table hash
 *              thing      u8 + UTF-8
 *     block  = groups     varint
 *              group*     channels that share their sample times
 *     group  = kind       u8       0 regular, 1 irregular
 *              count      varint   samples per channel, ≥ 1
 *              regular:   start    zigzag varint µs after eventTime, period varint µs
 *              irregular: times    column of µs after eventTime
 *              channels   varint count; first index varint; then index − previous − 1 varint each
 *              column     one per channel
 *     column = form       u8       bits 0–1 kind, bits 2–7 width w (0–32)
 *              kind 0     base zigzag varint; count residuals of w bits, value = base + residual
 *              kind 1, 2  first 1 or 2 values zigzag varint; then zigzag residuals of w bits of the 1st or 2nd difference
 *              kind 3     ceil(count / 8) bytes, bit i set = sample i is there; then a column of kind 0–2 of those only
 *     bits are packed from the least significant bit of each byte; a column ends on a byte boundary.
 *     varint = LEB128, at most 5 bytes; zigzag(n) = (n << 1) ^ (n >> 31)
 *
 * Values are 32-bit integers: round((physical − offset) / scale). A value that does not fit is written as missing and
 * counted by the encoder. The kind with the smallest column wins, per column and frame.
 */
import { crc32 } from 'node:zlib';
import type { ChannelTable } from './channels.js';
import { PitwallError } from './errors.js';
import type { Boot } from './identity.js';
import type { Lane } from './messages.js';

export const FRAME_VERSION = 1;
/** Bytes before the thing's name. */
const HEADER_BYTES = 61;
const CRC_FROM = 8;
const LANE_OFFSET = 3;
/** Bound on a frame: AWS IoT takes 128 KB a publish. */
export const MAX_FRAME_BYTES = 128 * 1024;
/** Bound on what a damaged or hostile frame can make a decoder allocate. */
const MAX_SAMPLES_PER_CHANNEL = 65_536;
const INT32_MAX = 2_147_483_647;

export interface FrameHeader {
  thing: string;
  boot: Boot;
  seq: number;
  /** seq of the previous frames-family record of this boot, 0 for the first (see `Envelope.prev`). */
  prev: number;
  lane: Lane;
  eventTimeMs: number;
  monotonicMs: number;
  clockQuality: 0 | 1 | 2 | 3;
  /** 65535 = unknown. */
  clockErrorMs: number;
  tableHash: string;
}

/** Channels sampled at the same times. `values` is channel-major: channel c's sample i at `c × count + i`; NaN = missing. */
export interface SampleGroup {
  /** Indices into the channel table, ascending. */
  channels: Uint16Array;
  count: number;
  /** Regular groups: µs after the frame's eventTimeMs, and µs between samples. */
  startUs: number;
  periodUs: number;
  /** Irregular groups: µs after eventTimeMs of each sample, ascending. Absent for regular ones. */
  timesUs?: Int32Array;
  values: Float64Array;
}

/** What of a channel table the bytes of a frame depend on. */
export type FrameTable = Pick<ChannelTable, 'hash' | 'channels' | 'inverseScale'>;

export interface Frame {
  header: FrameHeader;
  groups: SampleGroup[];
  /** Samples in all groups, missing ones included. */
  samples: number;
}

function zigzag(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}

function bitsFor(value: number): number {
  return 32 - Math.clz32(value);
}

/**
 * Encodes frames of one thing and boot. Keeps its buffers: nothing is allocated per sample, one copy per frame.
 *
 * @example
 * const encoder = new FrameEncoder(table, 'car-24', boot);
 * const bytes = encoder.encode({ seq: 7, prev: 6, lane: 'live', eventTimeMs, monotonicMs, clockQuality: 1, clockErrorMs: 20 }, groups);
 */
export class FrameEncoder {
  /** Samples that did not fit 32 bits and were written as missing. */
  clipped = 0;
  readonly #table: FrameTable;
  #bytes = new Uint8Array(16 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #ints = new Int32Array(256);
  #present = new Int32Array(256);
  readonly #thing: Uint8Array;
  readonly #boot: Boot;

  constructor(table: FrameTable, thing: string, boot: Boot) {
    this.#table = table;
    this.#thing = new TextEncoder().encode(thing);
    this.#boot = boot;
  }

  encode(header: Omit<FrameHeader, 'thing' | 'boot' | 'tableHash'>, groups: readonly SampleGroup[]): Uint8Array {
    this.#writeHeader(header);
    this.#varint(groups.length);
    for (const group of groups) this.#writeGroup(group);
    if (this.#at > MAX_FRAME_BYTES) {
      throw new PitwallError('PW-WIRE-FRAME', {
        what: `A frame of ${this.#at} bytes; AWS IoT takes ${MAX_FRAME_BYTES}.`,
        fix: 'Use a shorter frame window.',
      });
    }
    this.#view.setUint32(4, crc32(this.#bytes.subarray(CRC_FROM, this.#at)), true);
    return this.#bytes.slice(0, this.#at);
  }

  #writeHeader(header: Omit<FrameHeader, 'thing' | 'boot' | 'tableHash'>): void {
    const view = this.#view;
    view.setUint16(0, 0x5750, true);
    view.setUint8(2, FRAME_VERSION);
    view.setUint8(LANE_OFFSET, header.lane === 'backfill' ? 1 : 0);
    view.setUint32(8, this.#boot.counter, true);
    view.setBigUint64(12, this.#boot.random, true);
    view.setUint32(20, header.seq >>> 0, true);
    view.setUint32(24, Math.floor(header.seq / 2 ** 32), true);
    view.setUint32(28, header.seq - header.prev, true);
    view.setFloat64(32, header.eventTimeMs, true);
    view.setFloat64(40, header.monotonicMs, true);
    view.setUint8(48, header.clockQuality);
    view.setUint8(49, 0);
    view.setUint16(50, header.clockErrorMs, true);
    for (let i = 0; i < 8; i++) {
      view.setUint8(52 + i, Number.parseInt(this.#table.hash.slice(2 * i, 2 * i + 2), 16));
    }
    view.setUint8(60, this.#thing.length);
    this.#bytes.set(this.#thing, HEADER_BYTES);
    this.#at = HEADER_BYTES + this.#thing.length;
  }

  #writeGroup(group: SampleGroup): void {
    const { channels, count, values } = group;
    if (count < 1 || count > MAX_SAMPLES_PER_CHANNEL) {
      throw new PitwallError('PW-WIRE-FRAME', {
        what: `A group of ${count} samples per channel; wanted 1 to ${MAX_SAMPLES_PER_CHANNEL}.`,
      });
    }
    this.#reserve(32 + channels.length * (12 + 5 * count + count / 8));
    if (this.#ints.length < count) {
      this.#ints = new Int32Array(2 * count);
      this.#present = new Int32Array(2 * count);
    }
    this.#bytes[this.#at++] = group.timesUs ? 1 : 0;
    this.#varint(count);
    if (group.timesUs) {
      this.#column(group.timesUs, count);
    } else {
      this.#varint(zigzag(group.startUs));
      this.#varint(group.periodUs);
    }
    this.#varint(channels.length);
    let previous = -1;
    for (let c = 0; c < channels.length; c++) {
      this.#varint(channels[c] - previous - 1);
      previous = channels[c];
    }
    for (let c = 0; c < channels.length; c++) this.#quantisedColumn(channels[c], values, c * count, count);
  }

  #quantisedColumn(channel: number, values: Float64Array, from: number, count: number): void {
    const { scale, offset } = this.#table.channels[channel];
    const inverse = this.#table.inverseScale[channel] || 1 / scale;
    const ints = this.#ints;
    let missing = 0;
    for (let i = 0; i < count; i++) {
      const raw = Math.round((values[from + i] - offset) * inverse);
      // Also false for NaN, which is how a missing sample comes in.
      if (raw >= -INT32_MAX && raw <= INT32_MAX) {
        ints[i - missing] = raw;
        this.#present[i] = 1;
      } else {
        if (!Number.isNaN(raw)) this.clipped++;
        missing++;
        this.#present[i] = 0;
      }
    }
    if (missing > 0) {
      this.#bytes[this.#at++] = 3;
      for (let i = 0; i < count; i += 8) {
        let bits = 0;
        for (let j = i; j < count && j < i + 8; j++) bits |= this.#present[j] << (j - i);
        this.#bytes[this.#at++] = bits;
      }
    }
    this.#column(ints, count - missing);
  }

  /** Kind 0, 1 or 2, whichever is smallest. */
  #column(ints: Int32Array, count: number): void {
    let min = INT32_MAX;
    let max = -INT32_MAX;
    let first = 0;
    let second = 0;
    let fits = true;
    // Differences are compared as OR-ed zigzags: the width of the OR is the width of the widest.
    let previous = 0;
    let previousDelta = 0;
    for (let i = 0; i < count; i++) {
      const value = ints[i];
      if (value < min) min = value;
      if (value > max) max = value;
      if (i > 0) {
        const delta = value - previous;
        if (delta !== (delta | 0)) fits = false;
        first |= zigzag(delta);
        if (i > 1) {
          const change = delta - previousDelta;
          if (change !== (change | 0)) fits = false;
          second |= zigzag(change);
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
    const width = kind === 0 ? width0 : kind === 1 ? width1 : width2;
    this.#bytes[this.#at++] = kind | (width << 2);
    if (kind === 0) {
      this.#varint(zigzag(count > 0 ? min : 0));
    } else {
      this.#varint(zigzag(ints[0]));
      if (kind === 2) this.#varint(zigzag(ints[1]));
    }
    if (width > 0) this.#pack(ints, count, kind, width, min);
  }

  #pack(ints: Int32Array, count: number, kind: number, width: number, min: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    let bits = 0;
    let held = 0;
    for (let i = kind; i < count; i++) {
      let residual: number;
      if (kind === 0) residual = (ints[i] - min) >>> 0;
      else if (kind === 1) residual = zigzag(ints[i] - ints[i - 1]);
      else residual = zigzag(ints[i] - 2 * ints[i - 1] + ints[i - 2]);
      // At most 7 bits are held over, so up to 25 fit one 32-bit step; wider residuals go in two halves.
      let left = width;
      while (left > 0) {
        const take = Math.min(left, 16);
        bits |= (residual & ((1 << take) - 1)) << held;
        held += take;
        residual >>>= take;
        left -= take;
        while (held >= 8) {
          bytes[at++] = bits & 0xff;
          bits >>>= 8;
          held -= 8;
        }
      }
    }
    if (held > 0) bytes[at++] = bits & 0xff;
    this.#at = at;
  }

  #varint(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #reserve(more: number): void {
    const wanted = this.#at + Math.ceil(more);
    if (wanted <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 * wanted);
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** Marks an encoded frame as sent on a lane, in place; the CRC does not cover the byte. */
export function setFrameLane(bytes: Uint8Array, lane: Lane): void {
  bytes[LANE_OFFSET] = lane === 'backfill' ? 1 : 0;
}

class Reader {
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
}

function damaged(what: string): PitwallError {
  return new PitwallError('PW-WIRE-FRAME', { what: `Not a frame: ${what}.` });
}

/** Reads and checks the header (magic, version, CRC of the whole frame). Raises PW-WIRE-FRAME. */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader {
  if (bytes.length <= HEADER_BYTES) throw damaged(`${bytes.length} bytes, a header has ${HEADER_BYTES} and a name`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, true) !== 0x5750) throw damaged('the first two bytes are not "PW"');
  const version = view.getUint8(2);
  if (version !== FRAME_VERSION) throw damaged(`version ${version}; this reader knows ${FRAME_VERSION}`);
  if (crc32(bytes.subarray(CRC_FROM)) !== view.getUint32(4, true)) throw damaged('the CRC does not match');
  const thingBytes = view.getUint8(60);
  if (bytes.length < HEADER_BYTES + thingBytes) throw damaged('the thing name ends early');
  const seq = view.getUint32(20, true) + view.getUint32(24, true) * 2 ** 32;
  let tableHash = '';
  for (let i = 52; i < 60; i++) tableHash += bytes[i].toString(16).padStart(2, '0');
  return {
    thing: Buffer.from(bytes.buffer, bytes.byteOffset + HEADER_BYTES, thingBytes).toString('utf8'),
    boot: { counter: view.getUint32(8, true), random: view.getBigUint64(12, true) },
    seq,
    prev: seq - view.getUint32(28, true),
    lane: view.getUint8(LANE_OFFSET) === 1 ? 'backfill' : 'live',
    eventTimeMs: view.getFloat64(32, true),
    monotonicMs: view.getFloat64(40, true),
    clockQuality: view.getUint8(48) as FrameHeader['clockQuality'],
    clockErrorMs: view.getUint16(50, true),
    tableHash,
  };
}

/**
 * Decodes a frame against its channel table. Raises PW-WIRE-FRAME when the bytes are damaged or name channels that the
 * table does not have.
 */
export function decodeFrame(bytes: Uint8Array, table: FrameTable, header = decodeFrameHeader(bytes)): Frame {
  const reader = new Reader(bytes, HEADER_BYTES + bytes[60]);
  const groups: SampleGroup[] = [];
  let samples = 0;
  const groupCount = reader.varint();
  for (let g = 0; g < groupCount; g++) {
    const group = readGroup(reader, table);
    samples += group.count * group.channels.length;
    groups.push(group);
  }
  if (reader.at !== bytes.length) throw damaged(`${bytes.length - reader.at} bytes after the last group`);
  return { header, groups, samples };
}

function readGroup(reader: Reader, table: FrameTable): SampleGroup {
  const irregular = reader.byte() === 1;
  const count = reader.varint();
  if (count < 1 || count > MAX_SAMPLES_PER_CHANNEL) throw damaged(`${count} samples per channel`);
  let startUs = 0;
  let periodUs = 0;
  let timesUs: Int32Array | undefined;
  if (irregular) {
    timesUs = new Int32Array(count);
    readColumn(reader, timesUs, count);
  } else {
    startUs = reader.zigzag();
    periodUs = reader.varint();
  }
  const channelCount = reader.varint();
  if (channelCount > table.channels.length)
    throw damaged(`${channelCount} channels, the table has ${table.channels.length}`);
  const channels = new Uint16Array(channelCount);
  let index = -1;
  for (let c = 0; c < channelCount; c++) {
    index += reader.varint() + 1;
    if (index >= table.channels.length) throw damaged(`channel ${index}, the table has ${table.channels.length}`);
    channels[c] = index;
  }
  const values = new Float64Array(channelCount * count);
  const ints = new Int32Array(count);
  for (let c = 0; c < channelCount; c++) readPhysical(reader, table, channels[c], ints, values, c * count, count);
  return { channels, count, startUs, periodUs, timesUs, values };
}

function readPhysical(
  reader: Reader,
  table: FrameTable,
  channel: number,
  ints: Int32Array,
  values: Float64Array,
  from: number,
  count: number,
): void {
  const { scale, offset } = table.channels[channel];
  const inverse = table.inverseScale[channel];
  if ((reader.bytes[reader.at] & 3) !== 3) {
    readColumn(reader, ints, count);
    if (inverse > 0) for (let i = 0; i < count; i++) values[from + i] = ints[i] / inverse + offset;
    else for (let i = 0; i < count; i++) values[from + i] = ints[i] * scale + offset;
    return;
  }
  reader.at++;
  const mask = reader.at;
  reader.at += Math.ceil(count / 8);
  let present = 0;
  for (let i = 0; i < count; i++) present += (reader.bytes[mask + (i >> 3)] >> (i & 7)) & 1;
  if (Number.isNaN(present)) throw damaged('a bitmap ends early');
  readColumn(reader, ints, present);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const there = (reader.bytes[mask + (i >> 3)] >> (i & 7)) & 1;
    if (!there) values[from + i] = Number.NaN;
    else values[from + i] = inverse > 0 ? ints[next++] / inverse + offset : ints[next++] * scale + offset;
  }
}

function readColumn(reader: Reader, out: Int32Array, count: number): void {
  const form = reader.byte();
  const kind = form & 3;
  const width = form >> 2;
  if (kind === 3 || width > 32) throw damaged(`a column of kind ${kind} and width ${width}`);
  const first = reader.zigzag();
  const second = kind === 2 ? reader.zigzag() : 0;
  if (kind > 0) out[0] = first;
  if (kind === 2) out[1] = second;
  const bytes = reader.bytes;
  const need = Math.ceil((Math.max(0, count - kind) * width) / 8);
  if (reader.at + need > bytes.length) throw damaged('a column ends early');
  let at = reader.at;
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
    if (kind === 0) out[i] = first + (residual >>> 0);
    else if (kind === 1) out[i] = out[i - 1] + unzigzag(residual >>> 0);
    else out[i] = 2 * out[i - 1] - out[i - 2] + unzigzag(residual >>> 0);
  }
  reader.at += need;
}
