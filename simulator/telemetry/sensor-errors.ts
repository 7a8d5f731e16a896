import { namedRandom, type Random } from '#wire/random.js';
import { between } from '../world/chance.js';

/** How one car's electronics are wrong: hidden, drawn once. */
export interface SensorErrors {
  /** The fuel-flow sensor reads this times the truth: 1–3 % off, either way. */
  fuelFlowScale: number;
  /** Metres that the odometer showed at the line. */
  trackStartM: number;
  /** Laps that the car's own counter is ahead of the official count. */
  lapsAhead: 0 | 1;
}

/** Share of cars whose counter takes the start for a lap. */
const COUNTS_START = 0.6;

export function drawSensorErrors(seed: number, number: number): SensorErrors {
  const random = namedRandom(seed, `sensors ${number}`);
  const sign = random() < 0.5 ? -1 : 1;
  return {
    fuelFlowScale: 1 + sign * between(random, 0.01, 0.03),
    trackStartM: Math.round(between(random, 2000, 9000)),
    lapsAhead: random() < COUNTS_START ? 1 : 0,
  };
}

/** What the car shows when it has lost count. */
const COUNTER_INVALID = 32_768;
const LOSES_COUNT = 0.02;
const BEACON_ERROR_MS = 25;

/**
 * The beacon receiver in the car: it sees the line, times the lap by its own clock and counts for itself, now and then
 * wrongly.
 */
export class Beacon {
  /** Present value of the channel `lapCount`. */
  lapCount: number;
  readonly #random: Random;
  #count: number;

  constructor(errors: SensorErrors, seed: number, number: number) {
    this.#random = namedRandom(seed, `beacon ${number}`);
    this.#count = errors.lapsAhead;
    this.lapCount = this.#count;
  }

  /** The car crossed the line; `lapTimeMs` is the true one. Returns what the car believes. */
  line(lapTimeMs: number): { lapHint: number; lapTimeMs: number } {
    this.#count++;
    this.lapCount = this.#random() < LOSES_COUNT ? COUNTER_INVALID : this.#count;
    return {
      lapHint: this.lapCount,
      lapTimeMs: Math.round(lapTimeMs + between(this.#random, -BEACON_ERROR_MS, BEACON_ERROR_MS)),
    };
  }
}
