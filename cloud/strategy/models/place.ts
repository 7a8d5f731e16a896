import { normalCdf, normalQuantile } from '../normal.js';

/** A car's final place as a distribution, given how each car's final score may come out. */
export interface Score {
  /** Expected place if nobody's luck turned. */
  mean: number;
  sd: number;
  /** Chance of falling to the back: a retirement, a long repair. */
  pOut: number;
}

/** Midpoints of equal shares of the standard normal, by which a car's own luck is integrated. */
const NODES = 24;
const NORMAL_NODES = Array.from({ length: NODES }, (_, index) => normalQuantile((index + 0.5) / NODES));
/** Scores this far behind the last car's are those of cars that fell out. */
const OUT_BEHIND = 2;
const OUT_SD = 1;

/**
 * Chances of each place, 0 = first, per car: for every value of a car's own score, the number of cars ahead is a sum of
 * independent yes-or-no's (Poisson-binomial), worked out exactly; then summed over the value. No draws, so no noise.
 *
 * Limits: scores are independent of each other: a caution that turns the whole field is in their spread.
 */
export function placeChances(scores: readonly Score[]): Float64Array[] {
  const outAt = OUT_BEHIND + scores.reduce((worst, { mean }) => Math.max(worst, mean), 0);
  return scores.map((own, index) => {
    const chances = new Float64Array(scores.length);
    const rivals = scores.filter((_, other) => other !== index);
    for (const z of NORMAL_NODES) {
      addPlaces(chances, rivals, own.mean + z * own.sd, outAt, (1 - own.pOut) / NODES);
      if (own.pOut > 0) addPlaces(chances, rivals, outAt + z * OUT_SD, outAt, own.pOut / NODES);
    }
    return chances;
  });
}

function addPlaces(
  chances: Float64Array,
  rivals: readonly Score[],
  value: number,
  outAt: number,
  weight: number,
): void {
  const ahead = new Float64Array(chances.length);
  ahead[0] = 1;
  for (const [count, { mean, sd, pOut }] of rivals.entries()) {
    const p = (1 - pOut) * normalCdf((value - mean) / sd) + pOut * normalCdf((value - outAt) / OUT_SD);
    for (let places = count + 1; places > 0; places--) ahead[places] += p * (ahead[places - 1] - ahead[places]);
    ahead[0] *= 1 - p;
  }
  for (let place = 0; place < chances.length; place++) chances[place] += weight * ahead[place];
}

/** The run of places that holds nearest to `mass`, taken from the likeliest place outwards. Inclusive, from 1. */
export function placeBand(chances: Float64Array, mass: number): { low: number; high: number } {
  let low = chances.indexOf(Math.max(...chances));
  let high = low;
  let held = chances[low];
  while (low > 0 || high < chances.length - 1) {
    const below = low > 0 ? chances[low - 1] : -1;
    const above = high < chances.length - 1 ? chances[high + 1] : -1;
    const next = Math.max(below, above);
    if (Math.abs(held + next - mass) >= Math.abs(held - mass)) break;
    held += next;
    if (below >= above) low--;
    else high++;
  }
  return { low: low + 1, high: high + 1 };
}
