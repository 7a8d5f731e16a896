import { bitsOf, normalAt, PURPOSE, unitOf } from './draws.js';
import { PHASE, type Phase, type RaceStart } from './types.js';

/** Spread of the logarithm of the time that trouble costs. */
const TROUBLE_LOG_SD = 1;

/** What befalls a car on a lap: −1 = it falls out, else seconds lost to a spin, a puncture, a repair; mostly 0. */
export function lapFate(start: RaceStart, key: number, car: number, lap: number, phase: Phase): number {
  const unit = unitOf(bitsOf(key, PURPOSE.fate, car, lap));
  if (unit >= 1 - start.outChance[car]) return -1;
  if (unit >= start.troubleChance || phase !== PHASE.green) return 0;
  return start.troubleS * Math.exp(TROUBLE_LOG_SD * normalAt(unit / start.troubleChance));
}
