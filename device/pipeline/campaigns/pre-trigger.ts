import type { SampleBlock } from '../../sources/source.js';
import type { RowBlock } from './row-block.js';

const INITIAL_ROWS = 32;
const TIME_BYTES = Float64Array.BYTES_PER_ELEMENT;

/** What all pre-trigger buffers of an agent may take together. */
export interface PreTriggerBudget {
  readonly maxBytes: number;
  bytes: number;
  /** Samples that had to make room for newer ones while a trigger could still have asked for them. */
  overwritten: number;
}

/**
 * The samples of some channels of one layout that nobody collected so far, as far back as a trigger may ask for: a ring of
 * rows that grows as long as the budget lasts, and then overwrites its oldest.
 */
export class PreTriggerBuffer {
  readonly #columns: Uint16Array;
  readonly #reachUs: number;
  readonly #budget: PreTriggerBudget;
  #capacity = 0;
  /** Of the oldest row. */
  #head = 0;
  #rows = 0;
  #timesUs = new Float64Array(0);
  /** Row by row. */
  #values = new Float64Array(0);

  /** `columns`: which of the layout's are kept. `reachUs`: how far back. */
  constructor(columns: Uint16Array, reachUs: number, budget: PreTriggerBudget) {
    this.#columns = columns;
    this.#reachUs = reachUs;
    this.#budget = budget;
  }

  push(timeUs: number, block: SampleBlock, row: number): void {
    this.#forget(timeUs);
    if (this.#rows === this.#capacity && !this.#grow()) {
      this.#budget.overwritten += this.#columns.length;
      if (this.#capacity === 0) return;
      this.#dropOldest();
    }
    const slot = (this.#head + this.#rows++) % this.#capacity;
    this.#timesUs[slot] = timeUs;
    const width = this.#columns.length;
    for (let c = 0; c < width; c++) this.#values[slot * width + c] = block.values[this.#columns[c] * block.count + row];
  }

  /** Moves the rows from `fromUs` on that `wants` into `rows`; what it does not want stays for others. */
  take(fromUs: number, wants: (timeUs: number) => boolean, rows: RowBlock): void {
    const width = this.#columns.length;
    let kept = 0;
    for (let i = 0; i < this.#rows; i++) {
      const slot = (this.#head + i) % this.#capacity;
      const timeUs = this.#timesUs[slot];
      if (timeUs >= fromUs && wants(timeUs)) {
        rows.add(timeUs, this.#values, slot * width);
        continue;
      }
      const to = (this.#head + kept++) % this.#capacity;
      if (to === slot) continue;
      this.#timesUs[to] = timeUs;
      this.#values.copyWithin(to * width, slot * width, (slot + 1) * width);
    }
    this.#rows = kept;
  }

  /** Gives its bytes back. */
  close(): void {
    this.#budget.bytes -= this.#bytes(this.#capacity);
    this.#capacity = 0;
    this.#rows = 0;
  }

  /** What no trigger from now on can ask for; everything, when the clock was set back behind it. */
  #forget(timeUs: number): void {
    if (this.#rows === 0) return;
    const newestUs = this.#timesUs[(this.#head + this.#rows - 1) % this.#capacity];
    if (timeUs < newestUs - this.#reachUs) this.#rows = 0;
    while (this.#rows > 0 && this.#timesUs[this.#head] < timeUs - this.#reachUs) this.#dropOldest();
  }

  #dropOldest(): void {
    this.#head = (this.#head + 1) % this.#capacity;
    this.#rows--;
  }

  #grow(): boolean {
    const capacity = Math.max(INITIAL_ROWS, 2 * this.#capacity);
    const moreBytes = this.#bytes(capacity) - this.#bytes(this.#capacity);
    if (this.#budget.bytes + moreBytes > this.#budget.maxBytes) return false;
    this.#budget.bytes += moreBytes;
    const width = this.#columns.length;
    const timesUs = new Float64Array(capacity);
    const values = new Float64Array(capacity * width);
    for (let i = 0; i < this.#rows; i++) {
      const slot = (this.#head + i) % this.#capacity;
      timesUs[i] = this.#timesUs[slot];
      for (let c = 0; c < width; c++) values[i * width + c] = this.#values[slot * width + c];
    }
    this.#timesUs = timesUs;
    this.#values = values;
    this.#capacity = capacity;
    this.#head = 0;
    return true;
  }

  #bytes(rows: number): number {
    return rows * (TIME_BYTES + this.#columns.length * Float64Array.BYTES_PER_ELEMENT);
  }
}
