import { hashKeyOf } from '../hash-range.js';

export interface KeyShare {
  key: string;
  /** 32 hexadecimal digits, as everywhere. */
  hashKey: string;
  /** Part of everything that was counted, 0…1. */
  share: number;
}

interface Counter {
  key: string;
  hashKey: string;
  weight: number;
}

/**
 * The heaviest partition keys of a shard in bounded memory: "space saving" (Metwally, Agrawal, El Abbadi 2005). A key that
 * has no counter takes over the lightest one with its weight, so a share may be too large by that, never too small. With
 * no more keys than counters, as with the cars of a race, all of it is exact.
 *
 * @example
 * const keys = new TopKeys(64);
 * keys.add('car-24', 1);
 * keys.shares(); // [{ key: 'car-24', hashKey: '…', share: 1 }]
 */
export class TopKeys {
  readonly #capacity: number;
  readonly #counters = new Map<string, Counter>();
  #total = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(key: string, weight: number): void {
    this.#total += weight;
    const counter = this.#counters.get(key);
    if (counter) {
      counter.weight += weight;
      return;
    }
    let inherited = 0;
    if (this.#counters.size === this.#capacity) {
      const lightest = this.#lightest();
      this.#counters.delete(lightest.key);
      inherited = lightest.weight;
    }
    this.#counters.set(key, { key, hashKey: hashKeyOf(key), weight: inherited + weight });
  }

  /** Lets what was counted fade: `factor` 0.9 keeps nine tenths. */
  fade(factor: number): void {
    this.#total *= factor;
    for (const counter of this.#counters.values()) counter.weight *= factor;
  }

  /** Heaviest first. */
  shares(): KeyShare[] {
    if (this.#total === 0) return [];
    return [...this.#counters.values()]
      .sort((a, b) => b.weight - a.weight || (a.key < b.key ? -1 : 1))
      .map(({ key, hashKey, weight }) => ({ key, hashKey, share: weight / this.#total }));
  }

  #lightest(): Counter {
    let lightest: Counter | undefined;
    for (const counter of this.#counters.values()) {
      if (!lightest || counter.weight < lightest.weight) lightest = counter;
    }
    return lightest!;
  }
}
