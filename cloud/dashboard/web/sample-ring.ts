import type { SamplePoints } from '../view.js';

/** What the charts show, race time. */
export const WINDOW_MS = 60_000;
/** Points kept: a minute at 100 Hz and some. At a higher rate the window is shorter. */
const RING_POINTS = 8_192;
/** A hole in the points longer than this (race ms) is drawn as a hole. */
export const GAP_MS = 1_000;

/**
 * The newest points of one car, all channels on one time line, as typed arrays that the charts read in place. Twice the
 * capacity is allocated, so that old points are moved out of the way once per `capacity` points: no garbage while it runs.
 */
export class SampleRing {
  readonly #capacity: number;
  readonly #times: Float64Array;
  readonly #columns = new Map<string, { unit: string; values: Float64Array }>();
  #start = 0;
  #end = 0;
  /** Points that came too late to be drawn in order. */
  late = 0;

  constructor(capacity: number = RING_POINTS) {
    this.#capacity = capacity;
    this.#times = new Float64Array(2 * capacity);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  get newestMs(): number | undefined {
    return this.length > 0 ? this.#times[this.#end - 1] : undefined;
  }

  get channels(): string[] {
    return [...this.#columns.keys()];
  }

  unit(channel: string): string {
    return this.#columns.get(channel)?.unit ?? '';
  }

  clear(): void {
    this.#start = 0;
    this.#end = 0;
    this.#columns.clear();
  }

  /** Takes what is newer than the newest; a value that JSON could not carry (null) is missing, not zero. */
  append(points: SamplePoints): void {
    const entries = Object.entries(points.channels);
    for (const [name, { unit }] of entries) {
      if (!this.#columns.has(name)) {
        this.#columns.set(name, { unit, values: new Float64Array(this.#times.length).fill(Number.NaN) });
      }
    }
    for (let index = 0; index < points.timesMs.length; index++) {
      const timeMs = points.timesMs[index];
      if (this.length > 0 && timeMs <= this.#times[this.#end - 1]) {
        this.late++;
        continue;
      }
      const at = this.#next();
      this.#times[at] = timeMs;
      for (const [name, column] of this.#columns)
        column.values[at] = points.channels[name]?.values[index] ?? Number.NaN;
    }
    this.#forgetBefore((this.newestMs ?? 0) - WINDOW_MS);
  }

  /** Views into the ring, valid until the next `append`. */
  times(): Float64Array {
    return this.#times.subarray(this.#start, this.#end);
  }

  values(channel: string): Float64Array {
    const column = this.#columns.get(channel);
    return column ? column.values.subarray(this.#start, this.#end) : new Float64Array(this.length).fill(Number.NaN);
  }

  #next(): number {
    if (this.length === this.#capacity) this.#start++;
    if (this.#end === this.#times.length) {
      this.#times.copyWithin(0, this.#start, this.#end);
      for (const { values } of this.#columns.values()) values.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#end++;
  }

  /** Keeps one point older than the window, so that the line enters from the edge. */
  #forgetBefore(ms: number): void {
    while (this.length > 1 && this.#times[this.#start + 1] < ms) this.#start++;
  }
}

/** Smallest and greatest finite value, or undefined when there is none. */
export function extent(values: Float64Array): [min: number, max: number] | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? [min, max] : undefined;
}

/** Points that a value holds for where a channel is slower than others: at 50 points a second some two seconds. */
const HOLD_POINTS = 100;

/** The value at the index, or the last one before it that is not missing; NaN when it is too far back. */
export function lastFinite(values: Float64Array, index: number): number {
  for (let at = index; at >= 0 && at > index - HOLD_POINTS; at--) if (!Number.isNaN(values[at])) return values[at];
  return Number.NaN;
}

/** Stretches without data, as index pairs (last point before, first point after): holes in time, and missing values. */
export function gaps(
  times: Float64Array,
  values: Float64Array,
  fromIndex: number,
  toIndex: number,
): [number, number][] {
  const found: [number, number][] = [];
  let before = -1;
  for (let index = fromIndex; index <= toIndex; index++) {
    if (Number.isNaN(values[index])) continue;
    if (before >= 0 && times[index] - times[before] > GAP_MS) found.push([before, index]);
    before = index;
  }
  return found;
}
