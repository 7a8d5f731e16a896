/** Names of cars with those of their channels, bytes: they stand in one table item (at most 400 KB). More are no cars. */
const NAMES_BYTES_MAX = 150_000;

export interface SeenState {
  owners: Record<string, string[]>;
  units: Record<string, string>;
  fromMs: number | null;
  toMs: number | null;
  lapMin: number | null;
  lapMax: number | null;
}

/**
 * Which keys a load has written, so that readers can enumerate them: things (or entries) each with its channels, the span
 * of time and of laps.
 */
export class SeenKeys {
  readonly #owners: Map<string, Set<string>>;
  readonly #units: Map<string, string>;
  #bytes = 0;
  #fromMs: number;
  #toMs: number;
  #lapMin: number;
  #lapMax: number;

  constructor(state?: SeenState) {
    this.#owners = new Map(Object.entries(state?.owners ?? {}).map(([owner, keys]) => [owner, new Set(keys)]));
    this.#units = new Map(Object.entries(state?.units ?? {}));
    for (const [owner, keys] of this.#owners) {
      this.#bytes += bytesOf(owner);
      for (const key of keys) this.#bytes += bytesOf(key);
    }
    this.#fromMs = state?.fromMs ?? Number.POSITIVE_INFINITY;
    this.#toMs = state?.toMs ?? Number.NEGATIVE_INFINITY;
    this.#lapMin = state?.lapMin ?? Number.POSITIVE_INFINITY;
    this.#lapMax = state?.lapMax ?? Number.NEGATIVE_INFINITY;
  }

  /** False when there are too many; then nothing is noted. */
  sample(thing: string, channel: { name: string; unit: string }, timeMs: number): boolean {
    let channels = this.#owners.get(thing);
    if (!channels?.has(channel.name)) {
      const bytes = bytesOf(channel.name) + (channels ? 0 : bytesOf(thing));
      if (this.#bytes + bytes > NAMES_BYTES_MAX) return false;
      this.#bytes += bytes;
      if (!channels) {
        channels = new Set();
        this.#owners.set(thing, channels);
      }
      channels.add(channel.name);
      this.#units.set(channel.name, channel.unit);
    }
    this.#at(timeMs);
    return true;
  }

  lap(entry: string, lap: number, timeMs: number): boolean {
    if (!this.#owners.has(entry)) {
      if (this.#bytes + bytesOf(entry) > NAMES_BYTES_MAX) return false;
      this.#bytes += bytesOf(entry);
      this.#owners.set(entry, new Set());
    }
    if (lap < this.#lapMin) this.#lapMin = lap;
    if (lap > this.#lapMax) this.#lapMax = lap;
    this.#at(timeMs);
    return true;
  }

  state(): SeenState {
    const known = (value: number) => (Number.isFinite(value) ? value : null);
    return {
      owners: Object.fromEntries([...this.#owners].map(([owner, keys]) => [owner, [...keys]])),
      units: Object.fromEntries(this.#units),
      fromMs: known(this.#fromMs),
      toMs: known(this.#toMs),
      lapMin: known(this.#lapMin),
      lapMax: known(this.#lapMax),
    };
  }

  #at(timeMs: number): void {
    if (timeMs < this.#fromMs) this.#fromMs = timeMs;
    if (timeMs > this.#toMs) this.#toMs = timeMs;
  }
}

/** A list's element takes one byte more. */
const bytesOf = (name: string): number => Buffer.byteLength(name) + 1;
