/** Small dense regressions for the fitting of priors: a few dozen weights, some ten thousand rows. */

export interface Row {
  /** Of rows that come from one race; races count alike. */
  race: number;
  x: Float64Array;
  y: number;
}

const ROUNDS = 10;

/**
 * Least absolute deviations by reweighted least squares, races counting alike; `ridge` relative to the diagonal, so that
 * units do not matter.
 */
export function leastAbsolute(rows: readonly Row[], ridge: number, floor: number): Float64Array {
  return reweighted(rows, ridge, (missed) => 1 / Math.max(floor, missed));
}

/**
 * The most usual outcome rather than the middle one: misses far beyond `scale` (a red flag, a wet hour) count for ever less,
 * as under a Cauchy distribution.
 */
export function mostUsual(rows: readonly Row[], ridge: number, scale: number): Float64Array {
  return reweighted(rows, ridge, (missed) => 1 / (scale * scale + missed * missed));
}

function reweighted(rows: readonly Row[], ridge: number, weigh: (missed: number) => number): Float64Array {
  const share = raceShares(rows);
  let weights: Float64Array = new Float64Array(rows[0].x.length);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = new Sums(weights.length);
    for (const row of rows) {
      const missed = Math.abs(row.y - dot(row.x, weights));
      sums.add(row.x, row.y, share.get(row.race)! * weigh(missed));
    }
    weights = sums.solve(ridge);
  }
  return weights;
}

/** @param ridge relative to the diagonal; a function of the column where some are held down more than others */
export function leastSquares(rows: readonly Row[], ridge: number | ((column: number) => number)): Float64Array {
  const share = raceShares(rows);
  const sums = new Sums(rows[0].x.length);
  for (const row of rows) sums.add(row.x, row.y, share.get(row.race)!);
  return sums.solve(ridge);
}

/** Logistic regression (y is 0 or 1) by Newton's steps; every row counts alike; absolute `ridge`, none on the first weight. */
export function logistic(rows: readonly Row[], ridge: number): Float64Array {
  let weights: Float64Array = new Float64Array(rows[0].x.length);
  for (let round = 0; round < ROUNDS; round++) {
    const sums = new Sums(weights.length);
    for (const row of rows) {
      const logit = dot(row.x, weights);
      const p = 1 / (1 + Math.exp(-logit));
      const weight = Math.max(1e-4, p * (1 - p));
      sums.add(row.x, logit + (row.y - p) / weight, weight);
    }
    weights = sums.solve(0, (index) => (index === 0 ? 1e-3 : ridge));
  }
  return weights;
}

export function dot(x: Float64Array, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * weights[i];
  return sum;
}

/** Races are dealt into so many parts. */
export const FOLDS = 7;

/** Each row's forecast by weights fitted on the other races. */
export function crossValidated<R extends Row>(
  rows: readonly R[],
  regress: (rows: readonly R[]) => Float64Array,
): Float64Array {
  const forecasts = new Float64Array(rows.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const rest = rows.filter(({ race }) => race % FOLDS !== fold);
    if (rest.length === 0 || rest.length === rows.length) continue;
    const weights = regress(rest);
    for (const [index, row] of rows.entries()) if (row.race % FOLDS === fold) forecasts[index] = dot(row.x, weights);
  }
  return forecasts;
}

/** Mean over races of the mean over a race's rows. */
export function meanOverRaces(rows: readonly Row[], of: (row: Row, index: number) => number): number {
  const races = new Map<number, { sum: number; count: number }>();
  for (const [index, row] of rows.entries()) {
    const race = races.get(row.race) ?? { sum: 0, count: 0 };
    race.sum += of(row, index);
    race.count++;
    races.set(row.race, race);
  }
  let total = 0;
  for (const { sum, count } of races.values()) total += sum / count;
  return total / races.size;
}

/** Weights by the names of their columns. */
export function named<Name extends string>(names: readonly Name[], weights: Float64Array): Record<Name, number> {
  return Object.fromEntries(names.map((name, index) => [name, weights[index]])) as Record<Name, number>;
}

function raceShares(rows: readonly Row[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { race } of rows) counts.set(race, (counts.get(race) ?? 0) + 1);
  return new Map([...counts].map(([race, count]) => [race, 1 / count]));
}

/** Normal equations. */
class Sums {
  private readonly size: number;
  private readonly matrix: Float64Array;
  private readonly target: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.matrix = new Float64Array(size * size);
    this.target = new Float64Array(size);
  }

  add(x: Float64Array, y: number, weight: number): void {
    const { size, matrix, target } = this;
    for (let i = 0; i < size; i++) {
      const weighted = weight * x[i];
      if (weighted === 0) continue;
      target[i] += weighted * y;
      for (let j = 0; j <= i; j++) matrix[i * size + j] += weighted * x[j];
    }
  }

  /** Cholesky; a column without any variation gets no weight. */
  solve(ridge: number | ((column: number) => number), absolute: (index: number) => number = () => 0): Float64Array {
    const { size, matrix, target } = this;
    const root = Float64Array.from(matrix);
    for (let i = 0; i < size; i++) {
      const relative = typeof ridge === 'number' ? ridge : ridge(i);
      root[i * size + i] += relative * matrix[i * size + i] + absolute(i) + 1e-12;
    }
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = root[i * size + j];
        for (let k = 0; k < j; k++) sum -= root[i * size + k] * root[j * size + k];
        root[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / root[j * size + j];
      }
    }
    const solved = Float64Array.from(target);
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < i; k++) solved[i] -= root[i * size + k] * solved[k];
      solved[i] /= root[i * size + i];
    }
    for (let i = size - 1; i >= 0; i--) {
      for (let k = i + 1; k < size; k++) solved[i] -= root[k * size + i] * solved[k];
      solved[i] /= root[i * size + i];
    }
    return solved;
  }
}
