/**
 * Chance that a car falls out within so many laps. Source: the share of cars that did not finish past races of the series, as a
 * steady rate over the distance. Units: chance. Limits: one rate for all cars and tracks; the first lap is no worse than others.
 *
 * @param outsPerRace rate over a whole race
 */
export function retirementChance(outsPerRace: number, laps: number, lapsTotal: number): number {
  return lapsTotal > 0 ? 1 - Math.exp((-outsPerRace * Math.max(0, laps)) / lapsTotal) : 0;
}
