/** A race time that lies so far from where it was expected is another race's: the clock was stopped, or a run began. */
const STEP_MS = 10_000;

/**
 * When a race began by our own clock, from race times as they arrive. News is only ever late, so the earliest origin that
 * any of them shows is the best; a jump of ten seconds begins anew.
 *
 * @example
 * const origin = new RaceOrigin();
 * origin.observe(raceClock.nowMs(), 75_400); // "75.4 s into the race" came now
 * origin.timeOf(35_604); // when the lap at 35.604 s was completed
 */
export class RaceOrigin {
  #originMs: number | undefined;

  observe(nowMs: number, elapsedMs: number): void {
    const seenMs = nowMs - elapsedMs;
    if (this.#originMs === undefined || seenMs < this.#originMs || seenMs - this.#originMs > STEP_MS) {
      this.#originMs = seenMs;
    }
  }

  /** Undefined as long as nothing was observed. */
  timeOf(elapsedMs: number): number | undefined {
    return this.#originMs === undefined ? undefined : this.#originMs + elapsedMs;
  }

  elapsedAt(nowMs: number): number {
    return this.#originMs === undefined ? 0 : Math.max(0, nowMs - this.#originMs);
  }

  reset(): void {
    this.#originMs = undefined;
  }
}
