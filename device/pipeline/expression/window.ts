/** A window is kept as this many buckets: it reaches back between 63/64 of its length and the whole of it. */
export const WINDOW_BUCKETS = 64;
/** The window and the one before it. */
const RING = 2 * WINDOW_BUCKETS;
/** Least, greatest, sum and number of each bucket. */
export const WINDOW_BYTES = RING * 4 * Float64Array.BYTES_PER_ELEMENT;

/**
 * Least, greatest and mean sample of one channel over the last `widthMs`, and over as long before that, in memory that
 * depends on neither rate nor width. Time is cut into buckets of widthMs / 64, counted from the epoch; the window is the
 * bucket under way and the 63 before it.
 *
 * Samples need not come in order: one that is late goes into its own bucket. One from before both windows means that the
 * clock was set back, and starts again. NaN must not be added; an empty window answers NaN.
 */
export class Window {
  readonly widthMs: number;
  readonly #bucketUs: number;
  readonly #least = new Float64Array(RING);
  readonly #greatest = new Float64Array(RING);
  readonly #sum = new Float64Array(RING);
  readonly #count = new Float64Array(RING);
  /** Number of the newest bucket. */
  #head = 0;
  /** Of the window without its newest bucket. */
  readonly #recent = new Totals();
  /** Of the window before. */
  readonly #before = new Totals();

  constructor(widthMs: number) {
    this.widthMs = widthMs;
    this.#bucketUs = (widthMs * 1000) / WINDOW_BUCKETS;
    this.#clear(0, RING);
  }

  add(timeUs: number, value: number): void {
    const bucket = Math.floor(timeUs / this.#bucketUs);
    if (bucket > this.#head) this.#advance(bucket);
    else if (bucket <= this.#head - RING) this.#restart(bucket);
    else if (bucket < this.#head) this.#distrustTotals();
    const slot = slotOf(bucket);
    if (value < this.#least[slot]) this.#least[slot] = value;
    if (value > this.#greatest[slot]) this.#greatest[slot] = value;
    this.#sum[slot] += value;
    this.#count[slot]++;
  }

  min(timeUs: number): number {
    const slot = this.#at(timeUs);
    return finite(Math.min(this.#recent.least, this.#least[slot]));
  }

  max(timeUs: number): number {
    const slot = this.#at(timeUs);
    return finite(Math.max(this.#recent.greatest, this.#greatest[slot]));
  }

  avg(timeUs: number): number {
    const slot = this.#at(timeUs);
    return (this.#recent.sum + this.#sum[slot]) / (this.#recent.count + this.#count[slot]);
  }

  prevMin(timeUs: number): number {
    return finite(this.#beforeAt(timeUs).least);
  }

  prevMax(timeUs: number): number {
    return finite(this.#beforeAt(timeUs).greatest);
  }

  prevAvg(timeUs: number): number {
    const { sum, count } = this.#beforeAt(timeUs);
    return sum / count;
  }

  /** Brings the window up to a time; the slot of its newest bucket, which is not in the totals. */
  #at(timeUs: number): number {
    this.#reach(timeUs);
    const head = this.#head;
    if (!this.#recent.isRight) this.#total(this.#recent, head - WINDOW_BUCKETS + 1, head - 1);
    return slotOf(head);
  }

  #beforeAt(timeUs: number): Totals {
    this.#reach(timeUs);
    const head = this.#head;
    if (!this.#before.isRight) this.#total(this.#before, head - RING + 1, head - WINDOW_BUCKETS);
    return this.#before;
  }

  #reach(timeUs: number): void {
    const bucket = Math.floor(timeUs / this.#bucketUs);
    if (bucket > this.#head) this.#advance(bucket);
  }

  #advance(bucket: number): void {
    const steps = bucket - this.#head;
    if (steps >= RING) this.#clear(0, RING);
    else {
      const from = slotOf(this.#head + 1);
      const end = from + steps;
      this.#clear(from, Math.min(end, RING));
      if (end > RING) this.#clear(0, end - RING);
    }
    this.#head = bucket;
    this.#distrustTotals();
  }

  #restart(bucket: number): void {
    this.#clear(0, RING);
    this.#head = bucket;
    this.#distrustTotals();
  }

  #distrustTotals(): void {
    this.#recent.isRight = false;
    this.#before.isRight = false;
  }

  #clear(from: number, end: number): void {
    this.#least.fill(Number.POSITIVE_INFINITY, from, end);
    this.#greatest.fill(Number.NEGATIVE_INFINITY, from, end);
    this.#sum.fill(0, from, end);
    this.#count.fill(0, from, end);
  }

  #total(totals: Totals, first: number, last: number): void {
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let count = 0;
    let slot = slotOf(first);
    for (let bucket = first; bucket <= last; bucket++) {
      if (this.#least[slot] < least) least = this.#least[slot];
      if (this.#greatest[slot] > greatest) greatest = this.#greatest[slot];
      sum += this.#sum[slot];
      count += this.#count[slot];
      slot = slot + 1 === RING ? 0 : slot + 1;
    }
    totals.least = least;
    totals.greatest = greatest;
    totals.sum = sum;
    totals.count = count;
    totals.isRight = true;
  }
}

class Totals {
  /** Whether they say what the buckets do. */
  isRight = false;
  least = Number.POSITIVE_INFINITY;
  greatest = Number.NEGATIVE_INFINITY;
  sum = 0;
  count = 0;
}

function slotOf(bucket: number): number {
  return ((bucket % RING) + RING) % RING;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}
