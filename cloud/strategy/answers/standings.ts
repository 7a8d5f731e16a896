import { lapsBack } from '#cloud/race/rules/lapped.js';
import { reachesEnd } from './fuel-answer.js';
import type { CarReading, Reading } from './reading.js';
import type { StandingAnswer } from './types.js';

/** Cars whose last stops are within so many laps of each other made the same cycle. */
const SAME_CYCLE_LAPS = 3;

/** Group 6: one row a car, by entry. Source: timing's stops, people's facts on them; fuel as estimated. */
export function standings(reading: Reading): Record<string, StandingAnswer> {
  const { state, stops } = reading;
  const { freePass, waveAround } = lapsBack(state);
  const groups = strategyGroups(reading.cars);
  const all: Record<string, StandingAnswer> = {};
  for (const car of reading.cars) {
    const { key, entry, form, fuel, lap, toGo, racing } = car;
    const last = entry.stops.at(-1);
    all[key] = {
      lastStopLap: last?.lap ?? null,
      stops: entry.stops.length,
      tyreAgeLaps: lap - entry.tyresFromLap,
      tyresTaken: last?.tyresChanged ?? null,
      fuelToEnd: racing && reading.lapsTotal !== null ? reachesEnd(fuel, toGo) : null,
      group: groups[key],
      freePass: key === freePass,
      waveAround: waveAround.includes(key),
      stopWithin5: racing && form !== null ? stops.within5(form) : null,
    };
  }
  return all;
}

/**
 * Cars by their last stops, newest cycle first: 1, 2, …; those that have not stopped come last. Cars that are out have the
 * group in which they were.
 *
 * @example
 * // last stops on laps 41, 40, 22, none
 * { '24': 1, '5': 1, '9': 2, '11': 3 }
 */
function strategyGroups(cars: readonly Pick<CarReading, 'key' | 'entry'>[]): Record<string, number> {
  const sorted = cars
    .map(({ key, entry }) => ({ key, lap: entry.stops.at(-1)?.lap ?? Number.NEGATIVE_INFINITY }))
    .sort((a, b) => (a.lap === b.lap ? 0 : b.lap - a.lap));
  const groups: Record<string, number> = {};
  let group = 1;
  sorted.forEach(({ key, lap }, index) => {
    if (index > 0 && sorted[index - 1].lap - lap > SAME_CYCLE_LAPS) group++;
    groups[key] = group;
  });
  return groups;
}
