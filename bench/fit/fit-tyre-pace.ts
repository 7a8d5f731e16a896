import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { mean } from '#cloud/strategy/backtest/scores.js';
import { FIELD, priorFigures } from '#cloud/strategy/models/state-space/design.js';
import type { FilterState } from '#cloud/strategy/models/state-space/filter.js';
import type { CompoundPrior, TyrePacePrior } from '#cloud/strategy/models/state-space/prior.js';
import type { Figure } from '#cloud/strategy/models/state-space/types.js';
import { median, robustSd, Z80 } from '#cloud/strategy/stats.js';
import { type AskedLap, walk } from './tyre-pace-walk.js';

/** Where a search starts, and what races do not tell: fuel. */
export const START: TyrePacePrior = {
  source: '',
  refuels: true,
  noiseSd: 0.004,
  driftWalkSd: 0.00015,
  driftPerLap: { mean: 0, sd: 0.00005 },
  carWalkSd: 0.0005,
  stopSd: 0.002,
  restartSd: 0.001,
  passingSd: 0.003,
  passingKept: 0.75,
  linear: { mean: 0.012, sd: 0.01 },
  early: { mean: 0.003, sd: 0.003 },
  carLinearSd: 0.002,
  fuelPerLap: { mean: 0.0002, sd: 0.00006 },
  restartFirst: { mean: 0.03, sd: 0.03 },
  // Held: where all stop under caution, it cannot be told from what new tyres give.
  restartFading: { mean: 0.002, sd: 0.00001 },
  traffic: { mean: 0.003, sd: 0.004 },
  compounds: {},
  onceFactor: 1,
  noiseFactor: 1,
};

/** Tuned one after the other, by these factors. */
const TUNED = ['driftWalkSd', 'carWalkSd', 'stopSd', 'restartSd', 'passingSd', 'carLinearSd'] as const;
const FACTORS = [0.5, 2] as const;
const KEPT = [0.6, 0.75, 0.85, 0.92] as const;
const ROUNDS = 1;
/** A search reads no more races than this. */
const TUNING_RACES = 12;
/** A race has told of a figure if its sd has shrunk to this share. */
const TOLD = 0.7;
const TOLD_RACES_MIN = 3;
/** Races of a series are more alike than a handful of them looks: least sd of a prior, as a share of where it started. */
const SD_LEAST = 0.25;
const COVERED = 0.8;
/** A compound that a race did not have. */
const NOT_THERE = -1;

export interface TyrePaceFit {
  prior: TyrePacePrior;
  /** On races that the fit had not seen. */
  asked: AskedLap[];
}

/** Fits on all races; each race is forecast by a fit on the other half. */
export function fitTyrePacePrior(races: readonly PastRace[], start: TyrePacePrior): TyrePaceFit {
  const halves = [0, 1].map((half) => races.filter((_, index) => index % 2 === half));
  const asked = halves.flatMap((seen, half) => {
    const fitted = search(seen, start);
    const prior = { ...fitted, ...stretched(askedOf(seen, fitted)) };
    return halves[1 - half].flatMap((past) => walk(past, races.indexOf(past), prior).asked);
  });
  const fitted = search(races, start);
  return { prior: { ...fitted, ...stretched(askedOf(races, fitted)) }, asked };
}

function search(races: readonly PastRace[], start: TyrePacePrior): TyrePacePrior {
  const every = Math.ceil(races.length / TUNING_RACES);
  const some = races.filter((_, index) => index % every === 0);
  let prior = told(some, start, start);
  let best = loss(askedOf(some, prior));
  const attempt = (changed: TyrePacePrior): boolean => {
    const next = loss(askedOf(some, changed));
    if (!(next < best)) return false;
    best = next;
    prior = changed;
    return true;
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of TUNED) {
      for (const factor of FACTORS) if (attempt({ ...prior, [name]: prior[name] * factor })) break;
    }
    for (const passingKept of KEPT) attempt({ ...prior, passingKept });
    attempt(told(some, prior, start));
  }
  return prior;
}

function askedOf(races: readonly PastRace[], prior: TyrePacePrior): AskedLap[] {
  return races.flatMap((past, race) => walk(past, race, prior).asked);
}

/** Figures as the races' ends had them: middle and spread. What too few races told stays as it started. */
function told(races: readonly PastRace[], prior: TyrePacePrior, start: TyrePacePrior): TyrePacePrior {
  const wide = { ...prior, ...figuresOf(start), compounds: start.compounds };
  const ends = races.map((past) => ({ compounds: past.history.compounds, end: walk(past, 0, wide).end }));
  const figure = (from: Figure, part: (names: readonly string[]) => number): Figure => {
    const values = ends.flatMap(({ compounds, end }) => toldOf(end, part(compounds), from));
    if (values.length < TOLD_RACES_MIN) return from;
    return { mean: median(values)!, sd: Math.max(SD_LEAST * from.sd, robustSd(values)!) };
  };
  const compounds: Record<string, CompoundPrior> = {};
  for (const name of new Set(ends.flatMap(({ compounds: names }) => names.slice(1)))) {
    const [offset, slope] = priorFigures(wide, ['', name]).slice(FIELD.compounds);
    const at = (part: number) => (names: readonly string[]) =>
      names.includes(name) ? FIELD.compounds + 2 * (names.indexOf(name) - 1) + part : NOT_THERE;
    compounds[name] = { offset: figure(offset, at(0)), slope: figure(slope, at(1)) };
  }
  return {
    ...prior,
    driftPerLap: figure(wide.driftPerLap, () => FIELD.trend),
    linear: figure(wide.linear, () => FIELD.linear),
    early: figure(wide.early, () => FIELD.early),
    restartFirst: figure(wide.restartFirst, () => FIELD.restartFirst),
    restartFading: figure(wide.restartFading, () => FIELD.restartFading),
    traffic: figure(wide.traffic, () => FIELD.traffic),
    compounds,
  };
}

function figuresOf(prior: TyrePacePrior): Partial<TyrePacePrior> {
  const { driftPerLap, linear, early, restartFirst, restartFading, traffic } = prior;
  return { driftPerLap, linear, early, restartFirst, restartFading, traffic };
}

/** Nothing where the race did not have it, or did not tell. */
function toldOf({ shared }: FilterState, part: number, { sd }: Figure): number[] {
  const size = shared.mean.length;
  if (part === NOT_THERE) return [];
  return Math.sqrt(shared.covariance[part * size + part]) < TOLD * sd ? [shared.mean[part]] : [];
}

/** Errors against those of the last lap: within stints, later in them, and after stops, which count twice; races counting alike. */
function loss(asked: readonly AskedLap[]): number {
  const stops = asked.filter(({ kind }) => kind === 'stop');
  const parts = [
    asked.filter(({ kind, ahead }) => kind === 'stint' && ahead <= 5),
    asked.filter(({ kind, ahead }) => kind === 'stint' && ahead > 5),
    stops,
    stops,
  ];
  const missed = (part: readonly AskedLap[], of: (lap: AskedLap) => number) =>
    overRaces(part, (lap) => Math.abs(lap.timeS - of(lap)));
  return mean(
    parts
      .filter((part) => part.length > 0)
      .map((part) => missed(part, ({ meanS }) => meanS) / missed(part, ({ lastLapS }) => lastLapS)),
  );
}

/**
 * By how much each of both sds is stretched, so that bands hold: the noise by how much neighbouring laps differ, in which what
 * stays is gone; the rest by all forecasts.
 */
function stretched(asked: readonly AskedLap[]): Pick<TyrePacePrior, 'onceFactor' | 'noiseFactor'> {
  const steps = asked.flatMap((lap, index): AskedLap[] => {
    const next = asked[index + 1];
    if (next === undefined || next.origin !== lap.origin || next.ahead !== lap.ahead + 1) return [];
    const noiseSdS = Math.hypot(lap.noiseSdS, next.noiseSdS);
    return [{ ...lap, timeS: next.timeS - lap.timeS, meanS: next.meanS - lap.meanS, onceSdS: 0, noiseSdS }];
  });
  const noiseFactor = smallest((factor) => covered(steps, 0, factor));
  return { noiseFactor, onceFactor: smallest((factor) => covered(asked, factor, noiseFactor)) };
}

function smallest(coverage: (factor: number) => number): number {
  let low = 0.3;
  let high = 4;
  for (let step = 0; step < 12; step++) {
    const middle = (low + high) / 2;
    if (coverage(middle) < COVERED) low = middle;
    else high = middle;
  }
  return high;
}

function covered(asked: readonly AskedLap[], onceFactor: number, noiseFactor: number): number {
  return overRaces(asked, ({ timeS, meanS, onceSdS, noiseSdS }) =>
    Math.abs(timeS - meanS) <= Z80 * Math.hypot(onceFactor * onceSdS, noiseFactor * noiseSdS) ? 1 : 0,
  );
}

/** Mean of the races' means. */
export function overRaces(asked: readonly AskedLap[], of: (lap: AskedLap) => number): number {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const lap of asked) {
    const race = sums.get(lap.race) ?? { sum: 0, count: 0 };
    race.sum += of(lap);
    race.count++;
    sums.set(lap.race, race);
  }
  return mean(Array.from(sums.values(), ({ sum, count }) => sum / count));
}
