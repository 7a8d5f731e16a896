import { rulesOf } from '#cloud/race/rules/rules.js';
import { cautions } from '#cloud/race/rules/stages.js';
import type { Reading } from './reading.js';

/**
 * Laps, beside the one under way, until pit road is open: where the rules close it, it opens when the field has formed up
 * behind the pace car. 0 under green, and under a virtual caution.
 *
 * @example
 * // NASCAR: the caution came out on the leader's lap 40, he has completed 40 laps
 * pitClosedLaps(reading); // 1: he may stop at the end of lap 42
 */
export function pitClosedLaps({ state, racing }: Pick<Reading, 'state' | 'racing'>): number {
  if (state.flag !== 'yellow' || !rulesOf(state).caution.pitCloses) return 0;
  const now = cautions(state).at(-1);
  if (now === undefined || now.kind !== 'full') return 0;
  return Math.max(0, now.fromLap + racing.pitClosedLaps - state.lap);
}
