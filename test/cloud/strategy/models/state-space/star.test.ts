import { describe, expect, it } from 'vitest';
import {
  expect as expected,
  moveOwn,
  moveShared,
  newOwn,
  type Own,
  observe,
  observeShared,
} from '#cloud/strategy/models/state-space/star.js';
import { seededRandom } from '#wire/random.js';
import { normal } from './made-laps.js';

const SEED = 20_261_121;
const FIELDS = 3;
const CARS = 3;
const OWN = 2;

/** The same filter with one large state: every car's and the field's. */
class Whole {
  readonly size = FIELDS + CARS * OWN;
  mean = new Float64Array(this.size);
  covariance: Float64Array[] = Array.from({ length: this.size }, () => new Float64Array(this.size));

  regressors(car: number, byField: Float64Array, byOwn: Float64Array): Float64Array {
    const all = new Float64Array(this.size);
    all.set(byField);
    all.set(byOwn, FIELDS + car * OWN);
    return all;
  }

  observe(by: Float64Array, value: number, noise: number): void {
    const gain = this.covariance.map((row) => row.reduce((sum, each, k) => sum + each * by[k], 0));
    const variance = gain.reduce((sum, each, k) => sum + each * by[k], noise);
    const miss = value - by.reduce((sum, each, k) => sum + each * this.mean[k], 0);
    for (let i = 0; i < this.size; i++) {
      this.mean[i] += (gain[i] * miss) / variance;
      for (let k = 0; k < this.size; k++) this.covariance[i][k] -= (gain[i] * gain[k]) / variance;
    }
  }

  expect(by: Float64Array): { mean: number; variance: number } {
    const gain = this.covariance.map((row) => row.reduce((sum, each, k) => sum + each * by[k], 0));
    return {
      mean: by.reduce((sum, each, k) => sum + each * this.mean[k], 0),
      variance: gain.reduce((sum, each, k) => sum + each * by[k], 0),
    };
  }
}

describe(`filter of a field and its cars (seed ${SEED})`, () => {
  const made = () => {
    const shared = { mean: new Float64Array(FIELDS), covariance: new Float64Array(FIELDS * FIELDS) };
    const owns: Own[] = Array.from({ length: CARS }, () => newOwn(OWN, FIELDS));
    const whole = new Whole();
    for (let k = 0; k < FIELDS; k++) {
      shared.mean[k] = k - 1;
      shared.covariance[k * FIELDS + k] = 0.5 + k;
      whole.mean[k] = k - 1;
      whole.covariance[k][k] = 0.5 + k;
    }
    for (const [car, own] of owns.entries()) {
      for (let i = 0; i < OWN; i++) {
        own.mean[i] = car + i;
        own.covariance[i * OWN + i] = 2;
        whole.mean[FIELDS + car * OWN + i] = car + i;
        whole.covariance[FIELDS + car * OWN + i][FIELDS + car * OWN + i] = 2;
      }
    }
    return { shared, owns, whole };
  };

  it('knows the same as one large filter, while the field stands still', () => {
    const random = seededRandom(SEED);
    const { shared, owns, whole } = made();
    const drawn = (size: number) => Float64Array.from({ length: size }, () => normal(random));
    for (let step = 0; step < 60; step++) {
      const car = Math.floor(random() * CARS);
      const byField = drawn(FIELDS);
      const byOwn = drawn(OWN);
      const value = 3 * normal(random);
      observe(shared, owns[car], byField, byOwn, value, 0.2);
      whole.observe(whole.regressors(car, byField, byOwn), value, 0.2);
      if (step % 7 === 0) {
        const kept = 0.8;
        moveOwn(owns[car], 1, kept, 0.3);
        const at = FIELDS + car * OWN + 1;
        whole.mean[at] *= kept;
        for (let k = 0; k < whole.size; k++) whole.covariance[at][k] *= kept;
        for (let k = 0; k < whole.size; k++) whole.covariance[k][at] *= kept;
        whole.covariance[at][at] += 0.3;
      }
      if (step % 11 === 0) {
        observeShared(shared, byField, value, 1);
        whole.observe(
          Float64Array.from({ length: whole.size }, (_, k) => byField[k] ?? 0),
          value,
          1,
        );
      }
      for (const [other, own] of owns.entries()) {
        const said = expected(shared, own, byField, byOwn);
        const truth = whole.expect(whole.regressors(other, byField, byOwn));
        expect(said.mean).toBeCloseTo(truth.mean, 8);
        expect(said.variance).toBeCloseTo(truth.variance, 8);
      }
    }
  });

  it('lets the field move: a trend is followed exactly, a step widens what is known of all cars alike', () => {
    const { shared, owns } = made();
    const byField = Float64Array.of(1, 0, 0);
    const byOwn = Float64Array.of(1, 0);
    const before = expected(shared, owns[0], byField, byOwn);
    const trend = shared.mean[1];
    moveShared(shared, owns, 0, 1, 0.25);
    const after = expected(shared, owns[0], byField, byOwn);
    expect(after.mean).toBeCloseTo(before.mean + trend, 10);
    // The trend's own spread (1.5) comes in as well.
    expect(after.variance).toBeCloseTo(before.variance + 1.5 + 0.25, 10);
  });

  it('keeps what a car knows of itself when the field moves', () => {
    const { shared, owns } = made();
    const byField = Float64Array.of(1, 0, 0);
    const byOwn = Float64Array.of(1, 0);
    for (let lap = 0; lap < 50; lap++) observe(shared, owns[0], byField, byOwn, 7, 0.1);
    const before = expected(shared, owns[0], byField, byOwn);
    moveShared(shared, owns, 0, 1, 0.25);
    const after = expected(shared, owns[0], byField, byOwn);
    expect(before.mean).toBeCloseTo(7, 1);
    expect(after.mean).toBeCloseTo(before.mean + shared.mean[1], 8);
    expect(after.variance).toBeGreaterThan(before.variance);
  });
});
