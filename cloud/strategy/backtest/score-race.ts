import { cutAtLap } from '../history/history.js';
import type { Predictor } from '../predict/types.js';
import { type NextLapsErrors, newNextLaps, scoreNextLaps } from './next-laps.js';
import { type NextStopScores, newNextStop, scoreNextStop } from './next-stop.js';
import { knownAt, ORDER_AT, type OrderScore, scoreOrder } from './order.js';
import { origins, type PastRace } from './past-race.js';
import { type RaceTimeScore, scoreRaceTime } from './race-time.js';
import { type RejoinScore, scoreRejoins } from './rejoin.js';

/** First origins, in completed laps. */
const NEXT_LAPS_FROM = 10;
const NEXT_STOP_FROM = 5;

/** All parts of one race (`spec` of the back-test: docs/strategy.md). */
export interface RaceScores {
  race: string;
  series: string;
  nextLaps: NextLapsErrors;
  nextStop: NextStopScores;
  order: OrderScore[];
  raceTime: RaceTimeScore[];
  rejoin: RejoinScore[];
}

/**
 * Asks the predictor along a race that is over. It never sees a lap that was not over at the moment of the question:
 * views on the first laps are all that it is given.
 */
export function scoreRace(race: PastRace, predict: Predictor, seed: number): RaceScores {
  const nextLaps = newNextLaps();
  const nextStop = newNextStop();
  const stops = race.series !== 'grcup';
  for (const lap of origins(race, NEXT_LAPS_FROM)) {
    const prediction = predict({ history: cutAtLap(race.history, lap), want: ['nextLaps'], seed });
    scoreNextLaps(nextLaps, race, lap, prediction);
  }
  for (const lap of stops ? origins(race, NEXT_STOP_FROM) : []) {
    const prediction = predict({ history: cutAtLap(race.history, lap), want: ['nextStop'], seed });
    scoreNextStop(nextStop, race, lap, prediction);
  }
  const order: OrderScore[] = [];
  const raceTime: RaceTimeScore[] = [];
  for (const at of ORDER_AT) {
    const known = knownAt(race, at);
    if (known === undefined) continue;
    const prediction = predict({ history: known, want: ['finish', 'remaining'], seed });
    order.push(scoreOrder(race, at, known, prediction));
    const time = race.history.lapsTotal === null ? undefined : scoreRaceTime(race, at, known, prediction);
    if (time !== undefined) raceTime.push(time);
  }
  // Under summed lap times NASCAR's places are unreliable, so nobody can be scored there.
  const rejoin = race.series === 'f1' || race.series === 'wec' ? scoreRejoins(race, predict, seed) : [];
  return { race: race.id, series: race.series, nextLaps, nextStop, order, raceTime, rejoin };
}
