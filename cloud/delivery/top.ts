/** A thing with its worth. */
export interface Ranked {
  id: string;
  worth: number;
}

/**
 * The greatest of a stream, sorted as they come: whatever the order of arrival and however often each comes, the same.
 * Equal worth goes by id. A thing keeps the worth that it came with.
 */
export class Top<Thing extends Ranked> {
  readonly #size: number;
  readonly #things: Thing[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  observe(thing: Thing): void {
    const at = this.#things.findIndex((other) => isBefore(thing, other));
    if (at < 0 && this.#things.length === this.#size) return;
    if (this.#things.some(({ id }) => id === thing.id)) return;
    this.#things.splice(at < 0 ? this.#things.length : at, 0, thing);
    if (this.#things.length > this.#size) this.#things.pop();
  }

  /** Greatest first. */
  list(): Thing[] {
    return [...this.#things];
  }
}

function isBefore(a: Ranked, b: Ranked): boolean {
  return a.worth > b.worth || (a.worth === b.worth && a.id < b.id);
}
