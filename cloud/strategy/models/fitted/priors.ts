import { ofSeries } from '../field.js';
import { F1 } from './f1.js';
import { GRCUP } from './grcup.js';
import { NASCAR } from './nascar.js';
import { OTHER } from './other.js';
import type { Prior } from './types.js';
import { WEC } from './wec.js';

const PRIORS: Record<string, Prior> = { f1: F1, nascar: NASCAR, wec: WEC, grcup: GRCUP };

/** No race of the series has been seen: by so much are bands wider than what all series together would say [judgement]. */
export const UNSEEN = 1.3;

const UNKNOWN: Prior = {
  ...OTHER,
  pace: { ...OTHER.pace, bands: OTHER.pace.bands.map(({ low, high }) => ({ low: UNSEEN * low, high: UNSEEN * high })) },
  order: { ...OTHER.order, spreadFactor: UNSEEN * OTHER.order.spreadFactor },
};

/** Of the series' group; of all series together, and wider, where no race of it was fitted on. */
export function priorOf(series: string): Prior {
  return ofSeries(PRIORS, series) ?? UNKNOWN;
}
