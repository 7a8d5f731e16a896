import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { seriesGroup } from '#cloud/strategy/models/field.js';
import type { Prior } from '#cloud/strategy/models/fitted/types.js';
import type { Length } from '#cloud/strategy/models/progress.js';
import { median } from '#cloud/strategy/stats.js';
import { fitCautionPrior } from './fit-cautions.js';
import { fitOrderPrior } from './fit-order.js';
import { fitPacePrior, type PaceSettings } from './fit-pace.js';
import { fitRejoinPrior, usualPitLoss } from './fit-rejoin.js';
import { fitRemainingPrior } from './fit-remaining.js';
import { fitStopPrior, type StopSettings } from './fit-stops.js';

/**
 * How strongly weights are held down, chosen by the cross-validated errors: the fewer races, the more. `scale`: see
 * `fitRemainingPrior`; where cautions are the rule, hardly anything is.
 */
export interface Settings {
  /** `curve`: whether `run-curve.ts` is told from; where tyres are chosen and rain comes, it misses more than it finds. */
  pace: PaceSettings;
  order: { ridge: number; endFactor: number };
  stops: StopSettings;
  remaining: { ridge: number; scale: number };
  rejoin: { ridge: number; scale: number };
}

export const SETTINGS: Record<string, Settings> = {
  f1: {
    pace: { ridge: 0.003, curve: false },
    order: { ridge: 0.01, endFactor: 30 },
    stops: { by: 'habits', ridge: 3 },
    remaining: { ridge: 0.03, scale: 1 },
    rejoin: { ridge: 0.1, scale: 1.5 },
  },
  nascar: {
    pace: { ridge: 0.1, curve: true },
    order: { ridge: 1, endFactor: 30 },
    stops: { by: 'habits', ridge: 3 },
    remaining: { ridge: 1, scale: 7 },
    rejoin: { ridge: 0.1, scale: 3 },
  },
  wec: {
    pace: { ridge: 0.3, curve: true },
    order: { ridge: 1, endFactor: 1 },
    stops: { by: 'tanks', ridge: 10 },
    remaining: { ridge: 1, scale: 5 },
    rejoin: { ridge: 0.03, scale: 10 },
  },
  grcup: {
    pace: { ridge: 0.6, curve: true },
    order: { ridge: 3, endFactor: 30 },
    stops: { by: 'habits', ridge: 10 },
    remaining: { ridge: 1, scale: 2 },
    rejoin: { ridge: 0.1, scale: 5 },
  },
  other: {
    pace: { ridge: 0.1, curve: false },
    order: { ridge: 0.1, endFactor: 10 },
    stops: { by: 'habits', ridge: 10 },
    remaining: { ridge: 0.3, scale: 2 },
    rejoin: { ridge: 0.1, scale: 5 },
  },
};

export interface PriorFit {
  prior: Prior;
  /** What each part missed on races that its fit had not seen, in words. */
  figures: string[];
}

/** @param stopping see `stoppingRaces`: sprints have no stops, and learn of them from all others */
export function fitPrior(
  group: string,
  races: readonly PastRace[],
  stopping: readonly PastRace[],
  settings: Settings,
): PriorFit {
  const length: Length = {
    laps: group === 'wec' ? null : median(races.map(({ laps }) => laps)),
    durationS: median(races.flatMap(({ history: { durationS } }) => durationS ?? [])),
  };
  if (length.laps !== null) length.durationS = null;
  const pitLoss = usualPitLoss(stopping);
  const pace = fitPacePrior(races, settings.pace);
  const order = fitOrderPrior(races, length, pitLoss, settings.order);
  const stops = fitStopPrior(stopping, length, settings.stops);
  const remaining = fitRemainingPrior(races, length, pitLoss, stops.prior, settings.remaining);
  const rejoin = fitRejoinPrior(stopping, pace.prior, pitLoss, stops.prior.stintLaps, settings.rejoin);
  const figures = [
    `next laps ${short(pace.maeS.cv)} s (last lap ${short(pace.maeS.lastLap)} s)`,
    ...order.tau.map(
      ({ at, cv, persistence }) => `order at ${at} tau ${short(cv)} (persistence ${short(persistence)})`,
    ),
    `stop within five laps: area ${short(stops.auc)}, F1 ${short(stops.f1)}`,
    `lap of the next stop ${short(stops.maeLaps.cv)} laps (median of longer stints ${short(stops.maeLaps.longer)})`,
    ...remaining.medianS
      .filter(({ cv }) => cv > 0)
      .map(({ at, cv, naive }) => `time left at ${at}: ${short(cv)} s (naive ${short(naive)} s)`),
    `time of a stop ${short(rejoin.medianS.cv)} s (median loss ${short(rejoin.medianS.plain)} s)`,
  ];
  const prior: Prior = {
    source: `Fitted on ${races.length} races that are over. On races that a fit had not seen: ${figures.join('; ')}.`,
    length,
    pitLoss,
    cautions: fitCautionPrior(races),
    pace: pace.prior,
    order: order.prior,
    stops: stops.prior,
    remaining: remaining.prior,
    rejoin: rejoin.prior,
  };
  return { prior, figures };
}

/** Races that stops of a group are learnt from. */
export function stoppingRaces(group: string, races: readonly PastRace[], all: readonly PastRace[]): PastRace[] {
  return (group === 'grcup' ? all : races).filter(({ series }) => seriesGroup(series) !== 'grcup');
}

function short(value: number): string {
  return value.toPrecision(3);
}
