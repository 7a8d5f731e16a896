import type { TyreSpec } from '../scenarios/scenario.js';
import type { Car } from './car.js';
import type { Track } from './track.js';

/** The right side carries a left-turning car. */
const RIGHT_SHARE = 0.64;
const COLD_BELOW_C = 82;
const COLD_LOSS_PER_K = 0.0007;
const AIR_C = 27;
/** Sliding energy of a lap at the reference speed is made 1 by this; see `wearPerLap`. */
const HEAT_PER_SLIDE = 0.0041;
const COOLING_PER_MPS = 0.00042;
const COOLING_STILL = 0.003;

/**
 * Tyres wear by sliding: sideways force times the speed at which it is carried. Grip goes in two parts, one early and
 * one steady; tyres below their working heat hold less.
 */
export class Tyres {
  readonly #spec: TyreSpec;
  /** Wear per unit of sliding (m²/s³ × s). */
  readonly #wearPerSlide: number;

  constructor(spec: TyreSpec, track: Track) {
    this.#spec = spec;
    let slide = 0;
    for (let at = 0; at < track.lengthM; at++) {
      const lateral = track.speedMps[at] ** 2 * track.curvature[at];
      // Over one metre: force × speed × (1 / speed).
      slide += lateral ** 2 / 10;
    }
    this.#wearPerSlide = 1 / (slide * spec.lifeLaps);
  }

  /** Grip as a factor of that of new, warm tyres. */
  grip(car: Car): number {
    const wear = (1 - RIGHT_SHARE) * car.wearLeft + RIGHT_SHARE * car.wearRight;
    const cold = car.tyreTempC < COLD_BELOW_C ? (COLD_BELOW_C - car.tyreTempC) * COLD_LOSS_PER_K : 0;
    return 1 - this.#spec.earlyLoss * (1 - Math.exp(-2.4 * wear)) - this.#spec.steadyLoss * wear - cold;
  }

  /** Wears and heats them over `seconds`. */
  run(car: Car, seconds: number): void {
    const slide = (car.lateralMps2 ** 2 / 10) * car.speedMps;
    const wear = slide * seconds * this.#wearPerSlide * car.field.character.tyreAbuse;
    car.wearRight += 1.15 * wear;
    car.wearLeft += 0.8 * wear;
    const work = Math.abs(car.lateralMps2) * car.speedMps + 0.5 * Math.abs(car.accelMps2) * car.speedMps;
    const cooling = (COOLING_STILL + COOLING_PER_MPS * car.speedMps) * (car.tyreTempC - AIR_C);
    car.tyreTempC += seconds * (HEAT_PER_SLIDE * work - cooling);
  }

  /** Blankets are not allowed: new tyres come at a storage temperature, and two of four halve the shock. */
  change(car: Car, tyres: 0 | 2 | 4): void {
    if (tyres === 0) return;
    const COLD_SET_C = 55;
    car.wearRight = 0;
    if (tyres === 4) car.wearLeft = 0;
    car.tyreTempC = tyres === 4 ? COLD_SET_C : (COLD_SET_C + car.tyreTempC) / 2;
    car.tyreLaps = 0;
  }
}
