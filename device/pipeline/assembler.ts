import type { SampleBlock } from '../sources/source.js';
import type { SampleGroup } from '../wire/frame.js';

/**
 * Bound on the samples of one frame, missing ones included. A sample takes at most 4 bytes and one bit, and a column 14
 * bytes more, which count as 4 samples: a frame of the worst noise stays below the 128 KB that AWS IoT takes.
 */
export const FRAME_SAMPLES_MAX = 24_000;
const SAMPLES_PER_COLUMN = 4;
/** Blocks whose first sample is this close to where the group's next one would be continue it: clocks are not exact. */
const JOIN_TOLERANCE_PERIODS = 0.5;
const INITIAL_ROWS = 16;

/** Samples under way, ready to be encoded. Valid until the next call of the assembler. */
export interface AssembledFrame {
  /** Race-clock epoch ms of the earliest sample. */
  eventTimeMs: number;
  groups: SampleGroup[];
}

/**
 * Collects blocks into frames. Whoever owns the wall clock calls `take` once a window: a frame holds what came meanwhile,
 * more of it when the race clock runs faster. A frame that is full before is handed to `onFull` at once.
 *
 * Buffers are kept from frame to frame; nothing is allocated per sample.
 */
export class Assembler {
  readonly #onFull: () => void;
  readonly #samplesMax: number;
  /** Columns by layout (channels and period); used ones come first. */
  readonly #columns: Columns[] = [];
  #used = 0;
  #samples = 0;

  constructor(onFull: () => void, samplesMax: number = FRAME_SAMPLES_MAX) {
    this.#onFull = onFull;
    this.#samplesMax = samplesMax;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  push(block: SampleBlock): void {
    const width = block.channels.length;
    for (let row = 0; row < block.count; ) {
      let room = Math.floor((this.#samplesMax - this.#samples) / width);
      if (room < 1 && this.#samples > 0) {
        this.#onFull();
        room = Math.floor(this.#samplesMax / width);
      }
      const rows = Math.min(block.count - row, Math.max(1, room));
      this.#columnsFor(block, row).append(block, row, rows);
      this.#samples += rows * width;
      row += rows;
    }
  }

  /** The frame so far, or undefined when nothing came; starts the next one. */
  take(): AssembledFrame | undefined {
    if (this.#used === 0) return undefined;
    const columns = this.#columns.slice(0, this.#used);
    let eventTimeMs = Number.POSITIVE_INFINITY;
    for (const { startMs } of columns) if (startMs < eventTimeMs) eventTimeMs = startMs;
    const groups = columns.map((each) => each.finish(eventTimeMs));
    this.#used = 0;
    this.#samples = 0;
    return { eventTimeMs, groups };
  }

  /** The columns that the block's rows from `row` continue, else fresh ones. */
  #columnsFor(block: SampleBlock, row: number): Columns {
    const timeMs = block.timeMs + (row * block.periodUs) / 1000;
    for (let i = this.#used - 1; i >= 0; i--) {
      if (this.#columns[i].continues(block, timeMs)) return this.#columns[i];
    }
    // A former frame's columns of the same layout have buffers of the right size.
    let free = this.#used;
    while (free < this.#columns.length && !this.#columns[free].hasLayout(block)) free++;
    if (free === this.#columns.length) this.#columns.push(new Columns(block.channels));
    const columns = this.#columns[free];
    this.#columns[free] = this.#columns[this.#used];
    this.#columns[this.#used++] = columns;
    columns.begin(timeMs, block.periodUs);
    this.#samples += SAMPLES_PER_COLUMN * block.channels.length;
    return columns;
  }
}

/** One group that grows: a column of `capacity` values per channel, of which `count` are filled. */
class Columns {
  startMs = 0;
  readonly #channels: Uint16Array;
  #periodUs = 0;
  #count = 0;
  #capacity = INITIAL_ROWS;
  #values: Float64Array;

  constructor(channels: Uint16Array) {
    this.#channels = channels.slice();
    this.#values = new Float64Array(channels.length * this.#capacity);
  }

  begin(startMs: number, periodUs: number): void {
    this.startMs = startMs;
    this.#periodUs = periodUs;
    this.#count = 0;
  }

  hasLayout(block: SampleBlock): boolean {
    const channels = this.#channels;
    if (channels.length !== block.channels.length) return false;
    for (let i = 0; i < channels.length; i++) if (channels[i] !== block.channels[i]) return false;
    return true;
  }

  continues(block: SampleBlock, timeMs: number): boolean {
    if (this.#periodUs !== block.periodUs) return false;
    const gapUs = (timeMs - this.startMs) * 1000 - this.#count * this.#periodUs;
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
    this.#count += rows;
  }

  /** Closes the gaps between columns, as a frame's group wants them. */
  finish(eventTimeMs: number): SampleGroup {
    const values = this.#values;
    const count = this.#count;
    for (let c = 1; c < this.#channels.length; c++) {
      values.copyWithin(c * count, c * this.#capacity, c * this.#capacity + count);
    }
    return {
      channels: this.#channels,
      count,
      startUs: Math.round((this.startMs - eventTimeMs) * 1000),
      periodUs: this.#periodUs,
      values,
    };
  }

  #reserve(rows: number): void {
    if (rows <= this.#capacity) return;
    const capacity = 2 * rows;
    const values = new Float64Array(this.#channels.length * capacity);
    for (let c = 0; c < this.#channels.length; c++) {
      values.set(this.#values.subarray(c * this.#capacity, c * this.#capacity + this.#count), c * capacity);
    }
    this.#values = values;
    this.#capacity = capacity;
  }
}
