import { cautions, stageNow } from '#cloud/race/rules/stages.js';
import type { RaceState } from '#cloud/race/types.js';
import { type Doubt, known, raceDoubts } from './known.js';
import type { CarReading, Reading } from './reading.js';
import type { CautionAnswer } from './types.js';

/** Laps of this race after which its own rate of cautions says something. */
const LAPS_ENOUGH = 40;
/** Under a caution more cars stop than habits under green say: at least this share of those who can gain by it [judgement]. */
const STOPS_UNDER_CAUTION = 0.5;

/**
 * Group 9, as it stands. Source: cautions of past races of the series, going over to those of this one; a stage end inside the
 * window is a caution for certain.
 *
 * @param closeLaps by own entry: lap on which its window closes, null without one
 */
export function cautionAnswer(reading: Reading, closeLaps: Record<string, number | null>): CautionAnswer {
  const { state, cautions: model } = reading;
  const doubts: Doubt[] = [...raceDoubts(state)];
  if (state.lap < LAPS_ENOUGH) {
    doubts.push({ factor: 0.6 + (0.3 * state.lap) / LAPS_ENOUGH, why: 'the rate is that of past races' });
  }
  const answer: CautionAnswer = {
    known: known(state.lastEventMs, 'model', 0.8, doubts),
    perLap: model.hazard,
    lengthLaps: model.lengthLaps,
    beforeClose: {},
    restart: {},
  };
  for (const [key, closeLap] of Object.entries(closeLaps)) {
    const car = reading.car(key);
    if (car === undefined) continue;
    answer.beforeClose[key] = closeLap === null ? null : chanceBefore(state, model.hazard, closeLap - car.lap);
    answer.restart[key] = restartPlaces(reading, car);
  }
  return answer;
}

/** Chance that one begins within so many laps. */
function chanceBefore(state: RaceState, hazard: number, laps: number): number {
  if (laps <= 0) return 0;
  const stage = stageNow(state);
  if (stage !== null && stage.stage < stage.of && stage.lapsToEnd < laps) return 1;
  return 1 - (1 - hazard) ** laps;
}

/**
 * Under a caution: expected place for the restart, if the car stays out and if it stops. Cars that have stopped under it
 * line up behind those that stay out; of the others each stops by its chance. Null under green, and once the car has stopped.
 */
function restartPlaces(reading: Reading, car: CarReading): { stay: number; pit: number } | null {
  const { state, stops } = reading;
  const now = cautions(state).at(-1);
  if (state.flag !== 'yellow' || now === undefined || !car.racing) return null;
  const hasStopped = ({ entry }: CarReading) => entry.stops.some(({ inMs }) => inMs >= now.fromMs);
  if (hasStopped(car)) return null;
  let stay = 1;
  let pit = 1;
  let isAhead = true;
  for (const rival of reading.cars) {
    if (rival === car) {
      isAhead = false;
      continue;
    }
    if (!rival.racing || rival.lap < car.lap - 1) continue;
    if (hasStopped(rival)) {
      // It waits at the end of the line already: nobody who stops now comes out before it.
      pit++;
      continue;
    }
    const chance =
      rival.form === null ? 0 : Math.max(stops.within5(rival.form), needs(rival) ? STOPS_UNDER_CAUTION : 0);
    if (isAhead) {
      stay += 1 - chance;
      pit++;
    } else pit += 1 - chance;
  }
  return { stay, pit };
}

/** Cannot reach the end as it is: a cheap stop is welcome. */
function needs({ fuel, toGo }: CarReading): boolean {
  return fuel.lapsLeft.mean < toGo;
}
