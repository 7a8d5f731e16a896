import type { Random } from '#wire/random.js';
import { seriesGroup } from '../models/field.js';
import { sortedQuantile } from '../stats.js';
import { COLUMNS, type Column } from './metrics.js';
import type { RaceScores } from './score-race.js';
import { bound, COVERAGE, TARGETS, type Target } from './targets.js';

/** One figure of the table. Bounds and `met` are null where nothing is asked. */
export interface Line {
  series: string;
  metric: string;
  engine: number;
  /** 95 % interval over races drawn with replacement; null where there is one race. */
  interval: [low: number, high: number] | null;
  /** The best method without a model, on the same cells. */
  naive: { name: string; value: number } | null;
  must: number | [low: number, high: number] | null;
  good: number | [low: number, high: number] | null;
  met: 'good' | 'must' | 'missed' | null;
  races: number;
}

const REDRAWS = 200;

/**
 * Every figure of every series, ours beside the best naive one, and what is asked of it.
 *
 * @param random draws races for the intervals
 */
export function report(scores: readonly RaceScores[], random: Random): Line[] {
  const groups = new Map<string, RaceScores[]>();
  for (const race of scores) {
    const group = seriesGroup(race.series);
    const races = groups.get(group);
    if (races === undefined) groups.set(group, [race]);
    else races.push(race);
  }
  return [...groups].flatMap(([series, races]) =>
    COLUMNS.map((column) => lineOf(series, column, races, random)).filter(({ engine }) => !Number.isNaN(engine)),
  );
}

function lineOf(series: string, column: Column, races: RaceScores[], random: Random): Line {
  const measured = column.measure(races);
  const engine = measured.engine();
  const naive = best(measured.naive, column.lower);
  const interval = intervalOf(measured.engine, races.length, random);
  const common = { series, metric: column.name, engine, interval, naive, races: races.length };
  if (column.coverage) {
    const inside = ([low, high]: readonly [number, number]) => engine >= low && engine <= high;
    const met = inside(COVERAGE.good) ? 'good' : inside(COVERAGE.must) ? 'must' : 'missed';
    return { ...common, must: [...COVERAGE.must], good: [...COVERAGE.good], met };
  }
  const target = TARGETS.find((each) => each.series === series && each.metric === column.name);
  if (target === undefined) return { ...common, must: null, good: null, met: null };
  const must = bound(target, 'must', naive?.value ?? Number.NaN);
  const good = bound(target, 'good', naive?.value ?? Number.NaN);
  const met = reaches(target, engine, good) ? 'good' : reaches(target, engine, must) ? 'must' : 'missed';
  return { ...common, must, good, met };
}

function reaches(target: Target, value: number, wanted: number): boolean {
  return target.lower ? value <= wanted : value >= wanted;
}

function best(naive: Record<string, number>, lower: boolean): Line['naive'] {
  let found: Line['naive'] = null;
  for (const [name, value] of Object.entries(naive)) {
    if (Number.isNaN(value)) continue;
    if (found === null || (lower ? value < found.value : value > found.value)) found = { name, value };
  }
  return found;
}

function intervalOf(engine: (drawn: number[]) => number, races: number, random: Random): Line['interval'] {
  if (races < 2) return null;
  const drawn = Float64Array.from({ length: REDRAWS }, () =>
    engine(Array.from({ length: races }, () => Math.floor(random() * races))),
  ).filter((value) => !Number.isNaN(value));
  if (drawn.length === 0) return null;
  drawn.sort();
  return [sortedQuantile(drawn, 0.025), sortedQuantile(drawn, 0.975)];
}

/** A line of the table for people: columns as docs/strategy.md names them. */
export function rowOf({ series, metric, engine, interval, naive, must, good, met, races }: Line): string {
  const figure = (value: number | [number, number] | null) =>
    value === null ? '–' : Array.isArray(value) ? value.map(short).join('–') : short(value);
  return [
    series.padEnd(7),
    metric.padEnd(20),
    short(engine).padStart(8),
    `[${figure(interval)}]`.padEnd(18),
    (naive === null ? '–' : `${short(naive.value)} ${naive.name}`).padEnd(22),
    figure(must).padStart(10),
    figure(good).padStart(10),
    (met ?? '').padEnd(7),
    String(races).padStart(3),
  ].join(' ');
}

function short(value: number): string {
  return value.toPrecision(3).includes('e') ? value.toFixed(0) : value.toPrecision(3);
}
