/** Named figures of a situation, and what each counts. */
export type Features<Name extends string> = Record<Name, number>;

export function weigh<Name extends string>(features: Features<Name>, weights: Features<Name>): number {
  let sum = 0;
  for (const name in weights) sum += features[name] * weights[name];
  return sum;
}

export function chanceOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
