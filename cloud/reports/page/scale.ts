/** Value → place on a plot. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

/** A line between two values and two places, with round ticks inside. */
export function linearScale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
  ticksMax: number,
): Scale {
  const place = (value: number) => start + ((value - from) / (to - from)) * (end - start);
  return Object.assign(place, { ticks: roundTicks(from, to, ticksMax) });
}

/** Multiples of 1, 2 or 5 × 10ⁿ in a range, at most so many. */
export function roundTicks(from: number, to: number, most: number): number[] {
  const least = (to - from) / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= least * 0.999999)!;
  const ticks: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) ticks.push(i * step);
  return ticks;
}
