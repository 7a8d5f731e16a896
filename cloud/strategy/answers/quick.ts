import { isRacing } from '#cloud/race/laps.js';
import type { RaceState } from '#cloud/race/types.js';
import { stateHash } from '../state-hash.js';
import { cautionAnswer } from './cautions.js';
import { dataHealth } from './data-health.js';
import { falloffAnswer } from './falloff.js';
import { fuelAnswer } from './fuel-answer.js';
import { known, raceDoubts } from './known.js';
import { paceAnswer } from './pace.js';
import { pitNow, rejoin } from './pit-now.js';
import { pitRoad } from './pit-road.js';
import { planStop } from './plan.js';
import { raceAnswer } from './race.js';
import { type CarReading, type Reading, type ReadingMemory, read } from './reading.js';
import { type Arrival, arrivals } from './rivals.js';
import { situationOf } from './situation.js';
import { standings } from './standings.js';
import type { Answers, EntryAnswer, OwnAnswer, StandingAnswer } from './types.js';
import { tyreSets } from './tyre-sets.js';
import { ENGINE_VERSION } from './version.js';
import { type PitWindow, pitWindow, type Situation } from './window.js';
import { windowAnswer } from './window-answer.js';

export interface QuickQuestion {
  state: RaceState;
  /** What was it asked on: `lap 24/37`, `flag yellow`, …; kept with the answer. */
  trigger: string;
  /** Kept from question to question it saves most of the work. */
  memory?: ReadingMemory;
}

/**
 * Everything that needs no simulated race: for the fold, in some milliseconds. A pure function of (state, engine
 * version, trigger), which the answer carries (decision 10); nothing is drawn, so `runs` is 0. Never throws, and never holds a
 * NaN: what is not known is null.
 *
 * @example
 * const answers = quickAnswers({ state, trigger: 'lap 24/37' });
 * answers.own['24'].fuel?.toFinish; // { laps: 36, over: { low: −14.1, mean: −13.2, high: −12.3 }, chance: 0, saving: null }
 */
export function quickAnswers({ state, trigger, memory }: QuickQuestion): Answers {
  const reading = read(state, memory);
  const field = arrivals(reading);
  const rows = standings(reading);
  const entries: Record<string, EntryAnswer> = {};
  const own: Record<string, OwnAnswer> = {};
  const closeLaps: Record<string, number | null> = {};
  for (const car of reading.cars) {
    const situation = situationOf(reading, car);
    const window = situation === null ? null : pitWindow(situation);
    entries[car.key] = entryAnswer(reading, car, rows[car.key], window, field);
    if (!car.entry.roster.own) continue;
    own[car.key] = ownAnswer(reading, car, situation, window, field);
    closeLaps[car.key] = own[car.key].window?.closeLap ?? null;
  }
  return {
    lap: state.lap,
    atMs: state.lastEventMs,
    race: raceAnswer(reading),
    cautions: cautionAnswer(reading, closeLaps),
    pitRoad: pitRoad(reading),
    dataHealth: dataHealth(state),
    standings: known(state.lastEventMs, 'timing', 0.9, raceDoubts(state)),
    entries,
    own,
    provenance: {
      stateHash: stateHash(state),
      seed: state.session.seed,
      runs: 0,
      engineVersion: ENGINE_VERSION,
      trigger,
    },
  };
}

function entryAnswer(
  { tyres, pitLoss, state }: Reading,
  { key, racing, form, fuel }: CarReading,
  standing: StandingAnswer,
  window: PitWindow | null,
  field: readonly Arrival[],
): EntryAnswer {
  const next = form === null || !racing ? null : tyres.lap(form, { ahead: 1 });
  const age = standing.tyreAgeLaps;
  const wornS = form === null ? null : tyres.falloffS(form, age + 1);
  const beforeS = form === null ? null : age === 0 ? 0 : tyres.falloffS(form, age);
  const placed = racing ? rejoin(field, key, isRacing(state.flag) ? pitLoss.green.mean : pitLoss.yellow.mean) : null;
  return {
    ...standing,
    entry: key,
    fuelLapsLeft: racing ? fuel.lapsLeft : null,
    falloffMsPerLap: wornS === null || beforeS === null ? null : 1_000 * (wornS - beforeS),
    paceMs: next && { low: 1_000 * next.lo80, mean: 1_000 * next.meanS, high: 1_000 * next.hi80 },
    pitWindow: window,
    rejoin: placed && {
      position: placed.position,
      gapAheadMs: placed.ahead?.gapMs ?? null,
      aheadEntry: placed.ahead?.entry ?? null,
    },
  };
}

function ownAnswer(
  reading: Reading,
  car: CarReading,
  situation: Situation | null,
  window: PitWindow | null,
  field: readonly Arrival[],
): OwnAnswer {
  const answer = windowAnswer(reading, car, situation, window);
  return {
    entry: car.key,
    fuel: fuelAnswer(reading, car),
    window: answer,
    pitNow: pitNow(reading, car, field),
    falloff: falloffAnswer(reading, car),
    pace: paceAnswer(reading, car),
    tyreSets: tyreSets(reading.state, car),
    plan: situation === null || answer === null ? null : planStop(reading, car, situation, answer),
  };
}
