import { crc32 } from 'node:zlib';
import { INT32_MAX, zigzag } from './column-code.js';
import { ColumnWriter } from './column-writer.js';
import { PitwallError } from './errors.js';
import {
  CRC_FROM,
  FRAME_VERSION,
  type FrameHeader,
  type FrameTable,
  HEADER_BYTES,
  LANE_OFFSET,
  MAGIC,
  MAX_FRAME_BYTES,
  MAX_SAMPLES_PER_CHANNEL,
  type SampleGroup,
} from './frame-format.js';
import type { Boot } from './identity.js';

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
  readonly #out = new ColumnWriter();
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
    const out = this.#out;
    this.#writeHeader(header);
    this.#out.varint(groups.length);
    for (const group of groups) this.#writeGroup(group);
    if (out.at > MAX_FRAME_BYTES) {
      throw new PitwallError('PW-WIRE-FRAME', {
        what: `A frame of ${out.at} bytes; AWS IoT takes ${MAX_FRAME_BYTES}.`,
        fix: 'Use a shorter frame window.',
      });
    }
    out.view.setUint32(4, crc32(out.bytes.subarray(CRC_FROM, out.at)), true);
    return out.bytes.slice(0, out.at);
  }

  #writeHeader(header: Omit<FrameHeader, 'thing' | 'boot' | 'tableHash'>): void {
    const { view } = this.#out;
    view.setUint16(0, MAGIC, true);
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
    this.#out.bytes.set(this.#thing, HEADER_BYTES);
    this.#out.at = HEADER_BYTES + this.#thing.length;
  }

  #writeGroup(group: SampleGroup): void {
    const out = this.#out;
    const { channels, count, values } = group;
    if (count < 1 || count > MAX_SAMPLES_PER_CHANNEL) {
      throw new PitwallError('PW-WIRE-FRAME', {
        what: `A group of ${count} samples per channel; wanted 1 to ${MAX_SAMPLES_PER_CHANNEL}.`,
      });
    }
    this.#out.reserve(32 + channels.length * (12 + 5 * count + count / 8));
    if (this.#ints.length < count) {
      this.#ints = new Int32Array(2 * count);
      this.#present = new Int32Array(2 * count);
    }
    out.bytes[out.at++] = group.timesUs ? 1 : 0;
    this.#out.varint(count);
    if (group.timesUs) {
      this.#out.column(group.timesUs, count);
    } else {
      this.#out.varint(zigzag(group.startUs));
      this.#out.varint(group.periodUs);
    }
    this.#out.varint(channels.length);
    let previous = -1;
    for (let c = 0; c < channels.length; c++) {
      this.#out.varint(channels[c] - previous - 1);
      previous = channels[c];
    }
    for (let c = 0; c < channels.length; c++) this.#quantisedColumn(channels[c], values, c * count, count);
  }

  #quantisedColumn(channel: number, values: Float64Array, from: number, count: number): void {
    const { scale, offset } = this.#table.channels[channel];
    const inverse = this.#table.inverseScale[channel] || 1 / scale;
    const ints = this.#ints;
    const out = this.#out;
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
      out.bytes[out.at++] = 3;
      for (let i = 0; i < count; i += 8) {
        let bits = 0;
        for (let j = i; j < count && j < i + 8; j++) bits |= this.#present[j] << (j - i);
        out.bytes[out.at++] = bits;
      }
    }
    this.#out.column(ints, count - missing);
  }
}
