import { type Car, isInPits } from './car.js';
import type { Crews } from './crew.js';
import type { StopEvent } from './events.js';
import type { Track } from './track.js';
import type { Tyres } from './tyres.js';

/** The car stands in its box once it is this near and this slow. */
const BOX_WITHIN_M = 0.7;
const BOX_BELOW_MPS = 1;
/** Back in traffic at this share of the speed around it. */
const BLENDED_AT = 0.92;

/** Moves a car through the phases of a stop (`PitPhase`); speeds are the driver's business. */
export class PitLane {
  readonly #track: Track;
  readonly #crews: Crews;
  readonly #tyres: Tyres;

  constructor(track: Track, crews: Crews, tyres: Tyres) {
    this.#track = track;
    this.#crews = crews;
    this.#tyres = tyres;
  }

  /** The car crossed the loop at the pit entry. */
  enter(car: Car, atMs: number): void {
    const { lengthM, firstBoxM, boxSpacingM } = this.#track;
    car.pit = 'lane';
    car.laneInMs = atMs;
    car.lapIsClean = false;
    car.boxM = (car.lapsDone + 1) * lengthM + firstBoxM + car.index * boxSpacingM;
  }

  /** After each step of a car in the pits: into the box, out of it, back to speed. `atSpeedMps`: of those around. */
  advance(car: Car, nowMs: number, atSpeedMps: number): void {
    if (car.pit === 'lane' && car.boxM - car.distanceM < BOX_WITHIN_M && car.speedMps < BOX_BELOW_MPS) {
      car.pit = 'box';
      car.speedMps = 0;
      car.accelMps2 = 0;
      car.service = this.#crews.serve(car);
      car.boxUntilMs = nowMs + 1000 * car.service.boxS;
    } else if (car.pit === 'box' && nowMs >= car.boxUntilMs) {
      this.#release(car);
    } else if (car.pit === 'blending' && car.speedMps >= BLENDED_AT * atSpeedMps) {
      car.pit = 'track';
    }
  }

  #release(car: Car): void {
    const { fuelKg, tyres } = car.service!;
    car.fuelKg += fuelKg;
    car.lapStartKg = car.fuelKg;
    car.lapIsClean = false;
    this.#tyres.change(car, tyres);
    car.stintLaps = 0;
    car.stops++;
    car.pit = 'leaving';
  }

  /** The car crossed the loop at the pit exit: the stop as officials report it. */
  leave(car: Car, atMs: number): StopEvent {
    const { lap, tyres, boxS } = car.service!;
    car.pit = 'blending';
    car.service = null;
    return {
      type: 'stop',
      car: car.index,
      lap,
      boxTimeMs: 1000 * boxS,
      laneTimeMs: atMs - car.laneInMs,
      tyresChanged: tyres,
      atMs,
    };
  }

  /** A car that broke in the lane, or took the flag there, has no stop to end. */
  abandon(car: Car): void {
    if (isInPits(car) || car.pit === 'entering') car.pit = 'track';
    car.service = null;
  }
}
