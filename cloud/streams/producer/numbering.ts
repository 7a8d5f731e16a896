/**
 * Numbers for the records of each key, 1, 2, 3 …, in bounded memory: of too many keys the one longest not used is forgotten,
 * and a key that is new goes on above all forgotten numbers, so that none is ever given twice.
 */
export class Numbering {
  readonly #maxKeys: number;
  /** Last number of each key, in the order of use. */
  readonly #last = new Map<string, number>();
  #highestForgotten = 0;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  next(key: string): number {
    const seq = (this.#last.get(key) ?? this.#highestForgotten) + 1;
    this.#last.delete(key);
    this.#last.set(key, seq);
    if (this.#last.size > this.#maxKeys) this.#forgetOldest();
    return seq;
  }

  #forgetOldest(): void {
    const [[key, seq]] = this.#last;
    this.#last.delete(key);
    this.#highestForgotten = Math.max(this.#highestForgotten, seq);
  }
}
