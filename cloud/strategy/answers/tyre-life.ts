import type { CarForm } from '../models/field.js';
import type { TyrePace } from '../models/state-space/types.js';

/** Beyond the tyre's life wear grows by this multiple of itself, or of this share of a lap, per lap [judgement]. */
const WORN_FACTOR = 3;
const WORN_SHARE_MIN = 0.0005;

/**
 * The pace with what only the session knows: after so many laps a tyre is worn, and falls off steeply. Laps of this race can tell
 * that only when it is too late.
 *
 * @param lifeLaps 0: nobody said
 */
export function withTyreLife(tyres: TyrePace, lifeLaps: number): TyrePace {
  if (!(lifeLaps > 1)) return tyres;
  const steps = new Map<CarForm, number>();
  const wornS = (form: CarForm, ageLaps: number): number => {
    let stepS = steps.get(form);
    if (stepS === undefined) {
      const lapS = tyres.of(form)?.freshS ?? 0;
      const perLapS = (tyres.falloffS(form, lifeLaps) ?? 0) - (tyres.falloffS(form, lifeLaps - 1) ?? 0);
      stepS = WORN_FACTOR * Math.max(perLapS, WORN_SHARE_MIN * lapS);
      steps.set(form, stepS);
    }
    return stepS * Math.max(0, ageLaps - lifeLaps);
  };
  return {
    ...tyres,
    falloffS(form, ageLaps, compound) {
      const lostS = tyres.falloffS(form, ageLaps, compound);
      return lostS === null ? null : lostS + wornS(form, ageLaps);
    },
  };
}
