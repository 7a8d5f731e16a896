import type { CarForm, Field } from '../models/field.js';
import { presentOrder } from '../models/order-features.js';

/** Where everybody is. */
export interface FieldStanding {
  /** Place from 1, by index in `field.cars`. */
  place: Int32Array;
  /** Race time at the last crossing; never against the official order. */
  atS: Float64Array;
  /** Laps completed at it. */
  lap: Int32Array;
  /** The newest crossing. */
  nowS: number;
}

/**
 * Official places are right, times may be off (NASCAR's are sums of lap times from an unknown start): of cars on the same
 * lap, times are moved as little as makes them ascend with the places (pooling of adjacent violators). A car without a time is put
 * where its place is.
 */
export function standingOf(field: Field): FieldStanding {
  const { cars } = field;
  const ordered = [
    ...presentOrder(cars.filter((form) => form.running)),
    ...presentOrder(cars.filter((form) => !form.running)),
  ];
  const indexOf = new Map(cars.map((form, index) => [form, index]));
  const place = new Int32Array(cars.length);
  for (const [at, form] of ordered.entries()) place[indexOf.get(form)!] = at + 1;
  const atS = new Float64Array(cars.length);
  const byLap = new Map<number, CarForm[]>();
  for (const form of ordered) byLap.set(form.lap, [...(byLap.get(form.lap) ?? []), form]);
  for (const forms of byLap.values()) {
    const times = ascending(forms.map(crossedS));
    for (const [at, form] of forms.entries()) atS[indexOf.get(form)!] = times[at];
  }
  let nowS = 0;
  for (const [index, form] of cars.entries()) if (form.running) nowS = Math.max(nowS, atS[index]);
  const running = ordered.filter((form) => form.running).map((form) => indexOf.get(form)!);
  const lap = Int32Array.from(cars, (form) => form.lap);
  holdBack(running, field, atS, lap, nowS);
  return { place, atS, lap, nowS };
}

/** Share of a lap by which a time has to be against the official order before a car is held back. */
const AGAINST = 0.5;

/**
 * A car whose clock is a lap fast has ended a lap that cars officially ahead of it have not: it ends it after them, which is
 * still to come.
 *
 * @param ordered running cars by official place
 */
function holdBack(ordered: readonly number[], { cars }: Field, atS: Float64Array, lap: Int32Array, nowS: number): void {
  for (const [behind, index] of ordered.entries()) {
    const { cls, car, at, classMedianS } = cars[index];
    if (!(classMedianS > 0)) continue;
    let earliestS = 0;
    for (const other of ordered.slice(0, behind)) {
      const ahead = cars[other];
      const isAhead = ahead.car.pos[ahead.at] > 0 && ahead.car.pos[ahead.at] < car.pos[at];
      if (!isAhead || lap[other] >= lap[index] || ahead.cls !== cls) continue;
      earliestS = Math.max(earliestS, atS[other] + (lap[index] - lap[other]) * classMedianS);
    }
    if (atS[index] >= earliestS - AGAINST * classMedianS) continue;
    const early = Math.min(lap[index], Math.max(0, Math.ceil((earliestS - nowS) / classMedianS)));
    lap[index] -= early;
    atS[index] = Math.min(nowS, earliestS - early * classMedianS);
  }
}

/** Where timing gave no race time, laps at the car's usual pace. */
function crossedS({ car, at, lap, classMedianS }: CarForm): number {
  const elapsedS = car.elapsedS[at];
  if (elapsedS > 0 && Number.isFinite(elapsedS)) return elapsedS;
  return classMedianS > 0 ? lap * classMedianS : 0;
}

function ascending(values: readonly number[]): number[] {
  const sums: number[] = [];
  const counts: number[] = [];
  for (const value of values) {
    let sum = value;
    let count = 1;
    while (sums.length > 0 && sums[sums.length - 1] / counts[counts.length - 1] > sum / count) {
      sum += sums.pop()!;
      count += counts.pop()!;
    }
    sums.push(sum);
    counts.push(count);
  }
  return sums.flatMap((sum, block) => new Array<number>(counts[block]).fill(sum / counts[block]));
}
