import type { SensorErrors } from '../telemetry/sensor-errors.js';
import type { Car, CarStatus } from '../world/car.js';

/** What estimates are measured against. No message carries any of it. */
export interface CarTruth {
  number: number;
  status: CarStatus;
  lapsDone: number;
  fuelKg: number;
  /** Mean burn of its clean green laps, newest weighing most; 0 before the first. */
  lapBurnKg: number;
  wearLeft: number;
  wearRight: number;
  tyreLaps: number;
  stops: number;
  fuelFlowScale: number;
}

export function truthOf(car: Readonly<Car>, errors: SensorErrors): CarTruth {
  return {
    number: car.field.number,
    status: car.status,
    lapsDone: Math.max(0, car.lapsDone),
    fuelKg: car.fuelKg,
    lapBurnKg: car.lapBurnKg,
    wearLeft: car.wearLeft,
    wearRight: car.wearRight,
    tyreLaps: car.tyreLaps,
    stops: car.stops,
    fuelFlowScale: errors.fuelFlowScale,
  };
}
