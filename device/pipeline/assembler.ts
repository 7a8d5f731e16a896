import type { SampleBlock } from '../sources/source.js';
import type { SampleGroup } from '../wire/frame.js';
import { Columns } from './columns.js';
import { rowMs } from './sample-times.js';

/**
 * Bound on the samples of one frame, missing ones included. A sample takes at most 4 bytes and one bit, and a column 14
 * bytes more, which count as 4 samples: a frame of the worst noise stays below the 128 KB that AWS IoT takes.
 */
const FRAME_SAMPLES_MAX = 24_000;
const SAMPLES_PER_COLUMN = 4;
/**
 * Bound on the event time between samples of one frame: a frame has 32 bits of µs for it. Only a source whose stamps jump
 * comes near; its samples after the jump begin the next frame.
 */
export const FRAME_SPAN_MAX_MS = 600_000;

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
  /** Columns by layout (their channels); used ones come first. */
  readonly #columns: Columns[] = [];
  #used = 0;
  #samples = 0;
  /** Of the frame under way, when there is one. */
  #earliestMs = 0;
  #latestMs = 0;

  constructor(onFull: () => void, samplesMax: number = FRAME_SAMPLES_MAX) {
    this.#onFull = onFull;
    this.#samplesMax = samplesMax;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  push(block: SampleBlock): void {
    // The times of irregular samples are a column more.
    const width = block.channels.length + (block.timesUs ? 1 : 0);
    for (let row = 0; row < block.count; ) {
      this.#makeRoom(block, row, width);
      const room = Math.max(1, Math.floor((this.#samplesMax - this.#samples) / width));
      const rows = Math.min(block.count - row, room);
      this.#columnsFor(block, row, width).append(block, row, rows);
      this.#samples += rows * width;
      row += rows;
    }
  }

  /** Hands the frame under way on when the block's rows from `row` do not fit any more, by their number or their times. */
  #makeRoom(block: SampleBlock, row: number, width: number): void {
    const firstMs = rowMs(block, row);
    const lastMs = rowMs(block, block.count - 1);
    if (this.#used > 0) {
      const tooMany = this.#samples + width > this.#samplesMax;
      const tooLong = lastMs - this.#earliestMs > FRAME_SPAN_MAX_MS || this.#latestMs - firstMs > FRAME_SPAN_MAX_MS;
      if (tooMany || tooLong) this.#onFull();
    }
    if (this.#used === 0) {
      this.#earliestMs = firstMs;
      this.#latestMs = lastMs;
    } else {
      if (firstMs < this.#earliestMs) this.#earliestMs = firstMs;
      if (lastMs > this.#latestMs) this.#latestMs = lastMs;
    }
  }

  /** The frame so far, or undefined when nothing came; starts the next one. */
  take(): AssembledFrame | undefined {
    if (this.#used === 0) return undefined;
    const columns = this.#columns.slice(0, this.#used);
    const eventTimeMs = this.#earliestMs;
    const groups = columns.map((each) => each.finish(eventTimeMs));
    this.#used = 0;
    this.#samples = 0;
    return { eventTimeMs, groups };
  }

  /** The columns that the block's rows from `row` continue, else fresh ones. */
  #columnsFor(block: SampleBlock, row: number, width: number): Columns {
    const timeMs = rowMs(block, row);
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
    columns.begin(block, timeMs);
    this.#samples += SAMPLES_PER_COLUMN * width;
    return columns;
  }
}
