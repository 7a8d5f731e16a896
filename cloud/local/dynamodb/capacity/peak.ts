const MINUTE_MS = 60_000;

/** The highest mean of a minute, in units a second, that was reached at least so long ago: what on-demand tables grow from. */
export class Peak {
  readonly #ageMs: number;
  #minuteAtMs: number;
  #minuteUnits = 0;
  #periodAtMs: number;
  #recent = 0;
  #previous = 0;

  constructor(ageMs: number, nowMs: number) {
    this.#ageMs = ageMs;
    this.#minuteAtMs = nowMs;
    this.#periodAtMs = nowMs;
  }

  /** Units a second; 0 = none yet. */
  previous(nowMs: number): number {
    this.#advance(nowMs);
    return this.#previous;
  }

  add(units: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#minuteUnits += units;
  }

  #advance(nowMs: number): void {
    if (nowMs - this.#minuteAtMs < MINUTE_MS) return;
    this.#recent = Math.max(this.#recent, (this.#minuteUnits * 1_000) / MINUTE_MS);
    this.#minuteUnits = 0;
    this.#minuteAtMs = nowMs;
    if (nowMs - this.#periodAtMs < this.#ageMs) return;
    this.#previous = Math.max(this.#previous, this.#recent);
    this.#recent = 0;
    this.#periodAtMs = nowMs;
  }
}
