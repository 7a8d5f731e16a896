import { type Range, RangeSet } from '#wire/ranges.js';

/** Holes kept per (thing, boot). A hole is what the backfill still owes; beyond this the lowest is given up, counted. */
export const MAX_HOLES_PER_BOOT = 512;
/** Boots kept per thing; beyond this the one first heard is forgotten, counted. */
export const MAX_BOOTS_PER_THING = 32;

/** What is known of one boot of one thing, for one family of records. */
export interface SeenBoot {
  readonly thing: string;
  readonly boot: string;
  readonly ranges: RangeSet;
  /** Records marked as counted: numbers of the other family are in the ranges but not in here. */
  unique: number;
}

export interface SeenJson {
  thing: string;
  boot: string;
  ranges: Range[];
  unique: number;
}

/**
 * Tells duplicates from news by identity (thing, boot, seq), for one family (decisions 3 and 6). A record names its seq
 * and `prev`, the seq of the family's record before it: the numbers in between belong to the other family, so they are
 * marked with it and in-order records stay one range. A record whose `prev` is missing leaves a hole there until the
 * missing one comes.
 *
 * @example
 * const seen = new Seen();
 * seen.mark('car-24', boot, 0, 1); // true: news
 * seen.mark('car-24', boot, 3, 4); // true; 2 … 3 is a hole
 * seen.mark('car-24', boot, 0, 1); // false: a duplicate
 */
export class Seen {
  /** Numbers given up when a boot had too many holes. */
  holesClosed = 0;
  boots = 0;
  bootsForgotten = 0;
  /** Boots of a thing in the order in which they were first heard. */
  readonly #things = new Map<string, Map<string, SeenBoot>>();

  constructor(stored: readonly SeenJson[] = []) {
    for (const { thing, boot, ranges, unique } of stored) {
      this.#insert({ thing, boot, ranges: new RangeSet(ranges), unique });
    }
  }

  /** Marks the record; false if it had been marked before. Wants 0 ≤ prev < seq. `counted` = it adds to `unique`. */
  mark(thing: string, boot: string, prev: number, seq: number, counted = true): boolean {
    const known = this.get(thing, boot) ?? this.#insert({ thing, boot, ranges: new RangeSet(), unique: 0 });
    if (known.ranges.has(seq)) return false;
    known.ranges.add(prev + 1, seq);
    if (counted) known.unique++;
    while (known.ranges.length > MAX_HOLES_PER_BOOT) this.holesClosed += known.ranges.closeLowestHole();
    return true;
  }

  has(thing: string, boot: string, seq: number): boolean {
    return this.get(thing, boot)?.ranges.has(seq) ?? false;
  }

  get(thing: string, boot: string): SeenBoot | undefined {
    return this.#things.get(thing)?.get(boot);
  }

  *[Symbol.iterator](): IterableIterator<SeenBoot> {
    for (const boots of this.#things.values()) yield* boots.values();
  }

  toJSON(): SeenJson[] {
    return Array.from(this, ({ thing, boot, ranges, unique }) => ({ thing, boot, ranges: ranges.toJSON(), unique }));
  }

  #insert(known: SeenBoot): SeenBoot {
    let boots = this.#things.get(known.thing);
    if (!boots) {
      boots = new Map();
      this.#things.set(known.thing, boots);
    }
    boots.set(known.boot, known);
    this.boots++;
    if (boots.size > MAX_BOOTS_PER_THING) this.#forgetOldest(boots);
    return known;
  }

  #forgetOldest(boots: Map<string, SeenBoot>): void {
    const [oldest] = boots.keys();
    boots.delete(oldest);
    this.boots--;
    this.bootsForgotten++;
  }
}
