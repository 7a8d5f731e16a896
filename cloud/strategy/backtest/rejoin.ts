import { type CarHistory, cutAtLap, indexOfLap, isClean, isRacing, type RaceHistory } from '../history/history.js';
import type { Prediction, Predictor } from '../predict/types.js';
import { median } from '../stats.js';
import { classOf, type PastRace } from './past-race.js';

/**
 * Part (e): "if we pit on this lap, where do we come out?" For each real stop under green on lap p, with the laps up to
 * p − 1 known: the time from that crossing to the end of lap p + 1, and the place there by time at that same lap.
 */
export interface RejoinScore {
  timeErrorS: { engine: number; naive: number };
  positionError: { engine: number; naive: number };
}

/** Laps by whose median a car's pace is taken by the naive projection. */
const PACE_LAPS = 5;

export function scoreRejoins(race: PastRace, predict: Predictor, seed: number): RejoinScore[] {
  const losses = stopLosses(race);
  const scores: RejoinScore[] = [];
  const stops = greenStops(race).sort((a, b) => a.lap - b.lap);
  let known: { lap: number; history: RaceHistory } | undefined;
  for (const { car, lap } of stops) {
    if (known?.lap !== lap - 1) known = { lap: lap - 1, history: cutAtLap(race.history, lap - 1) };
    const actual = outcome(race, car, lap);
    const lossS = median(
      losses.filter((loss) => loss.cls === classOf(race, car.cls) && loss.lap < lap).map((loss) => loss.lossS),
    );
    const naive = lossS === null ? undefined : project(known.history, car.car, lap, lossS);
    if (actual === undefined || naive === undefined) continue;
    const whatIf = { car: car.car, pitOnLap: lap };
    const said: Prediction['rejoin'] = predict({ history: known.history, want: ['rejoin'], whatIf, seed }).rejoin;
    const engine = said ?? naive;
    scores.push({
      timeErrorS: {
        engine: Math.abs(engine.seconds - actual.seconds),
        naive: Math.abs(naive.seconds - actual.seconds),
      },
      positionError: {
        engine: Math.abs(engine.position - actual.position),
        naive: Math.abs(naive.position - actual.position),
      },
    });
  }
  return scores;
}

/** Stops whose in-lap and out-lap were driven under green, each with its car. */
function greenStops(race: PastRace): { car: CarHistory; lap: number }[] {
  return race.history.cars.flatMap((car) => {
    const stops: { car: CarHistory; lap: number }[] = [];
    for (let index = 1; index + 1 < car.lap.length; index++) {
      const whole = car.lap[index - 1] === car.lap[index] - 1 && car.lap[index + 1] === car.lap[index] + 1;
      if (!car.pitIn[index] || car.pitIn[index + 1] || !whole) continue;
      if (isRacing(car.flag[index]) && isRacing(car.flag[index + 1])) stops.push({ car, lap: car.lap[index] });
    }
    return stops;
  });
}

/** What each green stop cost its car: in-lap and out-lap against two of its usual laps. Known once the out-lap is over. */
function stopLosses(race: PastRace): { cls: string; lap: number; lossS: number }[] {
  return greenStops(race).flatMap(({ car, lap }) => {
    const index = indexOfLap(car, lap);
    const paceS = medianPace(car, index - 1);
    const lossS = car.lapTimeS[index] + car.lapTimeS[index + 1] - 2 * (paceS ?? Number.NaN);
    return lossS > 0 ? [{ cls: classOf(race, car.cls), lap: lap + 1, lossS }] : [];
  });
}

function medianPace(car: CarHistory, until: number): number | null {
  const timesS: number[] = [];
  for (let index = until; index >= 0 && timesS.length < PACE_LAPS; index--) {
    if (isClean(car, index)) timesS.push(car.lapTimeS[index]);
  }
  return median(timesS);
}

function outcome(race: PastRace, car: CarHistory, lap: number): { position: number; seconds: number } | undefined {
  const at = indexOfLap(car, lap + 1);
  const from = indexOfLap(car, lap - 1);
  const endS = car.elapsedS[at];
  if (!(endS > car.elapsedS[from])) return undefined;
  let position = 1;
  for (const other of race.history.cars) {
    const index = indexOfLap(other, lap + 1);
    if (other !== car && index >= 0 && other.elapsedS[index] < endS) position++;
  }
  return { position, seconds: endS - car.elapsedS[from] };
}

/** Everybody goes on at the median of his last laps; rivals stay out. */
function project(
  known: RaceHistory,
  name: string,
  lap: number,
  lossS: number,
): { position: number; seconds: number } | undefined {
  const endS: Record<string, number> = {};
  let startS = Number.NaN;
  for (const car of known.cars) {
    const last = car.lap.length - 1;
    const paceS = medianPace(car, last);
    if (paceS === null || car.lap[last] !== lap - 1) continue;
    if (car.car === name) startS = car.elapsedS[last];
    endS[car.car] = car.elapsedS[last] + 2 * paceS + (car.car === name ? lossS : 0);
  }
  const mine = endS[name];
  if (!(mine > startS)) return undefined;
  return { position: 1 + Object.values(endS).filter((value) => value < mine).length, seconds: mine - startS };
}
