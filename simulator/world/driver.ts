import type { Car } from './car.js';
import { greatestAccel } from './powertrain.js';
import type { RaceControl } from './race-control.js';
import type { Track } from './track.js';
import type { Tyres } from './tyres.js';

/** How fast a driver corrects speed, s. */
const REACTION_S = 0.45;
const HARDEST_BRAKING_MPS2 = 10;
/** Of a straight's speed, how much the corner before it decides. */
const CORNER_DECIDES = 0.55;
/** Behind another car: grip lost and speed gained at no distance at all, and how far it is felt. */
const DIRTY_AIR = 0.006;
const DRAFT = 0.01;
const WAKE_S = 0.9;
/** A try to pass is driven harder than a lap can be; a lapped car lifts. */
const PASSING = 1.02;
const YIELDING = 0.985;
/** Speed to catch the pack behind the pace car, and on the cool-down lap, as factors. */
const CATCH_UP = 1.35;
const COOL_DOWN = 0.62;
const PIT_BRAKING_MPS2 = 5;
const BOX_BRAKING_MPS2 = 4;
const ROLL_OUT_MPS2 = 3.2;

/** What a driver sees of the race beside the own car. */
export interface RoadAhead {
  control: RaceControl;
  /** Index of the first car on the road order that is on the track; it alone sets the pace under yellow. */
  leader: number;
}

/** Chooses speed: the track's reference, the car's own factors, then every reason to go slower. */
export class Drivers {
  /** Factor on the reference speed without other cars, by index; read when a pass is weighed. */
  readonly pace: Float64Array;
  readonly #track: Track;
  readonly #tyres: Tyres;

  constructor(track: Track, tyres: Tyres, cars: number) {
    this.#track = track;
    this.#tyres = tyres;
    this.pace = new Float64Array(cars);
  }

  /** Acceleration that the driver wants, before the car ahead is looked at. */
  accel(car: Car, road: RoadAhead): number {
    if (car.status === 'stricken' || car.fuelKg <= 0) return car.speedMps > 0 ? -ROLL_OUT_MPS2 : 0;
    if (car.pit === 'box') return 0;
    const at = Math.floor(car.trackM) % this.#track.lengthM;
    const factor = this.#factor(car, at);
    const freeMps = this.#track.speedMps[at] * factor;
    const capMps = this.#cap(car, road);
    const targetMps = Math.min(freeMps, capMps);
    const feedForward = capMps > freeMps ? this.#track.accelMps2[at] * factor * factor : 0;
    const wanted = feedForward + (targetMps - car.speedMps) / REACTION_S;
    return Math.max(-HARDEST_BRAKING_MPS2, Math.min(wanted, greatestAccel(car)));
  }

  #factor(car: Car, at: number): number {
    const { corner, power } = car.field.character;
    const grip = Math.sqrt(this.#tyres.grip(car));
    this.pace[car.index] = grip * corner * (0.6 + 0.4 * power);
    const wake = car.gapM < WAKE_S * car.speedMps ? 1 - car.gapM / (WAKE_S * car.speedMps) : 0;
    const inCorner = grip * corner * car.form * (1 - DIRTY_AIR * wake);
    const onStraight = CORNER_DECIDES * inCorner + (1 - CORNER_DECIDES) * power * car.form * (1 + DRAFT * wake);
    const cornering = this.#track.cornering[at];
    const manner = car.yielding ? YIELDING : car.passing >= 0 ? PASSING : 1;
    return (cornering * inCorner + (1 - cornering) * onStraight) * manner;
  }

  /** The slowest of the speeds that a rule or the pit lane asks for. */
  #cap(car: Car, { control, leader }: RoadAhead): number {
    const { paceSpeedMps, pitSpeedMps, pitInM, speedMps } = this.#track;
    switch (car.pit) {
      case 'entering':
        return brakingTo(pitSpeedMps, Math.max(0, pitInM - car.trackM), PIT_BRAKING_MPS2);
      case 'lane':
        return Math.min(pitSpeedMps, brakingTo(0, Math.max(0, car.boxM - car.distanceM), BOX_BRAKING_MPS2));
      case 'leaving':
        return pitSpeedMps;
    }
    if (car.status === 'finished') return COOL_DOWN * speedMps[0];
    if (control.isRacing) return Number.POSITIVE_INFINITY;
    return car.index === leader ? paceSpeedMps : CATCH_UP * paceSpeedMps;
  }
}

/** Speed now from which `target` is reached after `metres` of even braking. */
function brakingTo(targetMps: number, metres: number, brakingMps2: number): number {
  return Math.sqrt(targetMps * targetMps + 2 * brakingMps2 * metres);
}
