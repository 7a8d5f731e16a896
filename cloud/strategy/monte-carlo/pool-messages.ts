import type { Option, Outcome, RaceStart } from './types.js';

/** What a thread of the pool is told: the question once, then its parts one at a time. */
export type PoolRequest =
  | { type: 'question'; start: RaceStart; options: readonly Option[]; seed: number; stop: Int32Array }
  | { type: 'part'; firstRun: number; runs: number };

/** Answer to a part. */
export type PoolAnswer = { outcomes: Outcome[]; error?: undefined } | { error: string };
