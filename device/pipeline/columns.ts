import type { SampleBlock } from '../sources/source.js';
import type { SampleGroup } from '../wire/frame.js';
import { rowUs } from './sample-times.js';

/** Blocks whose first sample is this close to where the group's next one would be continue it: clocks are not exact. */
const JOIN_TOLERANCE_PERIODS = 0.5;
const INITIAL_ROWS = 16;

/**
 * One group of a frame that grows: a column of `capacity` values per channel, of which `count` are filled, and for irregular
 * samples a column of their times. Buffers are kept from frame to frame.
 */
export class Columns {
  /** Epoch ms of the first sample. */
  startMs = 0;
  readonly #channels: Uint16Array;
  #irregular = false;
  #periodUs = 0;
  #count = 0;
  #capacity = INITIAL_ROWS;
  #values: Float64Array;
  /** µs after `startMs`; irregular only. */
  #timesUs: Int32Array | undefined;

  constructor(channels: Uint16Array) {
    this.#channels = channels.slice();
    this.#values = new Float64Array(channels.length * this.#capacity);
  }

  begin(block: SampleBlock, startMs: number): void {
    this.startMs = startMs;
    this.#irregular = block.timesUs !== undefined;
    this.#periodUs = block.periodUs ?? 0;
    this.#count = 0;
    if (this.#irregular) this.#timesUs ??= new Int32Array(this.#capacity);
  }

  hasLayout(block: SampleBlock): boolean {
    const channels = this.#channels;
    if (channels.length !== block.channels.length) return false;
    for (let i = 0; i < channels.length; i++) if (channels[i] !== block.channels[i]) return false;
    return true;
  }

  /** Whether samples of the block from `timeMs` on may be appended. */
  continues(block: SampleBlock, timeMs: number): boolean {
    const afterUs = (timeMs - this.startMs) * 1000;
    if (block.timesUs) {
      const ascending = this.#irregular && Math.round(afterUs) >= this.#timesUs![this.#count - 1];
      return ascending && this.hasLayout(block);
    }
    if (this.#irregular || this.#periodUs !== block.periodUs) return false;
    const gapUs = afterUs - this.#count * this.#periodUs;
    return Math.abs(gapUs) <= JOIN_TOLERANCE_PERIODS * this.#periodUs && this.hasLayout(block);
  }

  append(block: SampleBlock, fromRow: number, rows: number): void {
    this.#reserve(this.#count + rows);
    const { count, values } = block;
    for (let c = 0; c < this.#channels.length; c++) {
      const to = c * this.#capacity + this.#count;
      const from = c * count + fromRow;
      for (let i = 0; i < rows; i++) this.#values[to + i] = values[from + i];
    }
    if (block.timesUs) {
      const timesUs = this.#timesUs!;
      const shiftUs = (block.timeMs - this.startMs) * 1000;
      for (let i = 0; i < rows; i++) {
        timesUs[this.#count + i] = Math.round(shiftUs + rowUs(block, fromRow + i));
      }
    }
    this.#count += rows;
  }

  /** Closes the gaps between columns, as a frame's group wants them. */
  finish(eventTimeMs: number): SampleGroup {
    const values = this.#values;
    const count = this.#count;
    for (let c = 1; c < this.#channels.length; c++) {
      values.copyWithin(c * count, c * this.#capacity, c * this.#capacity + count);
    }
    const startUs = Math.round((this.startMs - eventTimeMs) * 1000);
    const group: SampleGroup = { channels: this.#channels, count, startUs, periodUs: this.#periodUs, values };
    if (this.#irregular) {
      const timesUs = this.#timesUs!;
      for (let i = 0; i < count; i++) timesUs[i] += startUs;
      group.timesUs = timesUs;
    }
    return group;
  }

  #reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    const capacity = 2 * rows;
    const values = new Float64Array(this.#channels.length * capacity);
    for (let c = 0; c < this.#channels.length; c++) {
      values.set(this.#values.subarray(c * this.#capacity, c * this.#capacity + this.#count), c * capacity);
    }
    if (this.#timesUs) {
      const timesUs = new Int32Array(capacity);
      timesUs.set(this.#timesUs.subarray(0, this.#count));
      this.#timesUs = timesUs;
    }
    this.#values = values;
    this.#capacity = capacity;
  }
}
