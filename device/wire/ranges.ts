/**
 * A set of whole numbers kept as sorted, disjoint, non-adjacent inclusive ranges: how duplicates are told from news
 * (decision 7) and how acknowledgements travel (decision 3). In order, everything is one range: adding costs O(1) at the
 * end, O(log n) elsewhere.
 */
export type Range = [from: number, to: number];

export class RangeSet {
  #ranges: Range[];

  constructor(ranges: readonly Range[] = []) {
    this.#ranges = [];
    for (const [from, to] of ranges) this.add(from, to);
  }

  /** Number of ranges: 1 + the number of holes. What a bound is put on. */
  get length(): number {
    return this.#ranges.length;
  }

  /** How many numbers are in the set. */
  get count(): number {
    let count = 0;
    for (const [from, to] of this.#ranges) count += to - from + 1;
    return count;
  }

  /** Greatest number in the set; 0 when empty. */
  get max(): number {
    const last = this.#ranges[this.#ranges.length - 1];
    return last ? last[1] : 0;
  }

  has(value: number): boolean {
    const index = this.#find(value);
    return index < this.#ranges.length && this.#ranges[index][0] <= value;
  }

  /** Adds from … to inclusive and returns how many of them were not in the set before. */
  add(from: number, to: number = from): number {
    const ranges = this.#ranges;
    const last = ranges[ranges.length - 1];
    if (!last || from > last[1] + 1) {
      ranges.push([from, to]);
      return to - from + 1;
    }
    if (from === last[1] + 1) {
      last[1] = to;
      return to - from + 1;
    }
    // First range that touches [from - 1, to + 1]; all that touch it become one.
    const start = this.#find(from - 1);
    let end = start;
    let covered = 0;
    let low = from;
    let high = to;
    while (end < ranges.length && ranges[end][0] <= to + 1) {
      const [rangeFrom, rangeTo] = ranges[end];
      covered += Math.max(0, Math.min(rangeTo, to) - Math.max(rangeFrom, from) + 1);
      low = Math.min(low, rangeFrom);
      high = Math.max(high, rangeTo);
      end++;
    }
    ranges.splice(start, end - start, [low, high]);
    return to - from + 1 - covered;
  }

  /** Fills the lowest hole, so that the set has one range less; returns how many numbers that added (0: no hole). */
  closeLowestHole(): number {
    if (this.#ranges.length < 2) return 0;
    const [first, second] = this.#ranges;
    const filled = second[0] - first[1] - 1;
    this.#ranges.splice(0, 2, [first[0], second[1]]);
    return filled;
  }

  toJSON(): Range[] {
    return this.#ranges.map(([from, to]) => [from, to]);
  }

  /** Index of the first range whose end is ≥ value. */
  #find(value: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle][1] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
