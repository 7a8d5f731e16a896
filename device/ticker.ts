/** Calls something again and again, as often as it is told at the time. */
export class Ticker {
  readonly #work: () => void;
  #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;

  constructor(everyMs: number, work: () => void) {
    this.#everyMs = everyMs;
    this.#work = work;
  }

  /** The ticks of a fleet in one process must not all fall on the same moment: each agent gives a delay of its own. */
  start(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#isRunning = true;
      this.#run();
    }, delayMs);
  }

  set everyMs(everyMs: number) {
    if (everyMs === this.#everyMs) return;
    this.#everyMs = everyMs;
    if (this.#isRunning) this.#run();
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
  }

  #run(): void {
    clearTimeout(this.#timer);
    this.#timer = setInterval(this.#work, this.#everyMs);
  }
}
