import { distance } from '#cloud/race/distance.js';
import { isRacing, lapsCompleted } from '#cloud/race/laps.js';
import type { EntryState, RaceState } from '#cloud/race/types.js';
import { type Fuel, fuel } from './fuel.js';
import { type Pace, paces } from './pace.js';
import { type PitLoss, pitLoss } from './pit-loss.js';
import { planStop } from './plan.js';
import { type RivalForecast, rejoin, rivalForecasts } from './rejoin.js';
import { stateHash } from './state-hash.js';
import { median, Z80 } from './stats.js';
import type { EntryAnswer, StrategyAnswer } from './types.js';
import { pitWindow, type Situation } from './window.js';

/** Changes with every change of a model: an answer can only be computed again by the version that gave it. */
export const ENGINE_VERSION = '3';

/** Beyond the tyre's life fall-off grows by this multiple of itself, or of this share of a lap, per lap [judgement]. */
const WORN_FACTOR = 3;
const WORN_SHARE_MIN = 0.0005;
/** Newest laps by which the speed under caution is told. */
const CAUTION_LAPS_SEEN = 2;

export interface Question {
  state: RaceState;
  /** What was it asked on: `lap 24/37`, `flag yellow`, …; kept with the answer. */
  trigger: string;
  /** Races drawn for the gain of a stop. */
  runs: number;
}

/**
 * Answers for every entry, and the race: a pure function of (state, seed in the session, runs, engine version, trigger),
 * all of which the answer carries (decision 11). Never throws, and never holds a NaN: what is not known is null.
 *
 * @example
 * const answered = answer({ state, trigger: 'lap 24/37', runs: 200 });
 * answered.entries['24'].pitWindow; // { openLap: 30, closeLap: 41, bestLap: 36, stopsToGo: 1 }
 */
export function answer({ state, trigger, runs }: Question): StrategyAnswer {
  const loss = pitLoss(state);
  const pace = paces(state);
  const yellow = !isRacing(state.flag);
  const lossMs = yellow ? loss.yellow : loss.green;
  const forecasts = rivalForecasts(state, pace, lossMs, yellow ? cautionLapMs(state) : null);
  const entries: Record<string, EntryAnswer> = {};
  for (const key in state.entries) {
    entries[key] = answerEntry(state, key, { pace: pace[key], loss, lossMs, forecasts, runs });
  }
  return {
    lap: state.lap,
    atMs: state.lastEventMs,
    pitLossMs: { green: loss.green, yellow: loss.yellow },
    entries,
    provenance: { stateHash: stateHash(state), seed: state.session.seed, runs, engineVersion: ENGINE_VERSION, trigger },
  };
}

interface Known {
  pace: Pace | undefined;
  loss: PitLoss;
  lossMs: number;
  forecasts: RivalForecast[];
  runs: number;
}

function answerEntry(state: RaceState, key: string, known: Known): EntryAnswer {
  const entry = state.entries[key];
  const { pace } = known;
  const tyreAgeLaps = lapsCompleted(entry) - entry.tyresFromLap;
  const out = entry.status === 'retired' || entry.status === 'finished';
  const left = fuel(state, entry);
  const situation = out || pace === undefined ? null : situationOf(state, entry, pace, left, known.loss);
  const window = situation === null ? null : pitWindow(situation);
  return {
    entry: key,
    fuelLapsLeft: out ? null : left.lapsLeft,
    fuelPerLapKg: left.perLap,
    falloffMsPerLap: pace?.tyreMsPerLap ?? null,
    tyreAgeLaps,
    paceMs:
      pace === undefined
        ? null
        : { low: pace.lapMs - Z80 * pace.sdMs, mean: pace.lapMs, high: pace.lapMs + Z80 * pace.sdMs },
    pitWindow: window,
    rejoin: out ? null : rejoin(known.forecasts, key, known.lossMs),
    plan:
      situation === null || window === null || pace === undefined || !entry.roster.own
        ? null
        : planStop({ state, key, situation, window, pace, fuel: left, loss: known.loss, runs: known.runs }),
  };
}

function situationOf(state: RaceState, entry: EntryState, pace: Pace, left: Fuel, loss: PitLoss): Situation {
  const { tankKg, tyreLifeLaps } = state.session.car;
  const tyreMsPerLap = Math.max(0, pace.tyreMsPerLap);
  return {
    lap: lapsCompleted(entry),
    lapsTotal: distance(state).laps ?? lapsCompleted(entry),
    tyreAgeLaps: pace.tyreAgeLaps,
    fuelKg: left.leftKg.mean,
    fuelLapsLeft: left.lapsLeft,
    tankKg,
    tankLaps: Math.max(1, Math.floor(tankKg / left.perLap.high)),
    pitLossMs: loss.green,
    cost: {
      tyreMsPerLap,
      tyreLifeLaps,
      wornMsPerLap: WORN_FACTOR * Math.max(tyreMsPerLap, WORN_SHARE_MIN * pace.lapMs),
      msPerKg: pace.msPerKg,
      fuelPerLapKg: left.perLap.mean,
    },
  };
}

/** Lap time of the field under the caution that is out; null before anybody has completed a lap of it. */
function cautionLapMs(state: RaceState): number | null {
  const timesMs: number[] = [];
  for (const { laps } of Object.values(state.entries)) {
    for (const lap of laps.slice(-CAUTION_LAPS_SEEN)) {
      if (lap.flag === 'yellow' && lap.lapTimeMs !== null && !lap.inLap && !lap.outLap) timesMs.push(lap.lapTimeMs);
    }
  }
  return median(timesMs);
}
