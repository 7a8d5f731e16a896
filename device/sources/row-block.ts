import type { SourceSink } from './source.js';

/** Rows of a block at most: a frame takes some 24,000 samples. */
const BLOCK_ROWS_MAX = 256;
/** Offsets in a block are 32-bit microseconds. */
const SPAN_MS_MAX = 60_000;

/** Rows of all channels at their own times → irregular blocks. The buffers are kept. */
export class RowBlock {
  readonly #width: number;
  readonly #rowsMax: number;
  readonly #channels: Uint16Array;
  readonly #timesUs: Int32Array;
  /** Row-major while rows come. */
  readonly #rows: Float64Array;
  readonly #values: Float64Array;
  #startMs = 0;
  #count = 0;

  constructor(width: number, rowsMax: number = BLOCK_ROWS_MAX) {
    this.#width = width;
    this.#rowsMax = rowsMax;
    this.#channels = Uint16Array.from({ length: width }, (_, channel) => channel);
    this.#timesUs = new Int32Array(rowsMax);
    this.#rows = new Float64Array(width * rowsMax);
    this.#values = new Float64Array(width * rowsMax);
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.#rowsMax;
  }

  /** Whether a row of that time can still be added: there is room, and it is neither before the first nor too far from it. */
  takes(timeMs: number): boolean {
    const sinceMs = timeMs - this.#startMs;
    return !this.isFull && (this.#count === 0 || (sinceMs >= 0 && sinceMs < SPAN_MS_MAX));
  }

  add(timeMs: number, values: Float64Array): void {
    if (this.#count === 0) this.#startMs = timeMs;
    this.#timesUs[this.#count] = Math.round((timeMs - this.#startMs) * 1000);
    this.#rows.set(values, this.#count * this.#width);
    this.#count++;
  }

  /** Hands the rows over, if there are any, and begins anew. */
  flush(sink: Pick<SourceSink, 'samples'>): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    for (let channel = 0; channel < this.#width; channel++) {
      for (let row = 0; row < count; row++) {
        this.#values[channel * count + row] = this.#rows[row * this.#width + channel];
      }
    }
    sink.samples({
      timeMs: this.#startMs,
      timesUs: this.#timesUs,
      count,
      channels: this.#channels,
      values: this.#values,
    });
  }
}
