import type { Scenario } from '../scenarios/scenario.js';
import { type Car, isInPits, type Service } from './car.js';
import { between, normal } from './chance.js';
import type { RaceControl } from './race-control.js';

/** From the place where a crew decides to the line, in laps; what the tank must hold beside the laps to come. */
const TO_LINE_LAPS = 0.25;
const FOUR_TYRES_S = 12.3;
const TWO_TYRES_S = 7.9;
const PLUG_IN_S = 1.8;
/** A car that can reach the end stops for tyres alone only with this many laps to go. */
const TYRES_WORTH_LAPS = 12;
const WORN_OUT = 1.35;
/** Share of crews that follow the temptation of a caution, at each chance. */
const CAUTION_TAKEN = 0.85;

/**
 * What crews do, and nobody outside knows in advance: each has its own reserve, its own idea of a stint, its own taste
 * for cautions, and believes its own, slightly wrong, figure of fuel. A pit call that reached the car goes first.
 */
export class Crews {
  readonly #scenario: Scenario;
  readonly #control: RaceControl;

  constructor(scenario: Scenario, control: RaceControl) {
    this.#scenario = scenario;
    this.#control = control;
  }

  /** Asked once a lap, before the pit entry: whether the car comes in at the end of the lap under way. */
  callsIn(car: Car): boolean {
    const lap = car.lapsDone + 1;
    const lapsLeft = this.#scenario.laps - lap;
    if (lapsLeft <= 0 || this.#control.flag === 'checkered') return false;
    const fuelLaps = car.fuelKg / this.#believedLapKg(car) - TO_LINE_LAPS;
    const open = this.#control.flag !== 'yellow' || this.#control.pitsOpen;
    const almostDry = fuelLaps < 1.1 && fuelLaps < lapsLeft;
    if (!open) return almostDry;
    if (car.order && lap > car.order.lapTo) car.order = null;
    if (car.order) return lap >= car.order.lapFrom || almostDry;
    return this.#plans(car, lapsLeft, fuelLaps);
  }

  #plans(car: Car, lapsLeft: number, fuelLaps: number): boolean {
    const { crew } = car.field;
    const tankLaps = this.#scenario.fuel.tankKg / this.#believedLapKg(car);
    const reachesEnd = fuelLaps >= lapsLeft + 0.3;
    const wear = Math.max(car.wearLeft, car.wearRight);
    if (!reachesEnd && fuelLaps - 1 < crew.reserveLaps) return true;
    const stintShare = (car.stintLaps + 1) / tankLaps;
    if (this.#control.flag === 'yellow') {
      const tempted = stintShare >= crew.cautionShare && lapsLeft > 3 && !(reachesEnd && wear < 0.4);
      return tempted && car.crewRandom() < CAUTION_TAKEN;
    }
    if (reachesEnd) return wear > WORN_OUT && lapsLeft > TYRES_WORTH_LAPS;
    return stintShare >= car.stintShare;
  }

  /** The car stands in its box: what is done, and how long it takes. */
  serve(car: Car): Service {
    const { fuel, laps } = this.#scenario;
    const random = car.crewRandom;
    const lapsLeft = laps - car.lapsDone;
    const tyresDraw = random();
    const few = lapsLeft <= 8 || this.#control.flag === 'yellow';
    const own = lapsLeft <= 4 ? 0 : few && tyresDraw < 0.25 ? 2 : 4;
    const tyres = car.order?.service?.tyres ?? own;
    const room = fuel.tankKg - car.fuelKg;
    const toEnd = (lapsLeft + car.field.crew.reserveLaps) * this.#believedLapKg(car) - car.fuelKg;
    const asked = car.order?.service?.fuelKg || toEnd;
    const fuelKg = Math.max(0, Math.min(room, asked));
    const boxS = this.#boxS(car, tyres, fuelKg);
    car.order = null;
    // Two stints are never alike: the next one is meant to be a little longer or shorter.
    car.stintShare = Math.max(0.6, Math.min(0.92, car.field.crew.stintShare + 0.05 * normal(random)));
    return { lap: car.lapsDone, tyres, fuelKg, boxS };
  }

  #boxS(car: Car, tyres: 0 | 2 | 4, fuelKg: number): number {
    const { crew } = car.field;
    const random = car.crewRandom;
    const handS = Math.abs(normal(random)) * 0.8;
    const fumbleS = random() < crew.fumble ? between(random, 2.5, 8) : 0;
    const jackS = tyres === 4 ? FOUR_TYRES_S : tyres === 2 ? TWO_TYRES_S : 0;
    const tyresS = jackS > 0 ? jackS + crew.slownessS + handS : 0;
    const fuelS = fuelKg > 0 ? PLUG_IN_S + fuelKg / this.#scenario.fuel.refuelKgS : 0;
    return Math.max(tyresS, fuelS, 1) + fumbleS;
  }

  /** A lap ended: what the crew learns from it. */
  onLap(car: Car): void {
    const burnedKg = car.lapStartKg - car.fuelKg;
    if (car.lapIsClean && burnedKg > 0) {
      car.lapBurnKg = car.lapBurnKg > 0 ? 0.7 * car.lapBurnKg + 0.3 * burnedKg : burnedKg;
    }
    car.lapStartKg = car.fuelKg;
    car.lapIsClean = this.#control.flag === 'green' && !isInPits(car);
  }

  #believedLapKg(car: Car): number {
    const seenKg = car.lapBurnKg > 0 ? car.lapBurnKg : this.#scenario.known.fuelPerLapKg;
    return seenKg * car.field.crew.fuelBelief;
  }
}
