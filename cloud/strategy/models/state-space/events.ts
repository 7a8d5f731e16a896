import type { CarHistory } from '../../history/history.js';
import type { CarForm } from '../field.js';

/** A lap of a car that has ended. */
export interface LapEvent {
  car: CarHistory;
  /** Its class, as `CarForm` has it. */
  cls: string;
  index: number;
  /** Race time of its end. */
  endS: number;
}

/**
 * Laps in the order of their ends; where those are alike, by lap and car, so that there is one order only. A lap without a race
 * time ends a lap time after the one before it.
 *
 * @param from the first lap that is wanted of a car, by its place in the columns
 */
export function lapEvents(cars: readonly CarForm[], from: (car: CarHistory) => number = () => 0): LapEvent[] {
  const events: LapEvent[] = [];
  for (const { car, cls } of cars) {
    const first = from(car);
    let endS = 0;
    for (let index = 0; index < car.lap.length; index++) {
      const atS = car.elapsedS[index];
      endS = Math.max(endS, atS > 0 ? atS : endS + (car.lapTimeS[index] || 0));
      if (index >= first) events.push({ car, cls, index, endS });
    }
  }
  return events.sort(byEnd);
}

function byEnd(a: LapEvent, b: LapEvent): number {
  return a.endS - b.endS || a.car.lap[a.index] - b.car.lap[b.index] || (a.car.car < b.car.car ? -1 : 1);
}
