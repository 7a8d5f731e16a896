import type { CarForm, Field } from '../models/field.js';
import type { StopModel } from '../models/stops.js';
import type { StopForecast } from './types.js';

/** The next stop of every car that runs. */
export function forecastStops(field: Field, stops: StopModel): Record<string, StopForecast> {
  return byCar(field, (form) => ({ lap: stops.nextLap(form), pWithin5: stops.within5(form) }));
}

/** Seconds to the finish of every car that runs, from its last crossing. */
export function forecastRemaining(field: Field, remainingS: (form: CarForm) => number | null): Record<string, number> {
  return byCar(field, remainingS);
}

function byCar<T>(field: Field, of: (form: CarForm) => T | null): Record<string, T> {
  const answers: Record<string, T> = {};
  for (const form of field.cars) {
    const answer = form.running ? of(form) : null;
    if (answer !== null) answers[form.car.car] = answer;
  }
  return answers;
}
