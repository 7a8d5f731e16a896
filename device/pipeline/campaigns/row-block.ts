import type { SampleBlock } from '../../sources/source.js';

const INITIAL_ROWS = 32;

/** Rows picked one by one, made a block again: a regular one when they are equally far apart. Buffers are kept. */
export class RowBlock {
  readonly #channels: Uint16Array;
  #rows = 0;
  #timesUs = new Float64Array(INITIAL_ROWS);
  /** Row by row. */
  #picked: Float64Array;
  #values = new Float64Array(0);
  #offsetsUs = new Int32Array(0);

  constructor(channels: Uint16Array) {
    this.#channels = channels;
    this.#picked = new Float64Array(INITIAL_ROWS * channels.length);
  }

  get rows(): number {
    return this.#rows;
  }

  clear(): void {
    this.#rows = 0;
  }

  /** Takes a row whose values stand together, in the order of the channels. */
  add(timeUs: number, values: Float64Array, from: number): void {
    const to = this.#begin(timeUs);
    for (let c = 0; c < this.#channels.length; c++) this.#picked[to + c] = values[from + c];
  }

  /** Takes some columns of a block's row. */
  addRow(timeUs: number, block: SampleBlock, columns: Uint16Array, row: number): void {
    const to = this.#begin(timeUs);
    for (let c = 0; c < columns.length; c++) this.#picked[to + c] = block.values[columns[c] * block.count + row];
  }

  /** The rows as a block, which is good until the next `add`; undefined when there are none. */
  take(): SampleBlock | undefined {
    const count = this.#rows;
    if (count === 0) return undefined;
    this.#rows = 0;
    const width = this.#channels.length;
    if (this.#values.length < count * width) {
      this.#values = new Float64Array(this.#picked.length);
      this.#offsetsUs = new Int32Array(this.#timesUs.length);
    }
    for (let c = 0; c < width; c++) {
      for (let i = 0; i < count; i++) this.#values[c * count + i] = this.#picked[i * width + c];
    }
    const common = { timeMs: this.#timesUs[0] / 1000, count, channels: this.#channels, values: this.#values };
    const periodUs = this.#periodUs(count);
    if (periodUs > 0) return { ...common, periodUs };
    for (let i = 0; i < count; i++) this.#offsetsUs[i] = this.#timesUs[i] - this.#timesUs[0];
    return { ...common, timesUs: this.#offsetsUs };
  }

  /** 0 when the rows are not equally far apart, or there is but one. */
  #periodUs(count: number): number {
    const periodUs = count > 1 ? this.#timesUs[1] - this.#timesUs[0] : 0;
    for (let i = 2; i < count; i++) if (this.#timesUs[i] - this.#timesUs[i - 1] !== periodUs) return 0;
    return periodUs;
  }

  #begin(timeUs: number): number {
    if (this.#rows === this.#timesUs.length) {
      const timesUs = new Float64Array(2 * this.#rows);
      timesUs.set(this.#timesUs);
      this.#timesUs = timesUs;
      const picked = new Float64Array(2 * this.#picked.length);
      picked.set(this.#picked);
      this.#picked = picked;
    }
    this.#timesUs[this.#rows] = timeUs;
    return this.#rows++ * this.#channels.length;
  }
}
