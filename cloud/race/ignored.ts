import type { RaceState, RaceTrigger } from './types.js';

/** Why a record was not used. Counted in `state.ignored`; a duplicate is not a reason, it is simply the same fact. */
export type IgnoredReason =
  | 'unknown-kind'
  | 'unknown-entry'
  | 'unknown-thing'
  | 'unknown-call'
  | 'other-race'
  | 'not-official-timing'
  | 'damaged'
  | 'lap-invalid'
  | 'lap-time-invalid'
  | 'lap-hint-invalid'
  | 'old-boot'
  | 'call-transition'
  | 'too-many-passages'
  | 'too-many-reports'
  | 'too-many-facts'
  | 'too-many-flags';

/** Counts the reason; returns the triggers of a record that changed nothing. */
export function ignore(state: RaceState, reason: IgnoredReason): RaceTrigger[] {
  state.ignored[reason] = (state.ignored[reason] ?? 0) + 1;
  return [];
}
