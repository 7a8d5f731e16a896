import { penaltyOf } from '#cloud/race/rules/penalties.js';
import { rulesOf } from '#cloud/race/rules/rules.js';
import { fitPitLoss, type PitLossModel } from '../models/pit-loss.js';
import { type RaceModels, startOf } from '../monte-carlo/start.js';
import type { FuelKnown } from '../monte-carlo/start-fuel.js';
import { PHASE, type RaceStart, STANDING } from '../monte-carlo/types.js';
import type { Reading } from './reading.js';

/**
 * The race as it is read, to be drawn to its end: models, and what the state knows besides: fuel, penalties, who is out, the
 * price of a stop.
 */
export function forecastStart(reading: Reading): RaceStart {
  const { state, field, along, tyres, stints, stops, prior, cars } = reading;
  const models: RaceModels = { along, tyres, stints, stops, losses: lossesOf(reading), prior };
  const start = startOf(field, models, {
    rules: rulesOf(state),
    stageEnds: state.session.stageEnds,
    fuel: fuelOf(reading),
    penalties: new Map(cars.map(({ key, entry }) => [key, penaltyOf(state, entry)])),
    lapsTotal: state.session.lapsTotal,
  });
  for (const [index, { car }] of field.cars.entries()) {
    const status = state.entries[car.car]?.status;
    if (status === 'retired') start.standing[index] = STANDING.out;
    else if (status === 'finished') start.standing[index] = STANDING.finished;
    else if (status === 'pit') start.inPit[index] = 1;
  }
  setCautionPrice(reading, start);
  return start;
}

/** Without classes all stops of the race tell one figure, which begins with what the session or practice said. */
function lossesOf({ field, prior, pitLoss }: Reading): PitLossModel {
  const fit = fitPitLoss(field, prior.pitLoss);
  if (new Set(field.cars.map(({ cls }) => cls)).size > 1) return fit;
  const greenS = pitLoss.green.mean / 1_000;
  return { stops: fit.stops, lossS: (cls, green) => (green && greenS > 0 ? greenS : fit.lossS(cls, green)) };
}

/** Once stops under caution have been seen, they say what one costs. */
function setCautionPrice({ pitLoss }: Reading, start: RaceStart): void {
  const classes = start.classes.length;
  if (classes > 1 || pitLoss.stopsSeen.yellow === 0) return;
  start.pitLossS[PHASE.full] = Math.min(start.pitLossS[PHASE.green], pitLoss.yellow.mean / 1_000);
}

/** Where stops refuel and the session says how large the tank is. */
function fuelOf({ cars, state, tyres }: Reading): Map<string, FuelKnown> {
  const known = new Map<string, FuelKnown>();
  const { tankKg } = state.session.car;
  if (!tyres.refuels || !(tankKg > 0)) return known;
  for (const { key, fuel } of cars) {
    known.set(key, { lapsLeft: fuel.lapsLeft.mean, sd: fuel.lapsLeftSd, tankLaps: tankKg / fuel.perLap.mean });
  }
  return known;
}
