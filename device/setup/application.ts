/** What is put to the car may take so long (wall). */
export const APPLY_TIMEOUT_MS = 60_000;

/** Told how it ended: a reason when it was refused; late when it did not end at once. */
export type OnApplied = (refusal: string | undefined, isLate: boolean) => void;

/** One change of the car at a time, that may take a while, but not for ever. */
export class Application {
  #run: object | undefined;

  get isUnderWay(): boolean {
    return this.#run !== undefined;
  }

  /** Returns whether it ended at once. What ends after its time is not heard any more. */
  run(work: () => void | Promise<void>, onEnd: OnApplied): boolean {
    let applied: void | Promise<void>;
    try {
      applied = work();
    } catch (error) {
      onEnd(reasonOf(error), false);
      return true;
    }
    // A car's own function may return anything.
    if (!(applied instanceof Promise)) {
      onEnd(undefined, false);
      return true;
    }
    const run = {};
    this.#run = run;
    const end = (refusal: string | undefined) => {
      if (this.#run !== run) return;
      clearTimeout(timer);
      this.#run = undefined;
      onEnd(refusal, true);
    };
    const timer = setTimeout(() => end(`Not applied within ${APPLY_TIMEOUT_MS} ms.`), APPLY_TIMEOUT_MS);
    timer.unref();
    applied.then(
      () => end(undefined),
      (error: unknown) => end(reasonOf(error)),
    );
    return false;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
