/**
 * What the engine has to reach, from figures that were measured once on races kept out of development. Sets differ in
 * difficulty, so elsewhere a target is judged by its relation to the best naive figure on the very same cells: the ratio for
 * errors and scores, the distance for Kendall's tau. Area under the curve and coverage are taken as they are.
 */
export type Relation = 'ratio' | 'distance' | 'absolute';

export interface Target {
  /** Series group: `f1`, `nascar`, `wec`. */
  series: 'f1' | 'nascar' | 'wec';
  metric: string;
  relation: Relation;
  /** The smaller the better? */
  lower: boolean;
  /** The best naive figure on the races kept out; NaN where the relation is absolute. */
  naive: number;
  must: number;
  good: number;
}

const lower = { relation: 'ratio', lower: true } as const;
const higher = { relation: 'ratio', lower: false } as const;
const tau = { relation: 'distance', lower: false } as const;
const absolute = { relation: 'absolute', lower: false, naive: Number.NaN } as const;

export const TARGETS: readonly Target[] = [
  { series: 'f1', metric: 'nextLaps.maeS', ...lower, naive: 0.603, must: 0.545, good: 0.52 },
  { series: 'nascar', metric: 'nextLaps.maeS', ...lower, naive: 0.442, must: 0.4, good: 0.38 },
  { series: 'wec', metric: 'nextLaps.maeS', ...lower, naive: 0.89, must: 0.88, good: 0.85 },
  { series: 'f1', metric: 'order.tau@25', ...tau, naive: 0.654, must: 0.67, good: 0.69 },
  { series: 'f1', metric: 'order.tau@50', ...tau, naive: 0.715, must: 0.73, good: 0.75 },
  { series: 'f1', metric: 'order.tau@75', ...tau, naive: 0.833, must: 0.83, good: 0.845 },
  { series: 'f1', metric: 'order.tau@90', ...tau, naive: 0.888, must: 0.885, good: 0.895 },
  { series: 'nascar', metric: 'order.tau@25', ...tau, naive: 0, must: 0, good: 0.03 },
  { series: 'nascar', metric: 'order.tau@50', ...tau, naive: 0, must: 0, good: 0.03 },
  { series: 'nascar', metric: 'order.tau@75', ...tau, naive: 0, must: 0, good: 0.03 },
  { series: 'nascar', metric: 'order.tau@90', ...tau, naive: 0, must: 0, good: 0 },
  { series: 'wec', metric: 'stop.f1', ...higher, naive: 0.658, must: 0.74, good: 0.78 },
  { series: 'f1', metric: 'stop.f1', ...higher, naive: 0.408, must: 0.41, good: 0.44 },
  { series: 'nascar', metric: 'stop.f1', ...higher, naive: 0.175, must: 0.3, good: 0.34 },
  { series: 'wec', metric: 'stop.auc', ...absolute, must: 0.86, good: 0.88 },
  { series: 'f1', metric: 'stop.auc', ...absolute, must: 0.73, good: 0.76 },
  { series: 'nascar', metric: 'stop.auc', ...absolute, must: 0.69, good: 0.72 },
  { series: 'wec', metric: 'stop.maeLaps', ...lower, naive: 4, must: 4, good: 3.5 },
  { series: 'f1', metric: 'raceTime.medianS@50', ...lower, naive: 27.7, must: 27.7, good: 22 },
  { series: 'f1', metric: 'raceTime.medianS@75', ...lower, naive: 12.3, must: 12.3, good: 11 },
  { series: 'nascar', metric: 'raceTime.medianS@50', ...lower, naive: 466, must: 466, good: 350 },
  { series: 'nascar', metric: 'raceTime.medianS@75', ...lower, naive: 488, must: 488, good: 300 },
  { series: 'f1', metric: 'rejoin.maePlaces', ...lower, naive: 0.66, must: 0.66, good: 0.58 },
  { series: 'wec', metric: 'rejoin.maePlaces', ...lower, naive: 1.57, must: 1.57, good: 1.35 },
  { series: 'f1', metric: 'rejoin.medianS', ...lower, naive: 1.34, must: 1.34, good: 1.1 },
  { series: 'wec', metric: 'rejoin.medianS', ...lower, naive: 8.6, must: 8.6, good: 6 },
];

/** A share of outcomes inside an 80 % band that is believed. */
export const COVERAGE = { must: [0.75, 0.85], good: [0.78, 0.82] } as const;

/** What `target` asks where the best naive figure is `naive`. */
export function bound(target: Target, level: 'must' | 'good', naive: number): number {
  if (target.relation === 'absolute') return target[level];
  if (target.relation === 'distance') return naive + (target[level] - target.naive);
  return naive * (target[level] / target.naive);
}
