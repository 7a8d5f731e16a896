/**
 * How far the pace of the rest of a race lies from what the state-space pace says of it, against the field: sd of a car's
 * mean (drawn once a race) and of its laps around that (drawn each lap), as shares of a lap; how alike neighbouring laps
 * are, and which share of the differences between cars is kept.
 *
 *     node --conditions=source --import tsx bench/fit/pace-persistence.ts DATA_DIR
 *
 * prints them per group of series.
 */
import { knownAt } from '#cloud/strategy/backtest/order.js';
import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { mean as meanOf } from '#cloud/strategy/backtest/scores.js';
import { isClean } from '#cloud/strategy/history/history.js';
import { readModels } from '#cloud/strategy/monte-carlo/read-models.js';
import { median, robustSd } from '#cloud/strategy/stats.js';
import { pastRaces } from './races.js';

/** Laps that a car must still have for its mean to tell. */
const LAPS_MIN = 8;
const SLOW = 1.05;

for (const [group, races] of pastRaces(process.argv[2])) {
  for (const at of [0.25, 0.5, 0.75]) {
    const once: number[] = [];
    const each: number[] = [];
    const alike: number[] = [];
    const slopes: number[] = [];
    for (const race of races.filter((_, index) => group !== 'f1' || index % 3 === 0))
      read(race, at, { once, each, alike, slopes });
    const share = (values: number[]) => (robustSd(values) ?? 0).toFixed(5);
    const like = (median(alike) ?? 0).toFixed(2);
    process.stdout.write(
      `${group} ${at}: once ${share(once)} each ${share(each)} alike ${like} kept ${(median(slopes) ?? 0).toFixed(2)} (${once.length} cars)\n`,
    );
  }
}

function read(race: PastRace, at: number, into: Record<'once' | 'each' | 'alike' | 'slopes', number[]>): void {
  const known = knownAt(race, at);
  if (known === undefined || race.series === 'grcup') return;
  const { field, tyres } = readModels(known);
  const means: { mean: number; residuals: number[]; said: number }[] = [];
  for (const form of field.cars) {
    const pace = tyres.of(form);
    const whole = race.history.cars.find(({ car }) => car === form.car.car)!;
    if (pace === null || !form.running) continue;
    const residuals: number[] = [];
    let age = form.ageLaps;
    for (let index = form.at + 1; index < whole.lap.length; index++) {
      age++;
      const expectedS =
        pace.freshS + (tyres.falloffS(form, age) ?? 0) + tyres.driftSPerLap(form) * (whole.lap[index] - form.lap);
      const off = whole.lapTimeS[index] / expectedS - 1;
      if (isClean(whole, index) && off < SLOW - 1) residuals.push(off);
      if (whole.pitIn[index]) age = 0;
    }
    const mean = median(residuals);
    if (mean !== null && residuals.length >= LAPS_MIN)
      means.push({ mean, residuals, said: pace.freshS / form.classMedianS });
  }
  const fieldMedian = median(means.map(({ mean }) => mean));
  if (means.length > LAPS_MIN) into.slopes.push(keptOf(means));
  for (const { mean, residuals } of means) {
    into.once.push(mean - fieldMedian!);
    const around = residuals.map((value) => value - mean);
    into.each.push(...around);
    const variance = around.reduce((sum, value) => sum + value * value, 0);
    const product = around.slice(1).reduce((sum, value, index) => sum + value * around[index], 0);
    if (variance > 0) into.alike.push(product / variance);
  }
}

/** Share of the differences between cars that the model sees which is still there in the rest of the race. */
function keptOf(means: readonly { mean: number; said: number }[]): number {
  const average = (of: (at: (typeof means)[number]) => number) => meanOf(means.map(of));
  const saidMean = average(({ said }) => said);
  const cameMean = average(({ mean, said }) => said + mean);
  const joint = average(({ mean, said }) => (said - saidMean) * (said + mean - cameMean));
  return joint / average(({ said }) => (said - saidMean) ** 2);
}
