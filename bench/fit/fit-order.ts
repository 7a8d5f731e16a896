import { knownAt, ORDER_AT } from '#cloud/strategy/backtest/order.js';
import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { kendallTau, mean } from '#cloud/strategy/backtest/scores.js';
import { readField } from '#cloud/strategy/models/field.js';
import type { OrderPrior } from '#cloud/strategy/models/fitted/types.js';
import { hatsAt, KNOTS } from '#cloud/strategy/models/order.js';
import {
  ORDER_FEATURES,
  type OrderFeature,
  type OrderForm,
  orderForms,
  PLACE_SPREAD_FEATURES,
} from '#cloud/strategy/models/order-features.js';
import { fitPitLoss, type PitLossPrior } from '#cloud/strategy/models/pit-loss.js';
import { placeBand, placeChances } from '#cloud/strategy/models/place.js';
import { type Length, progress } from '#cloud/strategy/models/progress.js';
import { crossValidated, dot, leastSquares, type Row } from './regress.js';

const MASS = 0.8;
/** Nobody's final place is known better than this, in logarithms of places. */
const MISS_MIN = 0.3;

/** `endFactor`: so much more at the end of the race. */
interface Held {
  ridge: number;
  endFactor: number;
}

interface OrderRow extends Row {
  at: number;
  /** Cars of one moment of one race. */
  group: number;
  of: OrderForm;
  spread: Float64Array;
  final: number;
  /** Asked by the back-test: it completed at least one more lap. */
  asked: boolean;
}

function orderRows(races: readonly PastRace[], length: Length, pitLoss: PitLossPrior): OrderRow[] {
  const rows: OrderRow[] = [];
  let group = 0;
  for (const [race, past] of races.entries()) {
    for (let at = 0.05; at < 0.99; at += 0.05) {
      const share = ORDER_AT.find((each) => Math.abs(each - at) < 0.01) ?? at;
      const known = knownAt(past, share);
      if (known === undefined) continue;
      const field = readField(known);
      const along = progress(field, length);
      const forms = orderForms(field, along, fitPitLoss(field, pitLoss)).filter(({ form }) =>
        past.finish.includes(form.car.car),
      );
      const hats = hatsAt(along.share);
      const final = finalPlaces(past, forms);
      for (const [index, of] of forms.entries()) {
        rows.push({
          race,
          at: share,
          group,
          of,
          x: Float64Array.from(ORDER_FEATURES.flatMap((name) => hats.map((hat) => hat * of.features[name]))),
          y: final[index] - of.place,
          spread: Float64Array.from(PLACE_SPREAD_FEATURES, (name) => of.spread[name]),
          final: final[index],
          asked: past.lapsCompleted[of.form.car.car] > of.form.lap,
        });
      }
      group++;
    }
  }
  return rows;
}

/** Among these cars, from 1. */
function finalPlaces(past: PastRace, forms: readonly OrderForm[]): number[] {
  const order = forms
    .map(({ form }, index) => ({ index, place: past.finish.indexOf(form.car.car) }))
    .sort((a, b) => a.place - b.place);
  const places: number[] = [];
  for (const [rank, { index }] of order.entries()) places[index] = rank + 1;
  return places;
}

export interface OrderFit {
  prior: OrderPrior;
  /** Mean Kendall tau by share of the race: by weights that never saw the race, of the present order; and what bands held. */
  tau: { at: number; cv: number; persistence: number }[];
  coverage: number;
}

export function fitOrderPrior(races: readonly PastRace[], length: Length, pitLoss: PitLossPrior, held: Held): OrderFit {
  const rows = orderRows(races, length, pitLoss);
  // Who falls out is a matter of luck, and told apart below.
  const finishers = rows.filter(({ race, of }) => stayed(races[race], of));
  const forecasts = crossValidatedOn(rows, finishers, held);
  const weights = leastSquares(finishers, heldAtTheEnd(held));
  const spread = leastSquares(
    rows
      .map((row, index) => ({
        ...row,
        x: row.spread,
        y: Math.log(Math.max(MISS_MIN, Math.abs(row.y - forecasts[index]))),
      }))
      .filter(({ race, of }) => stayed(races[race], of)),
    0.001,
  );
  const outsPerRace = -Math.log(1 - outShare(races));
  const unscaled: OrderPrior = {
    weights: Object.fromEntries(
      ORDER_FEATURES.map((name, index) => [
        name,
        Array.from(weights.subarray(KNOTS.length * index, KNOTS.length * (index + 1))),
      ]),
    ) as Record<OrderFeature, number[]>,
    spread: Object.fromEntries(
      PLACE_SPREAD_FEATURES.map((name, index) => [name, spread[index]]),
    ) as OrderPrior['spread'],
    spreadFactor: 1,
    outsPerRace,
  };
  let low = 0.3;
  let high = 4;
  for (let step = 0; step < 7; step++) {
    const middle = (low + high) / 2;
    if (coverageOf(rows, forecasts, { ...unscaled, spreadFactor: middle }) < MASS) low = middle;
    else high = middle;
  }
  const prior = { ...unscaled, spreadFactor: (low + high) / 2 };
  return {
    prior,
    tau: ORDER_AT.map((at) => ({
      at,
      cv: meanTau(rows, at, (row, index) => row.of.place + forecasts[index]),
      persistence: meanTau(rows, at, (row) => row.of.place),
    })),
    coverage: coverageOf(rows, forecasts, prior),
  };
}

/** Near the flag the present order is hard to beat: what moves it there has to show itself clearly. */
function heldAtTheEnd({ ridge, endFactor }: Held): (column: number) => number {
  return (column) => (column % KNOTS.length === KNOTS.length - 1 ? endFactor * ridge : ridge);
}

function stayed(race: PastRace, { form }: OrderForm): boolean {
  return race.lapsCompleted[form.car.car] >= 0.9 * race.laps;
}

function outShare(races: readonly PastRace[]): number {
  return mean(races.map((race) => mean(race.finish.map((car) => (race.lapsCompleted[car] < 0.9 * race.laps ? 1 : 0)))));
}

function crossValidatedOn(rows: readonly OrderRow[], taught: readonly OrderRow[], held: Held): Float64Array {
  return crossValidated(rows, (rest) => {
    const races = new Set(rest.map(({ race }) => race));
    return leastSquares(
      taught.filter(({ race }) => races.has(race)),
      heldAtTheEnd(held),
    );
  });
}

function groups(rows: readonly OrderRow[], at: number): number[][] {
  const groups = new Map<number, number[]>();
  for (const [index, row] of rows.entries()) {
    if (row.at !== at) continue;
    groups.set(row.group, [...(groups.get(row.group) ?? []), index]);
  }
  return [...groups.values()];
}

function meanTau(rows: readonly OrderRow[], at: number, said: (row: OrderRow, index: number) => number): number {
  return mean(
    groups(rows, at).map((of) => {
      const asked = of.filter((index) => rows[index].asked);
      return kendallTau(
        asked.map((index) => said(rows[index], index)),
        asked.map((index) => rows[index].final),
      );
    }),
  );
}

/** Share of final places inside their bands, at the moments of the back-test. */
function coverageOf(rows: readonly OrderRow[], forecasts: Float64Array, prior: OrderPrior): number {
  const inside: number[] = [];
  const weights = Float64Array.from(PLACE_SPREAD_FEATURES, (name) => prior.spread[name]);
  for (const at of ORDER_AT) {
    for (const of of groups(rows, at)) {
      const scores = of.map((index) => ({
        mean: rows[index].of.place + forecasts[index],
        sd: prior.spreadFactor * Math.exp(dot(rows[index].spread, weights)),
        pOut: 1 - Math.exp(-prior.outsPerRace * (1 - at)),
      }));
      for (const [each, chances] of placeChances(scores).entries()) {
        const row = rows[of[each]];
        if (!row.asked) continue;
        const band = placeBand(chances, MASS);
        inside.push(row.final >= band.low && row.final <= band.high ? 1 : 0);
      }
    }
  }
  return mean(inside);
}
