import { at, CHANNEL_COUNT } from '../channels.js';
import type { Car } from '../world/car.js';
import type { Track } from '../world/track.js';
import type { SensorErrors } from './sensor-errors.js';
import { Thermals } from './thermals.js';

const GRAVITY_MPS2 = 9.81;
const WHEELBASE_M = 2.8;
const STEERING_RATIO = 14;
const FULL_BRAKE_KPA = 9000;
const DEGREES = 180 / Math.PI;

/**
 * What the sensors of one car would give at the end of a world step, without noise. Only sensors look at the truth, and
 * each shows its own part of it.
 */
export class Sensors {
  /** Value of each channel by index, after the newest `read`. */
  readonly values = new Float64Array(CHANNEL_COUNT);
  readonly #car: Readonly<Car>;
  readonly #track: Track;
  readonly #errors: SensorErrors;
  readonly #thermals: Thermals;

  constructor(car: Readonly<Car>, track: Track, errors: SensorErrors) {
    this.#car = car;
    this.#track = track;
    this.#errors = errors;
    this.#thermals = new Thermals(car);
  }

  /** Reads everything after a step of `seconds`. `lapCount` is the car's own counter. */
  read(seconds: number, lapCount: number): void {
    this.#thermals.step(seconds);
    this.#readMotion(lapCount);
    this.#readWheels();
    this.#readTyres();
    this.#readEngine();
  }

  #readMotion(lapCount: number): void {
    const { values } = this;
    const car = this.#car;
    const metre = Math.floor(car.trackM);
    const curvature = car.lateralMps2 > 0 ? this.#track.curvature[metre] : 0;
    values[at.speed] = 3.6 * car.speedMps;
    values[at.gear] = car.gear;
    values[at.throttle] = 100 * car.throttle;
    values[at.brakeFront] = 0.6 * FULL_BRAKE_KPA * car.brake;
    values[at.brakeRear] = 0.4 * FULL_BRAKE_KPA * car.brake;
    // Understeer grows with sideways force and with worn tyres at the front.
    const slip = 0.0022 * car.lateralMps2 * (1 + 0.3 * car.wearRight);
    values[at.steering] = (Math.atan(WHEELBASE_M * curvature) + slip) * DEGREES * STEERING_RATIO;
    values[at.latitude] = between(this.#track.latitudeDeg, car.trackM);
    values[at.longitude] = between(this.#track.longitudeDeg, car.trackM);
    values[at.distance] = car.distanceM + this.#errors.trackStartM;
    values[at.lapCount] = lapCount;
    values[at.accelX] = car.accelMps2;
    values[at.accelY] = car.lateralMps2;
    values[at.accelZ] = GRAVITY_MPS2 + 0.12 * car.lateralMps2;
    values[at.yawRate] = car.speedMps * curvature * DEGREES;
  }

  #readWheels(): void {
    const { values } = this;
    const { speedMps, lateralMps2, accelMps2, throttle, brake } = this.#car;
    const road = 3.6 * speedMps;
    const split = 0.0016 * lateralMps2;
    const spin = 1 + 0.02 * throttle - 0.015 * brake;
    values[at.wheelSpeedFL] = road * (1 - split) * (1 - 0.02 * brake);
    values[at.wheelSpeedFR] = road * (1 + split) * (1 - 0.02 * brake);
    values[at.wheelSpeedRL] = road * (1 - split) * spin;
    values[at.wheelSpeedRR] = road * (1 + split) * spin;
    const downforce = 0.0042 * speedMps * speedMps;
    const roll = 1.15 * lateralMps2;
    const pitch = 0.9 * accelMps2;
    values[at.suspensionFL] = downforce - roll - pitch;
    values[at.suspensionFR] = downforce + roll - pitch;
    values[at.suspensionRL] = downforce - roll + pitch;
    values[at.suspensionRR] = downforce + roll + pitch;
  }

  #readTyres(): void {
    const { values } = this;
    const { tyreC, brakeC } = this.#thermals;
    for (let corner = 0; corner < 4; corner++) {
      const right = corner % 2;
      const inner = at.tyreTempFLInner + 3 * corner;
      // Camber leans the right side on its inner edge, the left side on its outer one.
      values[inner] = tyreC[corner] + (right ? 4 : -2);
      values[inner + 1] = tyreC[corner];
      values[inner + 2] = tyreC[corner] + (right ? -3 : 3);
      values[at.tyrePressureFL + corner] = (right ? 262 : 148) * ((273 + tyreC[corner]) / 365);
      values[at.brakeTempFL + corner] = brakeC[corner];
    }
  }

  #readEngine(): void {
    const { values } = this;
    const { rpm, throttle, fuelFlowKgH, lateralMps2, overheatK } = this.#car;
    const { waterC, oilC, gearboxC, axleC, exhaustC, intakeC } = this.#thermals;
    values[at.rpm] = rpm;
    values[at.waterTemp] = waterC;
    values[at.waterPressure] = 90 + 0.9 * (waterC - 60) + 0.004 * rpm - 2.2 * Math.max(0, overheatK - 20);
    values[at.oilTemp] = oilC;
    values[at.oilPressure] = rpm > 0 ? 120 + 0.05 * rpm - 1.1 * (oilC - 90) - 1.2 * lateralMps2 : 0;
    values[at.gearboxTemp] = gearboxC;
    values[at.gearboxPressure] = rpm > 0 ? 160 + 0.012 * rpm : 0;
    values[at.axleTemp] = axleC;
    values[at.fuelFlow] = fuelFlowKgH * this.#errors.fuelFlowScale;
    values[at.fuelPressure] = rpm > 0 ? 410 - 0.12 * fuelFlowKgH - 0.9 * lateralMps2 : 0;
    values[at.batteryVoltage] = rpm > 0 ? 13.9 : 12.5;
    values[at.lambda] = throttle > 0.05 ? 0.98 - 0.1 * throttle : 1.3;
    values[at.ignitionAngle] = rpm > 0 ? 12 + 0.0026 * rpm - 6 * throttle : 0;
    values[at.manifoldPressure] = 100 - (rpm > 0 ? 68 * (1 - throttle) : 0);
    values[at.intakeTemp] = intakeC;
    values[at.exhaustTempLeft] = exhaustC;
    values[at.exhaustTempRight] = exhaustC + 12;
    values[at.crankcasePressure] = -18 * (rpm / 8600) + 6 * throttle;
  }
}

/** Table value at a place between two metres; the last metre leads to the first. */
function between(table: Float64Array, metres: number): number {
  const index = Math.floor(metres);
  const next = index + 1 < table.length ? index + 1 : 0;
  return table[index] + (metres - index) * (table[next] - table[index]);
}
