import type { FuelSpec } from '../scenarios/scenario.js';
import type { Car } from './car.js';
import { DRAG_PER_MASS, POWER_PER_MASS } from './track.js';

/** Engine speed per road speed of each gear, rpm per m/s, and the speed at which the next one is taken. */
const GEAR_RPM = [0, 430, 276, 198, 163, 137];
const UPSHIFT_MPS = [0, 19, 30, 41.5, 51.5, Number.POSITIVE_INFINITY];
const IDLE_RPM = 1400;
const REDLINE_RPM = 8600;
/** Rolling resistance and tyre scrub in a corner, m/s² and share of sideways acceleration. */
const ROLLING_MPS2 = 0.18;
const SCRUB_SHARE = 0.085;
/** What tyres hold when power would be more. */
const TRACTION_MPS2 = 6.5;
const FULL_BRAKING_MPS2 = 12;

/** Greatest acceleration at this speed with the throttle open. */
export function greatestAccel(car: Car): number {
  const drive = (POWER_PER_MASS * car.field.character.power) / Math.max(car.speedMps, 8);
  return Math.min(TRACTION_MPS2, drive) - DRAG_PER_MASS * car.speedMps ** 2;
}

/** Pedals, gear and engine speed that belong to the acceleration the car has now. */
export function drive(car: Car): void {
  const resistance =
    DRAG_PER_MASS * car.speedMps ** 2 + (car.speedMps > 0 ? ROLLING_MPS2 : 0) + SCRUB_SHARE * Math.abs(car.lateralMps2);
  const wanted = car.accelMps2 + resistance;
  const most = Math.min(TRACTION_MPS2, (POWER_PER_MASS * car.field.character.power) / Math.max(car.speedMps, 8));
  car.throttle = wanted > 0 && car.fuelKg > 0 ? Math.min(1, wanted / most) : 0;
  // Below closed throttle the engine brakes a little before the driver does.
  const ENGINE_BRAKING_MPS2 = 0.8;
  car.brake = wanted < -ENGINE_BRAKING_MPS2 ? Math.min(1, (-wanted - ENGINE_BRAKING_MPS2) / FULL_BRAKING_MPS2) : 0;
  if (car.pit === 'box') car.brake = 0.35;
  let gear = car.pit === 'box' || car.status === 'retired' ? 0 : 1;
  while (gear > 0 && car.speedMps > UPSHIFT_MPS[gear]) gear++;
  car.gear = gear;
  car.rpm = Math.max(IDLE_RPM, Math.min(REDLINE_RPM, GEAR_RPM[gear] * car.speedMps));
}

/** Burns fuel over `seconds`: idle, plus what load and engine speed take. Never below empty. */
export function burn(car: Car, fuel: FuelSpec, seconds: number): void {
  const running = car.fuelKg > 0 && car.status !== 'retired';
  const load = car.throttle * (car.rpm / REDLINE_RPM) ** 0.8;
  car.fuelFlowKgH = running ? (fuel.idleKgH + fuel.fullLoadKgH * load) * car.field.character.thirst : 0;
  car.fuelKg = Math.max(0, car.fuelKg - (car.fuelFlowKgH * seconds) / 3600);
  if (!running) {
    car.rpm = 0;
    car.throttle = 0;
  }
}
