import type { Clock } from '#wire/clock.js';

interface Timer {
  atMs: number;
  /** Between equal times: order of setting. */
  order: number;
  everyMs: number | undefined;
  fire: () => void;
  unref(): Timer;
  ref(): Timer;
}

/**
 * Simulated time for code that waits by `setTimeout` and `setInterval`: hours pass in seconds, in the same order each time.
 * While installed, the global timers belong to it; promises and `setImmediate` run as ever.
 */
export class VirtualTime implements Clock {
  #nowMs: number;
  #order = 0;
  #timers = new Set<Timer>();
  readonly #real = { setTimeout, clearTimeout, setInterval, clearInterval };

  constructor(startMs: number) {
    this.#nowMs = startMs;
    const set =
      (everyMs: (delay: number) => number | undefined) =>
      (fire: (...args: unknown[]) => void, delay = 0) =>
        this.#set(() => fire(), delay, everyMs(delay));
    const clear = (timer?: Timer) => void (timer && this.#timers.delete(timer));
    Object.assign(globalThis, {
      setTimeout: set(() => undefined),
      setInterval: set((delay) => Math.max(1, delay)),
      clearTimeout: clear,
      clearInterval: clear,
    });
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Lets so much time pass, with all that happens in it. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await this.#settle();
      const next = this.#next(untilMs);
      if (!next) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.atMs = this.#nowMs + next.everyMs;
      next.fire();
    }
    this.#nowMs = untilMs;
  }

  /** Every clock jumps, as over a sleep; what waits goes on waiting as long as before. */
  jump(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) timer.atMs += ms;
  }

  /** What waits is forgotten: the process that waited is dead. */
  forget(): void {
    this.#timers.clear();
  }

  uninstall(): void {
    this.forget();
    Object.assign(globalThis, this.#real);
  }

  #next(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (!next || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) next = timer;
    }
    return next;
  }

  #set(fire: () => void, delay: number, everyMs: number | undefined): Timer {
    const self = () => timer;
    const timer: Timer = { atMs: this.#nowMs + delay, order: this.#order++, everyMs, fire, unref: self, ref: self };
    this.#timers.add(timer);
    return timer;
  }

  /** Promises that follow from each other, and work that yields by `setImmediate`. */
  async #settle(): Promise<void> {
    for (let i = 0; i < 2; i++) await new Promise(setImmediate);
  }
}
