import { ofSeries } from '../../field.js';
import { UNSEEN } from '../../fitted/priors.js';
import type { TyrePacePrior } from '../prior.js';
import { F1 } from './f1.js';
import { GRCUP } from './grcup.js';
import { NASCAR } from './nascar.js';
import { OTHER } from './other.js';
import { WEC } from './wec.js';

const PRIORS: Record<string, TyrePacePrior> = { f1: F1, nascar: NASCAR, wec: WEC, grcup: GRCUP };

const UNKNOWN: TyrePacePrior = {
  ...OTHER,
  onceFactor: UNSEEN * OTHER.onceFactor,
  noiseFactor: UNSEEN * OTHER.noiseFactor,
};

/** Of the series' group; of all series together, and wider, where no race of it was fitted on. */
export function tyrePacePriorOf(series: string): TyrePacePrior {
  return ofSeries(PRIORS, series) ?? UNKNOWN;
}
