/** Counts by name, for `Source.stats`. */
export class Counts {
  readonly #byName = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#byName.set(name, (this.#byName.get(name) ?? 0) + count);
  }

  get(name: string): number {
    return this.#byName.get(name) ?? 0;
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#byName);
  }
}
