import type { Observation } from './types.js';

/** The fields that make two observations the same, in the order in which they rank. */
const FIELDS = [
  'receivedAt',
  'source',
  'car',
  'lap',
  'vehicleId',
  'lapTimeMs',
  'elapsedMs',
  'carTime',
] as const satisfies readonly (keyof Observation)[];

/**
 * The order in which observations are folded, whichever way they came; 0 means that they are the same observation. A field
 * that is absent ranks before one that is present.
 */
export function compareObservations(a: Observation, b: Observation): number {
  for (const field of FIELDS) {
    const x = a[field];
    const y = b[field];
    if (x === y) continue;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
