import { type CarHistory, cutAtTime, indexOfLap, lastLap, type RaceHistory } from '../history/history.js';
import type { Prediction } from '../predict/types.js';
import type { PastRace } from './past-race.js';
import { kendallTau, mean, ranks } from './scores.js';

/** Part (b): the final order, asked when the leader has completed these shares of the race. */
export const ORDER_AT = [0.1, 0.25, 0.5, 0.75, 0.9] as const;

export interface OrderScore {
  at: number;
  tau: { engine: number; persistence: number; meanPosition: number };
  positionError: { engine: number; persistence: number };
  winner: { engine: boolean; persistence: boolean };
  /** (chance of winning given, won) of every running car. */
  wins: { p: number; happened: boolean }[];
  /** Final places inside our 80 % interval, of the cars asked. */
  covered: number;
  asked: number;
}

/** What was known when the leader had completed the share of the race; undefined when nobody got there. */
export function knownAt(race: PastRace, share: number): RaceHistory | undefined {
  const lap = Math.round(race.laps * share);
  const crossedS = race.history.cars.map((car) => {
    const index = indexOfLap(car, lap);
    return index < 0 ? Number.POSITIVE_INFINITY : car.elapsedS[index];
  });
  const atS = Math.min(...crossedS.filter((value) => !Number.isNaN(value)));
  return Number.isFinite(atS) ? cutAtTime(race.history, atS) : undefined;
}

/** Cars that complete at least one more lap: the others' race is over, which nobody knew, but their place is no forecast. */
function runningCars(race: PastRace, known: RaceHistory): CarHistory[] {
  return known.cars.filter((car) => race.lapsCompleted[car.car] > lastLap(car) && race.finish.includes(car.car));
}

export function scoreOrder(race: PastRace, at: number, known: RaceHistory, prediction: Prediction): OrderScore {
  const running = runningCars(race, known);
  const final = running.map(({ car }) => race.finish.indexOf(car) + 1);
  const persistence = running.map((car) => car.pos.at(-1) || Number.MAX_SAFE_INTEGER);
  const meanPosition = running.map((car) => mean(Array.from(car.pos)));
  // A car of whom nothing was said keeps its place.
  const said = running.map((car, index) => prediction.finish?.[car.car]?.mean ?? persistence[index]);
  const winner = final.indexOf(Math.min(...final));
  let covered = 0;
  let asked = 0;
  const wins: OrderScore['wins'] = [];
  for (const [index, car] of running.entries()) {
    const forecast = prediction.finish?.[car.car];
    wins.push({ p: forecast?.pWin ?? 0, happened: final[index] === 1 });
    if (forecast === undefined) continue;
    asked++;
    if (final[index] >= forecast.lo80 && final[index] <= forecast.hi80) covered++;
  }
  const finalRanks = ranks(final);
  const error = (values: number[]) => mean(ranks(values).map((place, index) => Math.abs(place - finalRanks[index])));
  return {
    at,
    tau: {
      engine: kendallTau(said, final),
      persistence: kendallTau(persistence, final),
      meanPosition: kendallTau(meanPosition, final),
    },
    positionError: { engine: error(said), persistence: error(persistence) },
    winner: {
      engine: ranks(said)[winner] === 1,
      persistence: ranks(persistence)[winner] === 1,
    },
    wins,
    covered,
    asked,
  };
}
