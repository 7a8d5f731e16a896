import type { Car } from '../world/car.js';

const AIR_C = 27;

/**
 * Temperatures of one car that only sensors care about: each follows its own target with its own lag, so that a page of
 * charts shows laps, stops and cautions as a real car's does.
 */
export class Thermals {
  waterC = 82;
  oilC = 92;
  gearboxC = 85;
  axleC = 80;
  exhaustC = 450;
  intakeC = AIR_C + 6;
  /** FL, FR, RL, RR. */
  readonly tyreC: Float64Array;
  readonly brakeC = Float64Array.of(180, 180, 140, 140);
  readonly #car: Readonly<Car>;

  constructor(car: Readonly<Car>) {
    this.#car = car;
    this.tyreC = new Float64Array(4).fill(car.tyreTempC);
  }

  step(seconds: number): void {
    const { throttle, rpm, speedMps, overheatK, fuelFlowKgH, brake, gapM } = this.#car;
    const engineRuns = rpm > 0 ? 1 : 0;
    const load = engineRuns * throttle * (rpm / 8600);
    const air = speedMps / 50;
    // Behind another car the radiator gets warmed, thinned air.
    const starved = gapM < 20 ? 4 : 0;
    const water = AIR_C + engineRuns * (62 + 24 * load - 8 * air + starved + overheatK);
    this.waterC = follow(this.waterC, water, seconds, 32);
    this.oilC = follow(this.oilC, AIR_C + engineRuns * (70 + 34 * load - 6 * air + 0.8 * overheatK), seconds, 55);
    this.gearboxC = follow(this.gearboxC, AIR_C + 0.011 * rpm + 18 * load, seconds, 90);
    this.axleC = follow(this.axleC, AIR_C + 1.3 * speedMps + 14 * load, seconds, 110);
    this.exhaustC = follow(this.exhaustC, AIR_C + engineRuns * (380 + 2.9 * fuelFlowKgH), seconds, 2.5);
    this.intakeC = follow(this.intakeC, AIR_C + 14 - 10 * air, seconds, 20);
    this.#stepCorners(seconds, brake, speedMps);
  }

  #stepCorners(seconds: number, brake: number, speedMps: number): void {
    const { tyreTempC, lateralMps2, throttle } = this.#car;
    for (let corner = 0; corner < 4; corner++) {
      const right = corner % 2;
      const rear = corner >> 1;
      const target = tyreTempC + (right ? 5 : -7) + 0.35 * lateralMps2 * (right ? 1 : -0.4) + 4 * throttle * rear;
      this.tyreC[corner] = follow(this.tyreC[corner], target, seconds, 3);
      const heat = brake * speedMps * (rear ? 3.1 : 4.6);
      const cooling = (0.012 + 0.0011 * speedMps) * (this.brakeC[corner] - AIR_C);
      this.brakeC[corner] += seconds * (heat - cooling);
    }
  }
}

/** One step of a first-order lag. */
function follow(value: number, target: number, seconds: number, lagS: number): number {
  return value + (target - value) * Math.min(1, seconds / lagS);
}
