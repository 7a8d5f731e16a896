/**
 * A Kalman filter for one shared state and many own ones. Given the field, cars are independent of each other; so each car
 * is kept as its distribution *given* the field, x = mean + link · field ± covariance, and a lap of one car costs the
 * same however many cars there are. Exact as long as the field's state stands still; when it moves, what a car learns
 * of the move is taken as its own (an error of second order).
 */

export interface Shared {
  mean: Float64Array;
  /** Square, row by row. */
  covariance: Float64Array;
}

export interface Own {
  mean: Float64Array;
  /** Rows: own state; columns: field's state. */
  link: Float64Array;
  covariance: Float64Array;
}

/** What is expected of an observation. */
export interface Expected {
  mean: number;
  /** Of all that is unknown, without the observation's own noise. */
  variance: number;
}

export function newOwn(size: number, fieldSize: number): Own {
  return {
    mean: new Float64Array(size),
    link: new Float64Array(size * fieldSize),
    covariance: new Float64Array(size * size),
  };
}

export function copyShared({ mean, covariance }: Shared): Shared {
  return { mean: mean.slice(), covariance: covariance.slice() };
}

export function copyOwn({ mean, link, covariance }: Own): Own {
  return { mean: mean.slice(), link: link.slice(), covariance: covariance.slice() };
}

/** Regressors of the field's state once the car's is put in terms of it. */
function through(own: Own, byField: Float64Array, byOwn: Float64Array): Float64Array {
  const fields = byField.length;
  const effective = byField.slice();
  for (let i = 0; i < byOwn.length; i++) {
    const weight = byOwn[i];
    if (weight === 0) continue;
    for (let k = 0; k < fields; k++) effective[k] += weight * own.link[i * fields + k];
  }
  return effective;
}

export function expect(shared: Shared, own: Own, byField: Float64Array, byOwn: Float64Array): Expected {
  const effective = through(own, byField, byOwn);
  return {
    mean: dot(effective, shared.mean) + dot(byOwn, own.mean),
    variance: quadratic(shared.covariance, effective) + quadratic(own.covariance, byOwn),
  };
}

/** Takes in one observation of the car; both states become those that are known after it. */
export function observe(
  shared: Shared,
  own: Own,
  byField: Float64Array,
  byOwn: Float64Array,
  value: number,
  noiseVariance: number,
): void {
  const effective = through(own, byField, byOwn);
  const fields = effective.length;
  const ownGain = times(own.covariance, byOwn);
  const ownVariance = dot(ownGain, byOwn) + noiseVariance;
  const ownMiss = value - dot(byOwn, own.mean);
  const fieldGain = times(shared.covariance, effective);
  const variance = dot(fieldGain, effective) + ownVariance;
  const miss = ownMiss - dot(effective, shared.mean);
  takeOut(shared.covariance, fieldGain, variance);
  for (let k = 0; k < fields; k++) shared.mean[k] += (fieldGain[k] * miss) / variance;
  takeOut(own.covariance, ownGain, ownVariance);
  for (let i = 0; i < byOwn.length; i++) {
    const gain = ownGain[i] / ownVariance;
    own.mean[i] += gain * ownMiss;
    for (let k = 0; k < fields; k++) own.link[i * fields + k] -= gain * effective[k];
  }
}

/** An observation of the field's state alone. */
export function observeShared(shared: Shared, byField: Float64Array, value: number, noiseVariance: number): void {
  const gain = times(shared.covariance, byField);
  const variance = dot(gain, byField) + noiseVariance;
  const miss = value - dot(byField, shared.mean);
  takeOut(shared.covariance, gain, variance);
  for (let k = 0; k < gain.length; k++) shared.mean[k] += (gain[k] * miss) / variance;
}

/** Part `part` of the field's state goes on by part `trend`, and by a step of the variance. */
export function moveShared(
  shared: Shared,
  owns: Iterable<Own>,
  part: number,
  trend: number,
  stepVariance: number,
): void {
  const { mean, covariance } = shared;
  const fields = mean.length;
  mean[part] += mean[trend];
  for (let k = 0; k < fields; k++) covariance[part * fields + k] += covariance[trend * fields + k];
  for (let k = 0; k < fields; k++) covariance[k * fields + part] += covariance[k * fields + trend];
  covariance[part * fields + part] += stepVariance;
  // Where the state came from, given where it is: only `part` has moved, against the step's share of its spread.
  const unit = new Float64Array(fields);
  unit[part] = 1;
  const back = solve(covariance, unit);
  const backMean = dot(back, mean);
  const leftVariance = Math.max(0, stepVariance * (1 - stepVariance * back[part]));
  for (const own of owns) {
    const size = own.mean.length;
    for (let i = 0; i < size; i++) {
      const row = i * fields;
      own.link[row + trend] -= own.link[row + part];
    }
    const links = Array.from({ length: size }, (_, i) => own.link[i * fields + part]);
    for (let i = 0; i < size; i++) {
      if (links[i] === 0) continue;
      const step = stepVariance * links[i];
      own.mean[i] += step * backMean;
      for (let k = 0; k < fields; k++) own.link[i * fields + k] -= step * back[k];
      for (let j = 0; j < size; j++) own.covariance[i * size + j] += links[i] * links[j] * leftVariance;
    }
  }
}

/** Part `part` of a car's state keeps a share of itself and gets a step of the variance. */
export function moveOwn(own: Own, part: number, kept: number, stepVariance: number): void {
  const size = own.mean.length;
  const fields = own.link.length / size;
  own.mean[part] *= kept;
  for (let k = 0; k < fields; k++) own.link[part * fields + k] *= kept;
  for (let i = 0; i < size; i++) own.covariance[part * size + i] *= kept;
  for (let i = 0; i < size; i++) own.covariance[i * size + part] *= kept;
  own.covariance[part * size + part] += stepVariance;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function quadratic(matrix: Float64Array, vector: Float64Array): number {
  return Math.max(0, dot(times(matrix, vector), vector));
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const product = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    const weight = vector[k];
    if (weight === 0) continue;
    for (let i = 0; i < size; i++) product[i] += matrix[k * size + i] * weight;
  }
  return product;
}

/** matrix −= gain · gainᵀ ÷ variance. */
function takeOut(matrix: Float64Array, gain: Float64Array, variance: number): void {
  const size = gain.length;
  for (let i = 0; i < size; i++) {
    const weight = gain[i] / variance;
    if (weight === 0) continue;
    for (let k = 0; k < size; k++) matrix[i * size + k] -= weight * gain[k];
  }
}

/** Of a symmetric positive matrix: Cholesky. A part without any variance stays out. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const lower = new Float64Array(size * size);
  const solution = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let rest = right[i];
    for (let k = 0; k <= i; k++) {
      let sum = matrix[i * size + k];
      for (let j = 0; j < k; j++) sum -= lower[i * size + j] * lower[k * size + j];
      if (k < i) lower[i * size + k] = lower[k * size + k] === 0 ? 0 : sum / lower[k * size + k];
      // A rounding error below zero, and a variance of zero, alike.
      else lower[i * size + i] = sum > matrix[i * size + i] * 1e-12 ? Math.sqrt(sum) : 0;
    }
    for (let j = 0; j < i; j++) rest -= lower[i * size + j] * solution[j];
    solution[i] = lower[i * size + i] === 0 ? 0 : rest / lower[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    let rest = solution[i];
    for (let j = i + 1; j < size; j++) rest -= lower[j * size + i] * solution[j];
    solution[i] = lower[i * size + i] === 0 ? 0 : rest / lower[i * size + i];
  }
  return solution;
}
