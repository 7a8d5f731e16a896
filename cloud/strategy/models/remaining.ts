import { clamp } from '../stats.js';
import type { CarForm, Field } from './field.js';
import type { RemainingPrior } from './fitted/types.js';
import { weigh } from './linear.js';
import type { PitLossModel } from './pit-loss.js';
import { meanLapS, type Progress } from './progress.js';
import { greenPaceS, remainingFeatures, remainingField } from './remaining-features.js';
import type { StintModel } from './stints.js';
import type { StopModel } from './stops.js';

/** Time left is believed between these multiples of the green pace. */
const LEAST = 0.8;
const MOST = 3;
/**
 * Share of a lap by which a car has to be projected beyond a lap behind before it counts as one down: leaders ease off, and a
 * forecast that is off by a lap is off by more than one that is not.
 */
const LAPPED_FROM = 0.3;

/**
 * Seconds from a car's last crossing to its finish: laps left at its green pace, and what stops, cautions and the drift of
 * the track add to them as they did in past races. A car that is laps down is flagged off when the leader is; in a race by
 * the clock everybody finishes the lap that he is on.
 *
 * Units: seconds. Source: weights by least absolute deviations on the cars that finished on the lead lap (`fitted/`).
 * Limits: a red flag is a surprise; null where a car has no lap time at all.
 */
export function fitRemaining(
  field: Field,
  along: Progress,
  losses: PitLossModel,
  stints: StintModel,
  stops: StopModel,
  prior: RemainingPrior,
): (form: CarForm) => number | null {
  const shared = remainingField(field, along, losses, stints, stops);
  const fullDistanceS = (form: CarForm): number | null => {
    const laps = along.lapsLeft(form);
    if (laps <= 0) return 0;
    const greenS = greenPaceS(form) ?? meanLapS(form);
    if (!(greenS > 0)) return null;
    const more = weigh(remainingFeatures(form, shared, greenS, laps), prior.weights);
    return laps * greenS * clamp(1 + more / 100, LEAST, MOST);
  };
  const { leader } = along;
  const { durationS, lapsTotal } = field.history;
  const leaderS = leader === null ? null : fullDistanceS(leader);
  const leaderAtS = leader === null ? Number.NaN : leader.car.elapsedS[leader.at];
  const byClock = lapsTotal === null && durationS !== null;
  const flagS = byClock ? Math.max(durationS, leaderAtS) : leaderAtS + (leaderS ?? Number.NaN);
  return (form) => {
    const wholeS = fullDistanceS(form);
    const atS = form.car.elapsedS[form.at];
    const lapS = meanLapS(form);
    if (wholeS === null || !(flagS > 0) || !(atS > 0) || !(lapS > 0)) return wholeS;
    if (byClock) return Math.max(1, Math.ceil((flagS - atS) / lapS)) * lapS;
    // Who would come in a lap after the flag is not let on it.
    const lapsDown = Math.max(0, Math.floor((atS + wholeS - flagS) / lapS - LAPPED_FROM));
    return Math.max(wholeS - lapsDown * lapS, 0);
  };
}
