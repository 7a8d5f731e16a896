import type { ClockSync } from '#wire/clock.js';

/** Messages between the parent of `race` and its processes, over Node's IPC channel. */
export type ToPart =
  | { type: 'start'; options: unknown; clock: ClockSync }
  | ClockSync
  | { type: 'call'; id: number; method: string; argument: unknown }
  | { type: 'stop' };

export type FromPart =
  | { type: 'ready'; info: unknown }
  | { type: 'failed'; message: string; code: string }
  | { type: 'report'; lag: Lag; usage: Usage }
  | { type: 'result'; id: number; value?: unknown; error?: string }
  | { type: 'stopped'; usage: Usage };

/**
 * How far a part is behind, as a share of the bound that it names: 1 = at the bound. The owner of the race clock slows
 * down when any is above 1 (decision 9).
 */
export interface Lag {
  name: string;
  share: number;
}

/** What a process has used so far. */
export interface Usage {
  cpuSeconds: number;
  /** Peak resident memory. */
  rssMb: number;
}

export function usageNow(): Usage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, rssMb: maxRSS / 1024 };
}
