/**
 * Random numbers by counter: a number is a hash of what it is for (seed, run, car, lap, purpose) and of nothing else. So two
 * options of the same run meet the same cautions, noise and rivals, whatever either of them does.
 */
import { normalQuantile } from '../normal.js';

/** What a number is for; any distinct odd constants. */
export const PURPOSE = {
  offset: 0x2545f491,
  falloff: 0x68e31da5,
  lap: 0x1b56c4e9,
  stop: 0x7feb352d,
  fate: 0x3c6ef373,
  pass: 0x5851f42d,
  loss: 0x4f1bbcdd,
  fuel: 0x27d4eb2f,
  cautionRate: 0x165667b1,
  caution: 0x61c88647,
  cautionLength: 0x4cf5ad43,
  cautionKind: 0x38495ab5,
  cautionStop: 0x2c1b3c6d,
  track: 0x297a2d39,
} as const;

const GOLDEN = 0x9e3779b1;
const CAR = 0x85ebca6b;
const LAP = 0xc2b2ae35;
const TO_UNIT = 1 / 4_294_967_296;

/** 32 bits, each of which depends on every bit that went in (the finisher of a well-known 32-bit hash). */
export function mix(bits: number): number {
  let h = bits | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/** The key that all draws of a run begin with. */
export function runKey(seed: number, run: number): number {
  return mix(mix((seed | 0) ^ GOLDEN) + Math.imul(run + 1, GOLDEN));
}

/** 32 bits for this car, lap and purpose; −1 as car or lap stands for none. */
export function bitsOf(key: number, purpose: number, car: number, lap: number): number {
  return mix(mix(key ^ purpose ^ Math.imul(car + 2, CAR)) + Math.imul(lap + 2, LAP));
}

/** Uniform in [0, 1). */
export function unitOf(bits: number): number {
  return bits * TO_UNIT;
}

const STEPS_LOG2 = 12;
const STEPS = 1 << STEPS_LOG2;
const SHIFT = 32 - STEPS_LOG2;
const NORMAL = normalTable();

/** Standard normal by the top 12 bits: the middles of 4,096 equal shares, so mean 0 and sd 1 to four digits; ±3.7 at most. */
export function normalOf(bits: number): number {
  return NORMAL[bits >>> SHIFT];
}

/** Standard normal whose share of smaller ones is `unit`. */
export function normalAt(unit: number): number {
  return NORMAL[Math.min(STEPS - 1, Math.max(0, Math.floor(unit * STEPS)))];
}

function normalTable(): Float64Array {
  const table = new Float64Array(STEPS);
  for (let step = 0; step < STEPS; step++) table[step] = normalQuantile((step + 0.5) / STEPS);
  return table;
}
