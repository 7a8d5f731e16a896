import { namedRandom } from '#wire/random.js';
import { at, CHANNEL_COUNT, type ChannelName } from '../channels.js';
import { normal } from '../world/chance.js';

const TABLE_SIZE = 16_384;
export const NOISE_MASK = TABLE_SIZE - 1;

/** Spread of a channel's noise in steps of its resolution; 0 where the value is a count or already exact. */
const QUIET: Partial<Record<ChannelName, number>> = {
  gear: 0,
  lapCount: 0,
  distance: 0,
  latitude: 0.6,
  longitude: 0.6,
};
const LIVELY: Partial<Record<ChannelName, number>> = {
  rpm: 2,
  accelX: 2.5,
  accelY: 2.5,
  accelZ: 4,
  yawRate: 2,
  suspensionFL: 6,
  suspensionFR: 6,
  suspensionRL: 6,
  suspensionRR: 6,
  oilPressure: 1.5,
  fuelFlow: 1.5,
  crankcasePressure: 3,
};
/** Slow sensors flicker by a step at most. */
const USUAL = 0.7;

/** Noise amplitude of each channel, in steps of its resolution, by index. */
export function noiseSteps(): Float64Array {
  const steps = new Float64Array(CHANNEL_COUNT).fill(USUAL);
  for (const [name, value] of Object.entries({ ...LIVELY, ...QUIET })) steps[at[name as ChannelName]] = value;
  return steps;
}

/** Channels that jump from one value to the next instead of passing between. */
export const STEPPED: readonly ChannelName[] = ['gear', 'lapCount'];

/**
 * Standard normal numbers, made once for all cars of a race. Each channel of each car reads them from its own start, in
 * its own stride, by the number of the sample: no draw at a sample, and the same value whenever a sample is asked for.
 */
export function noiseTable(seed: number): Float32Array {
  const random = namedRandom(seed, 'noise');
  return Float32Array.from({ length: TABLE_SIZE }, () => normal(random));
}
