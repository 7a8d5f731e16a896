import { randomInt } from 'node:crypto';
import type { Random } from '#wire/random.js';

const STEPS = 2 ** 47;

/**
 * Chance for the parts of a running system: cryptographic, so that boots of agents whose folder was copied or emptied never
 * share an identity.
 */
export const systemRandom: Random = () => randomInt(STEPS) / STEPS;
