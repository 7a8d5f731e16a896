/**
 * How many bytes the readers of one consumer or worker may hold beside the batches in hand. A read is given its greatest
 * size first and keeps its own when it is there, so that the bound holds whatever comes.
 */
export class AheadBytes {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Reads ahead that were not begun for want of room. */
  refused = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False when there is no room: read when the batch in hand is done. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) {
      this.refused++;
      return false;
    }
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
