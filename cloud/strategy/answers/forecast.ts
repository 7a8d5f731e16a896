import type { RaceState } from '#cloud/race/types.js';
import { simulate } from '../monte-carlo/simulate.js';
import { NONE, type Option, type Outcome, type RaceStart, STANDING } from '../monte-carlo/types.js';
import { stateHash } from '../state-hash.js';
import { ownQuestion } from './forecast-options.js';
import { type Drawn, drawOwn, odds, tellOwn } from './forecast-own.js';
import { forecastStart } from './forecast-start.js';
import type { Forecast } from './forecast-types.js';
import { type Doubt, known, raceDoubts } from './known.js';
import { type ReadingMemory, read } from './reading.js';
import { ENGINE_VERSION } from './version.js';

export interface ForecastQuestion {
  state: RaceState;
  /** What was it asked on: `lap 24/37`, `flag yellow`, …; kept with the forecast. */
  trigger: string;
  /** Of the race as it is, for everybody's finish; and of each option of an own car. */
  runs: { base: number; option: number };
  /** Kept from question to question it saves work, and changes nothing. */
  memory?: ReadingMemory;
}

/**
 * Draws races: here, or on threads; per option as many runs as were reached. Run r of the same start and seed meets the same luck
 * in every call.
 */
export type Draw = (
  start: RaceStart,
  options: readonly Option[],
  asked: { runs: number; seed: number },
) => Outcome[] | Promise<Outcome[]>;

/** In this thread; `isInterrupted` is asked between runs. */
export function drawHere(isInterrupted: () => boolean = () => false): Draw {
  return (start, options, { runs, seed }) => simulate(start, options, { runs, seed, isInterrupted });
}

/** Own cars whose options are drawn; a session with more is answered for the first ones of its roster. */
const OWN_CARS_MAX = 2;
const USUAL: Option = { car: NONE, stops: 'asUsual', caution: 'drawn' };

/**
 * What simulated races say of everybody's finish, and of every choice of our own cars on common random numbers. A pure
 * function of (state, seed in the session, runs reached, engine version, trigger), all of which it carries (decision 10).
 * Null before the first run, and where there is no race to draw.
 *
 * @param draw an interruption ends it early: the runs reached are told
 *
 * @example
 * const told = await forecast({ state, trigger: 'lap 24/37', runs: { base: 200, option: 40 } });
 * told?.own['24'].stayOrPit?.gainPlaces; // { low: −1, mean: 0.7, high: 3 }
 */
export async function forecast(question: ForecastQuestion, draw: Draw = drawHere()): Promise<Forecast | null> {
  const { state, trigger, runs } = question;
  const hash = stateHash(state);
  const { seed } = state.session;
  const { lap, lastEventMs: atMs } = state;
  const reading = read(state, question.memory);
  if (reading.along.leader === null || reading.lapsTotal === null) return null;
  const start = forecastStart(reading);
  const [usual] = await draw(start, [USUAL], { runs: runs.base, seed });
  if (usual.runs === 0) return null;

  const own: Drawn[] = [];
  let optionRuns = runs.option;
  const mine = reading.cars.filter(({ entry }) => entry.roster.own).slice(0, OWN_CARS_MAX);
  for (const car of mine) {
    const asked = ownQuestion(reading, car);
    if (asked === null) continue;
    const drawn = await drawOwn(asked, start, draw, { runs: runs.option, seed });
    optionRuns = Math.min(optionRuns, drawn.runs);
    if (drawn.runs > 0) own.push(drawn);
  }
  const short = usual.runs < runs.base ? [interrupted(usual.runs, runs.base)] : [];
  const told: Forecast = {
    v: 1,
    lap,
    atMs,
    known: known(atMs, 'model', 0.85, [...raceDoubts(state), ...short]),
    finish: {},
    own: {},
    provenance: {
      stateHash: hash,
      seed,
      runs: own.length > 0 ? optionRuns : 0,
      engineVersion: ENGINE_VERSION,
      trigger,
      baseRuns: usual.runs,
      optionRuns: own.length > 0 ? optionRuns : 0,
    },
  };
  for (const [index, key] of start.cars.entries()) {
    if (start.standing[index] === STANDING.running) told.finish[key] = odds(usual, index);
  }
  for (const drawn of own) {
    const car = reading.car(drawn.question.key)!;
    const shortOf = drawn.runs < runs.option ? [interrupted(drawn.runs, runs.option)] : [];
    const sure = known(atMs, 'model', 0.8, [...reading.doubts(car), ...shortOf]);
    told.own[car.key] = tellOwn(drawn, start, sure);
  }
  return told;
}

function interrupted(reached: number, asked: number): Doubt {
  return { factor: 0.5 + (0.5 * reached) / asked, why: `interrupted after ${reached} of ${asked} simulated races` };
}
