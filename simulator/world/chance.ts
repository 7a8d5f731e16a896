import type { Random } from '#wire/random.js';

/** Draws that the world makes from uniform numbers. Each takes a fixed count of them, so that streams stay aligned. */

/** Standard normal (Box–Muller, the cosine half): two uniform numbers. */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** Whole number from low to high, both included. */
export function wholeBetween(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random());
}
