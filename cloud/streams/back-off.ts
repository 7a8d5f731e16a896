import type { Random } from '#wire/random.js';

export interface BackOffBounds {
  firstMs: number;
  lastMs: number;
}

/**
 * Waiting time before try `attempt` (1 = first repeat): doubled each time up to `lastMs`, "equal jitter" — the upper half
 * is drawn, so that readers throttled together do not come back together, yet none comes back at once.
 */
export function backOffMs(attempt: number, bounds: BackOffBounds, random: Random): number {
  const fullMs = Math.min(bounds.lastMs, bounds.firstMs * 2 ** Math.min(attempt - 1, 30));
  return fullMs / 2 + (fullMs / 2) * random();
}

/** Waits `ms` of wall time, or less if the signal fires. Never raises. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
