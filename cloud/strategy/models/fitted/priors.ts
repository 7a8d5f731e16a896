import { seriesGroup } from '../field.js';
import { F1 } from './f1.js';
import { NASCAR } from './nascar.js';
import { OTHER } from './other.js';
import type { Prior } from './types.js';
import { WEC } from './wec.js';

const PRIORS: Record<string, Prior> = { f1: F1, nascar: NASCAR, wec: WEC };

/** Of the series' group; of all series together where there is none. */
export function priorOf(series: string): Prior {
  return PRIORS[seriesGroup(series)] ?? OTHER;
}
