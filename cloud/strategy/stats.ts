/** Robust figures on small samples. All of them answer for an empty sample with null: nobody gets a NaN. */

/** z of the 10 % and 90 % points: our bands are 80 % intervals. */
export const Z80 = 1.2816;

export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}

/** Linear between the order statistics. */
export function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  return sortedQuantile(Float64Array.from(values).sort(), share);
}

/** For values that are sorted already, ascending and at least one. */
export function sortedQuantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** A normal standard deviation, in medians of the absolute deviation. */
export const MAD_TO_SD = 1.4826;

/** Standard deviation as the median absolute deviation tells it, deaf to outliers. */
export function robustSd(values: readonly number[]): number | null {
  const middle = median(values);
  if (middle === null || values.length < 2) return null;
  return MAD_TO_SD * median(values.map((value) => Math.abs(value - middle)))!;
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
