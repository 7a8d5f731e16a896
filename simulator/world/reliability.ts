import { namedRandom, type Random } from '#wire/random.js';
import type { Scenario } from '../scenarios/scenario.js';
import type { Car } from './car.js';
import { between } from './chance.js';

/** A failing engine shows it this long before it stops. */
const WARNING_LAPS = 2.5;
const OVERHEAT_K = 42;
/** Share of cautions whose cause ends a car's race. */
const WRECKS_PER_CAUTION = 0.35;
/** Laps that `Scenario.retirementChance` is meant for. */
const CHANCE_FOR_LAPS = 60;

/** What breaks: engines, drawn before the start, and the car that an incident was about. */
export class Reliability {
  readonly #random: Random;
  readonly #lengthM: number;

  constructor(cars: Car[], scenario: Scenario, lengthM: number, seed: number) {
    this.#random = namedRandom(seed, 'incidents');
    this.#lengthM = lengthM;
    const failures = namedRandom(seed, 'failures');
    const chance = (scenario.retirementChance * scenario.laps) / CHANCE_FOR_LAPS;
    for (const car of cars) {
      const fails = failures() < chance;
      const atM = between(failures, WARNING_LAPS, scenario.laps) * lengthM;
      if (fails) car.failsAtM = atM;
    }
  }

  /** Heats a failing engine; true once it has failed. */
  fails(car: Car): boolean {
    if (car.failsAtM === Number.POSITIVE_INFINITY) return false;
    const leftM = car.failsAtM - car.distanceM;
    const progress = 1 - leftM / (WARNING_LAPS * this.#lengthM);
    car.overheatK = OVERHEAT_K * Math.max(0, Math.min(1, progress));
    return leftM <= 0;
  }

  /** The car whose incident brought the caution out and that cannot go on, or undefined: the wall was kind. */
  wrecked(running: Car[]): Car | undefined {
    const isWreck = this.#random() < WRECKS_PER_CAUTION;
    const at = Math.floor(this.#random() * running.length);
    return isWreck ? running[at] : undefined;
  }
}
