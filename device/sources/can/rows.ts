import type { IrregularBlock } from '../source.js';

/** Bound on the samples of one message that wait to be handed on; a bus that is faster than this per window is no bus. */
const ROWS_MAX = 256;
/** A block's times are 32-bit microseconds. */
const SPAN_US_MAX = 2 ** 31 - 1;

/**
 * Samples of one message within a window. They leave as one block, of the channels that had a value at all. Buffers are
 * kept: nothing is allocated for a sample.
 */
export class MessageRows {
  readonly #channels: Uint16Array;
  readonly #times = new Int32Array(ROWS_MAX);
  /** Row-major while it fills. */
  readonly #rows: Float64Array;
  readonly #used: Uint8Array;
  readonly #values: Float64Array;
  #count = 0;
  #startUs = 0;
  #lastUs = 0;

  /** @param channels indices into the source's table, ascending */
  constructor(channels: Uint16Array) {
    this.#channels = channels;
    this.#rows = new Float64Array(ROWS_MAX * channels.length);
    this.#values = new Float64Array(ROWS_MAX * channels.length);
    this.#used = new Uint8Array(channels.length);
  }

  get count(): number {
    return this.#count;
  }

  /** Whether a sample at this time can join those that wait: there is room, and time goes forward. */
  takes(timeUs: number): boolean {
    if (this.#count === 0) return true;
    return this.#count < ROWS_MAX && timeUs >= this.#lastUs && timeUs - this.#startUs <= SPAN_US_MAX;
  }

  /** Starts a sample: all its channels are missing until `set`. */
  begin(timeUs: number): void {
    if (this.#count === 0) {
      this.#startUs = timeUs;
      this.#used.fill(0);
    }
    this.#lastUs = timeUs;
    this.#times[this.#count] = timeUs - this.#startUs;
    const from = this.#count * this.#channels.length;
    this.#rows.fill(Number.NaN, from, from + this.#channels.length);
    this.#count++;
  }

  /** @param place of the channel among this message's */
  set(place: number, value: number): void {
    this.#rows[(this.#count - 1) * this.#channels.length + place] = value;
    this.#used[place] = 1;
  }

  /** The samples so far as a block, which is valid until the next `begin`. Undefined: there are none with a value. */
  take(): IrregularBlock | undefined {
    const count = this.#count;
    const width = this.#channels.length;
    this.#count = 0;
    let columns = 0;
    for (let place = 0; place < width; place++) {
      if (this.#used[place] === 0) continue;
      for (let row = 0; row < count; row++) this.#values[columns * count + row] = this.#rows[row * width + place];
      columns++;
    }
    if (count === 0 || columns === 0) return undefined;
    return {
      timeMs: this.#startUs / 1000,
      timesUs: this.#times.subarray(0, count),
      count,
      channels: columns === width ? this.#channels : this.#channels.filter((_, place) => this.#used[place] === 1),
      values: this.#values.subarray(0, columns * count),
    };
  }
}
