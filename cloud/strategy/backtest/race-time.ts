import { type CarHistory, FLAG, isClean, type RaceHistory } from '../history/history.js';
import type { Prediction } from '../predict/types.js';
import { median } from '../stats.js';
import type { PastRace } from './past-race.js';
import { mean } from './scores.js';

/** Part (d): remaining time of the cars that finish on the lead lap, in races of a number of laps; mean error of a race. */
export interface RaceTimeScore {
  at: number;
  errorS: { engine: number; greenMedian: number; meanLap: number };
  cars: number;
}

const GREEN_LAPS = 15;

export function scoreRaceTime(
  race: PastRace,
  at: number,
  known: RaceHistory,
  prediction: Prediction,
): RaceTimeScore | undefined {
  const errors = { engine: [] as number[], greenMedian: [] as number[], meanLap: [] as number[] };
  for (const car of known.cars) {
    const whole = race.history.cars.find((each) => each.car === car.car)!;
    const last = car.lap.length - 1;
    const actualS = whole.elapsedS.at(-1)! - car.elapsedS[last];
    const left = race.laps - car.lap[last];
    if (race.lapsCompleted[car.car] < race.laps || !(actualS > 0)) continue;
    const naiveS = {
      greenMedian: left * (greenMedian(car) ?? Number.NaN),
      meanLap: (left * car.elapsedS[last]) / car.lap[last],
    };
    if (!(naiveS.greenMedian > 0)) continue;
    errors.greenMedian.push(Math.abs(naiveS.greenMedian - actualS));
    errors.meanLap.push(Math.abs(naiveS.meanLap - actualS));
    errors.engine.push(Math.abs((prediction.remaining?.[car.car] ?? naiveS.greenMedian) - actualS));
  }
  if (errors.engine.length === 0) return undefined;
  return {
    at,
    errorS: { engine: mean(errors.engine), greenMedian: mean(errors.greenMedian), meanLap: mean(errors.meanLap) },
    cars: errors.engine.length,
  };
}

function greenMedian(car: CarHistory): number | null {
  const timesS: number[] = [];
  for (let index = car.lap.length - 1; index >= 0 && timesS.length < GREEN_LAPS; index--) {
    if (isClean(car, index) && car.flag[index] === FLAG.green) timesS.push(car.lapTimeS[index]);
  }
  return median(timesS);
}
