/**
 * One holder per key, the others in the order they came. Waiters are requests that the front has admitted, so their number
 * is bounded by its connections.
 */
export class KeyQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<Result>(key: string, critical: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(critical, critical);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
