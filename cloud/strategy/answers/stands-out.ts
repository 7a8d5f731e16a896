import type { Gain } from '../monte-carlo/summary.js';

/** A mean counts when it is so many of its own standard deviations from nothing. */
const SURE_SE = 2;
/** Another lap than the quick models' must win more places on average: the best of several close ones is partly luck. */
const PLACES_TO_MOVE = 1;

/** Wins places beyond their noise. */
export function standsOut({ places, placesMeanSd }: Gain): boolean {
  return places.mean > 0 && places.mean > SURE_SE * placesMeanSd;
}

/**
 * The lap that wins most places against the quick models' lap, if it wins more than one, beyond noise, and loses no time: under
 * green, places without time are the luck of the cautions drawn. Null: none does.
 *
 * @param laps gains against the quick models' lap; null where it was not drawn
 */
export function lapThatStandsOut(laps: readonly { lap: number; gain: Gain | null }[]): number | null {
  let best: number | null = null;
  let mostPlaces = PLACES_TO_MOVE;
  for (const { lap, gain } of laps) {
    if (gain === null || !standsOut(gain) || gain.seconds.mean < 0 || gain.places.mean <= mostPlaces) continue;
    best = lap;
    mostPlaces = gain.places.mean;
  }
  return best;
}
