import { median } from '../stats.js';
import { NAIVE_LAPS } from './next-laps.js';
import { NAIVE_STOPS, type NaiveStop } from './next-stop.js';
import { ORDER_AT, type OrderScore } from './order.js';
import type { RaceTimeScore } from './race-time.js';
import type { RejoinScore } from './rejoin.js';
import type { RaceScores } from './score-race.js';
import { areaUnderCurve, bestThreshold, type Chance, f1Score, mean } from './scores.js';

/** Cells of each race: a figure is scored over all of them, its interval over races drawn with replacement. */
export type Cells<T> = readonly (readonly T[])[];

/** A column of the table: its cells, of ours and of the methods without a model, and how they become one figure. */
export interface Metric<T = number> {
  name: string;
  lower: boolean;
  /** The share of outcomes inside an 80 % band: there is a right value, not a best one. */
  coverage?: boolean;
  engine(races: readonly RaceScores[]): Cells<T>;
  naive(races: readonly RaceScores[]): Record<string, Cells<T>>;
  score(cells: readonly T[]): number;
}

/** What is kept of a metric once its type of cell does not matter any more. */
export interface Column {
  name: string;
  lower: boolean;
  coverage: boolean;
  measure(races: readonly RaceScores[]): {
    /** Figure over the races drawn; all of them, in order, when absent. */
    engine(drawn?: readonly number[]): number;
    naive: Record<string, number>;
  };
}

function column<T>(metric: Metric<T>): Column {
  return {
    name: metric.name,
    lower: metric.lower,
    coverage: metric.coverage ?? false,
    measure(races) {
      const cells = metric.engine(races);
      const naive: Record<string, number> = {};
      for (const [name, of] of Object.entries(metric.naive(races))) naive[name] = metric.score(of.flat());
      return {
        engine: (drawn) => metric.score(drawn === undefined ? cells.flat() : drawn.flatMap((race) => cells[race])),
        naive,
      };
    },
  };
}

/** One cell a race, none where the race has no figure. */
function perRace(races: readonly RaceScores[], of: (race: RaceScores) => number): Cells<number> {
  return races.map((race) => [of(race)].filter((value) => !Number.isNaN(value)));
}

function byName<Name extends string, T>(names: readonly Name[], of: (name: Name) => T): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, of(name)]));
}

const middle = (values: readonly number[]): number => median(values) ?? Number.NaN;

const nextLaps: Column[] = [
  column({
    name: 'nextLaps.maeS',
    lower: true,
    engine: (races) => perRace(races, ({ nextLaps: { errorsS } }) => mean(errorsS.engine)),
    naive: (races) =>
      byName(Object.keys(NAIVE_LAPS), (name) => perRace(races, ({ nextLaps: { errorsS } }) => mean(errorsS[name]))),
    score: mean,
  }),
  column({
    name: 'nextLaps.coverage80',
    lower: false,
    coverage: true,
    engine: (races) => perRace(races, ({ nextLaps: { covered, asked } }) => covered / asked),
    naive: () => ({}),
    score: mean,
  }),
];

function orderColumns(at: number): Column[] {
  const cells = (races: readonly RaceScores[], of: (score: OrderScore) => number | number[]) =>
    races.map(({ order }) => order.filter((score) => score.at === at).flatMap(of));
  const percent = Math.round(at * 100);
  return [
    column({
      name: `order.tau@${percent}`,
      lower: false,
      engine: (races) => cells(races, ({ tau }) => tau.engine),
      naive: (races) => ({ persistence: cells(races, ({ tau }) => tau.persistence) }),
      score: mean,
    }),
    column({
      name: `order.places@${percent}`,
      lower: true,
      engine: (races) => cells(races, ({ positionError }) => positionError.engine),
      naive: (races) => ({ persistence: cells(races, ({ positionError }) => positionError.persistence) }),
      score: mean,
    }),
    column({
      name: `order.winner@${percent}`,
      lower: false,
      engine: (races) => cells(races, ({ winner }) => Number(winner.engine)),
      naive: (races) => ({ persistence: cells(races, ({ winner }) => Number(winner.persistence)) }),
      score: mean,
    }),
    column({
      name: `order.winBrier@${percent}`,
      lower: true,
      engine: (races) => cells(races, ({ wins }) => wins.map(squaredError)),
      // One in as many as there are cars.
      naive: (races) => ({
        evenChance: cells(races, ({ wins }) =>
          wins.map(({ happened }) => squaredError({ p: 1 / wins.length, happened })),
        ),
      }),
      score: mean,
    }),
  ];
}

function squaredError({ p, happened }: Chance): number {
  return (p - Number(happened)) ** 2;
}

const finishCoverage = column({
  name: 'order.coverage80',
  lower: false,
  coverage: true,
  engine: (races) =>
    races.map(({ order }) =>
      order.flatMap(({ covered, asked }) => [
        ...new Array<number>(covered).fill(1),
        ...new Array<number>(asked - covered).fill(0),
      ]),
    ),
  naive: () => ({}),
  score: mean,
});

/** F1 score of each race at the better of one half and the threshold that is best on the other races of the set. */
function stopScores(races: readonly RaceScores[], name: NaiveStop | 'engine'): Cells<number> {
  const chances = races.map(({ nextStop }) => nextStop.within[name]);
  return chances.map((own, index) => {
    if (!own.some(({ happened }) => happened)) return [];
    const rest = chances.filter((_, other) => other !== index).flat();
    return [Math.max(f1Score(own, 0.5), rest.length > 0 ? f1Score(own, bestThreshold(rest)) : 0)];
  });
}

const nextStop: Column[] = [
  column({
    name: 'stop.maeLaps',
    lower: true,
    engine: (races) => perRace(races, (race) => mean(race.nextStop.errorsLaps.engine)),
    naive: (races) => byName(NAIVE_STOPS, (name) => perRace(races, (race) => mean(race.nextStop.errorsLaps[name]))),
    score: mean,
  }),
  column({
    name: 'stop.f1',
    lower: false,
    engine: (races) => stopScores(races, 'engine'),
    naive: (races) => byName(NAIVE_STOPS, (name) => stopScores(races, name)),
    score: mean,
  }),
  column({
    name: 'stop.auc',
    lower: false,
    engine: (races) => races.map((race) => race.nextStop.within.engine),
    naive: () => ({}),
    score: areaUnderCurve,
  }),
  column({
    name: 'stop.brier',
    lower: true,
    engine: (races) => races.map((race) => race.nextStop.within.engine.map(squaredError)),
    naive: (races) => {
      const all = races.flatMap((race) => race.nextStop.within.engine);
      const p = mean(all.map(({ happened }) => Number(happened)));
      return { baseRate: [all.map(({ happened }) => squaredError({ p, happened }))] };
    },
    score: mean,
  }),
];

function raceTimeColumn(at: number): Column {
  const cells = (races: readonly RaceScores[], of: keyof RaceTimeScore['errorS']) =>
    races.map(({ raceTime }) => raceTime.filter((score) => score.at === at).map(({ errorS }) => errorS[of]));
  return column({
    name: `raceTime.medianS@${Math.round(at * 100)}`,
    lower: true,
    engine: (races) => cells(races, 'engine'),
    naive: (races) => byName(['greenMedian', 'meanLap'] as const, (name) => cells(races, name)),
    score: middle,
  });
}

function rejoinCells(races: readonly RaceScores[], of: (score: RejoinScore) => number): Cells<number> {
  return races.map((race) => race.rejoin.map(of));
}

const rejoin: Column[] = [
  column({
    name: 'rejoin.maePlaces',
    lower: true,
    engine: (races) => rejoinCells(races, ({ positionError }) => positionError.engine),
    naive: (races) => ({ projection: rejoinCells(races, ({ positionError }) => positionError.naive) }),
    score: mean,
  }),
  column({
    name: 'rejoin.medianS',
    lower: true,
    engine: (races) => rejoinCells(races, ({ timeErrorS }) => timeErrorS.engine),
    naive: (races) => ({ projection: rejoinCells(races, ({ timeErrorS }) => timeErrorS.naive) }),
    score: middle,
  }),
];

export const COLUMNS: readonly Column[] = [
  ...nextLaps,
  ...ORDER_AT.flatMap(orderColumns),
  finishCoverage,
  ...nextStop,
  ...[0.25, 0.5, 0.75, 0.9].map(raceTimeColumn),
  ...rejoin,
];
