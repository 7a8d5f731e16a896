import type { CarReading, Reading } from './reading.js';
import { readWear } from './wear.js';
import type { Situation } from './window.js';

/** The car as stop plans see it; null while it has no pace, or is out, or nobody knows how long the race is. */
export function situationOf({ state, tyres, pitLoss, lapsTotal }: Reading, car: CarReading): Situation | null {
  const { form, paceMs, fuel, entry, lap } = car;
  if (!car.racing || form === null || paceMs === null || lapsTotal === null) return null;
  const { tankKg } = state.session.car;
  // Gains are told of own cars alone; of the others only windows.
  const wear = readWear(tyres, form, entry.roster.own);
  if (wear === null) return null;
  return {
    lap,
    lapsTotal,
    tyreAgeLaps: lap - entry.tyresFromLap,
    fuelLapsLeft: fuel.lapsLeft,
    fuelLapsSd: fuel.lapsLeftSd,
    tankLaps: Math.max(1, Math.floor(tankKg / fuel.perLap.high)),
    pitLossMs: pitLoss.green.mean,
    wear,
  };
}
