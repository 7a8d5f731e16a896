/** When a buffer is handed on: at either bound. */
export interface Hints {
  sizeBytes: number;
  intervalMs: number;
}

/** One entry of the journal. */
export interface Entry {
  id: number;
  /** Which buffer it is in. */
  key: string;
  /** As they will be in the object, before compression. */
  bytes: number;
  records: number;
  /** Of its oldest record, race-clock epoch ms. */
  arrivalMs: number;
}

/** Entries of one key that leave together, in the order in which they came. */
export interface Batch {
  key: string;
  entries: Entry[];
  bytes: number;
  records: number;
  /** Arrival of the oldest record. */
  oldestMs: number;
  /** When the buffer was begun. */
  sinceMs: number;
  attempts: number;
}

/**
 * Entries by key until a size or a time is reached: pure, times are given. A batch that was taken stays on the books until
 * it is `done`; one that failed comes again when its time is there.
 */
export class Buffers {
  readonly #filling = new Map<string, Batch>();
  #ready: Batch[] = [];
  readonly #waiting = new Map<Batch, number>();
  readonly #underWay = new Set<Batch>();
  #bytes = 0;

  /** Everything that is not done. */
  get bytes(): number {
    return this.#bytes;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Keys with anything that is not done. */
  activeKeys(): Set<string> {
    const keys = new Set(this.#filling.keys());
    for (const group of [this.#ready, this.#waiting.keys(), this.#underWay]) for (const { key } of group) keys.add(key);
    return keys;
  }

  /** At race time `nowMs`. What reaches the size is ready. */
  add(entry: Entry, nowMs: number, { sizeBytes }: Hints): void {
    const { key, bytes, records, arrivalMs } = entry;
    this.#bytes += bytes;
    let batch = this.#filling.get(key);
    if (batch === undefined) {
      batch = { key, entries: [], bytes: 0, records: 0, oldestMs: arrivalMs, sinceMs: nowMs, attempts: 0 };
      this.#filling.set(key, batch);
    }
    batch.entries.push(entry);
    batch.bytes += bytes;
    batch.records += records;
    batch.oldestMs = Math.min(batch.oldestMs, arrivalMs);
    if (batch.bytes >= sizeBytes) this.#close(batch);
  }

  /**
   * Batches to hand on now, at most `most`: full ones, those whose interval has passed at race time, and those whose
   * retry is due at wall time.
   */
  take(raceMs: number, wallMs: number, { intervalMs }: Hints, most: number): Batch[] {
    for (const batch of [...this.#filling.values()]) if (raceMs - batch.sinceMs >= intervalMs) this.#close(batch);
    for (const [batch, dueMs] of this.#waiting) {
      if (wallMs < dueMs) continue;
      this.#waiting.delete(batch);
      this.#ready.push(batch);
    }
    const taken = this.#ready.splice(0, Math.max(0, most));
    for (const batch of taken) {
      batch.attempts++;
      this.#underWay.add(batch);
    }
    return taken;
  }

  /** Delivered, or given up. */
  done(batch: Batch): void {
    this.#underWay.delete(batch);
    this.#bytes -= batch.bytes;
  }

  /** It comes again from `dueMs` (wall) on. */
  failed(batch: Batch, dueMs: number): void {
    this.#underWay.delete(batch);
    this.#waiting.set(batch, dueMs);
  }

  #close(batch: Batch): void {
    this.#filling.delete(batch.key);
    this.#ready.push(batch);
  }
}
