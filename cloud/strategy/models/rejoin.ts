import { normalCdf } from '../normal.js';
import { MAD_TO_SD } from '../stats.js';
import type { CarForm, Field } from './field.js';
import type { RejoinPrior } from './fitted/types.js';
import { weigh } from './linear.js';
import type { PaceModel } from './pace.js';
import { IN_LAP_SHARE, type PitLossModel } from './pit-loss.js';
import { plainStop, rejoinFeatures, STOP_LAPS } from './rejoin-features.js';
import type { StintModel } from './stints.js';
import type { StopModel } from './stops.js';

export interface RejoinModels {
  pace: PaceModel;
  losses: PitLossModel;
  stints: StintModel;
  stops: StopModel;
}

export interface Rejoin {
  position: number;
  /** From the car's last crossing to the end of the lap after the stop. */
  seconds: number;
}

/** A rival on a lap before is out of the reckoning when so many laps' time went by without him. */
const OVERDUE_LAPS = 1.2;
/** Stops come in bunches: when this car stops, a rival's chance to is that much greater [measured on past races]. */
const BUNCHED = 1.5;

/**
 * If the car's lap `pitOnLap` ends in the pits: seconds to the end of the next one, and the place there among the cars by
 * time at that same lap. Rivals go on at the pace of their newest laps, as the car itself does, so that what the track does to
 * all of them cancels; each may stop too, by its hazard.
 *
 * Units: seconds, places. Source: weights by least absolute deviations on past green stops (`fitted/`). Limits: the service is
 * not told apart (nobody says what it will be); no traffic on the out-lap; null where the lap is over or nothing is known.
 */
export function rejoin(
  field: Field,
  form: CarForm,
  pitOnLap: number,
  models: RejoinModels,
  prior: RejoinPrior,
): Rejoin | null {
  const laps = pitOnLap + 1 - form.lap;
  const plain = plainStop(form, models.losses);
  if (laps < STOP_LAPS || plain === null) return null;
  const stopS = plain.lossS + weigh(rejoinFeatures(form, plain, models), prior.weights);
  const seconds = laps * plain.paceS + Math.max(0, stopS);
  const startS = form.car.elapsedS[form.at];
  if (!(startS > 0)) return null;
  const endS = startS + seconds;
  const newestS = field.cars.reduce((newest, { car, at }) => Math.max(newest, car.elapsedS[at] || 0), 0);
  let ahead = 0;
  for (const rival of field.cars) {
    if (rival === form || !rival.running || (rival.lap < form.lap && overdue(rival, newestS))) continue;
    ahead += chanceAhead(rival, pitOnLap + 1 - rival.lap, endS, models, prior.missS);
  }
  return { position: 1 + Math.round(ahead), seconds };
}

/** Should have been seen again long ago. */
function overdue({ car, at, classMedianS }: CarForm, newestS: number): boolean {
  return newestS - car.elapsedS[at] > OVERDUE_LAPS * classMedianS;
}

/** Chance that the rival ends the lap by `endS`. */
function chanceAhead(rival: CarForm, laps: number, endS: number, models: RejoinModels, missS: number): number {
  const startS = rival.car.elapsedS[rival.at];
  if (laps <= 0) return startS <= endS ? 1 : 0;
  const plain = plainStop(rival, models.losses);
  if (plain === null || !(startS > 0)) return 0;
  const stops = (ahead: number) => Math.min(1, BUNCHED * models.stops.hazard(rival, ahead - 1));
  let stays = 1;
  for (let ahead = 1; ahead < laps; ahead++) stays *= 1 - stops(ahead);
  const lastStops = stays * stops(laps);
  const arrivesS = startS + laps * plain.paceS;
  const lossS = models.losses.lossS(rival.cls, true);
  const sdS = MAD_TO_SD * missS;
  const by = (lateS: number) => normalCdf((endS - arrivesS - lateS) / sdS);
  return (1 - stays) * by(lossS) + lastStops * by(IN_LAP_SHARE * lossS) + (stays - lastStops) * by(0);
}
