import type { Car } from './car.js';

/** One line of the classification. */
export interface FinishRow {
  position: number;
  number: number;
  laps: number;
  /** From the world's start to the flag; null for a car that did not see it. */
  finishMs: number | null;
  stops: number;
  status: 'running' | 'finished' | 'retired';
}

/** Laps first, then who completed the last one earlier; a car that never reached the line is behind, by distance. */
export function finishOrder(cars: readonly Car[]): FinishRow[] {
  const order = [...cars].sort(
    (a, b) => b.lapsDone - a.lapsDone || a.lastLineMs - b.lastLineMs || b.distanceM - a.distanceM,
  );
  return order.map((car, index) => ({
    position: index + 1,
    number: car.field.number,
    laps: Math.max(0, car.lapsDone),
    finishMs: Number.isFinite(car.finishMs) ? car.finishMs : null,
    stops: car.stops,
    status: car.status === 'finished' ? 'finished' : car.status === 'running' ? 'running' : 'retired',
  }));
}
