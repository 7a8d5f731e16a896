import { namedRandom } from '#wire/random.js';
import { type Scenario, stageEnds } from '../scenarios/scenario.js';
import { type Car, createCar, isInTraffic, type StopOrder } from './car.js';
import { normal } from './chance.js';
import { Crews } from './crew.js';
import { Drivers, type RoadAhead } from './driver.js';
import type { WorldEvent } from './events.js';
import { createField, type FieldCar } from './field.js';
import { Officials } from './officials.js';
import { PitLane } from './pit-lane.js';
import { burn, drive } from './powertrain.js';
import { RaceControl } from './race-control.js';
import { Reliability } from './reliability.js';
import { type FinishRow, finishOrder } from './result.js';
import { createTrack, type Track } from './track.js';
import { Traffic } from './traffic.js';
import { Tyres } from './tyres.js';

/** The world moves in steps of this length, whoever asks and however often: 3 m at full speed. */
export const STEP_MS = 50;
const STEP_S = STEP_MS / 1000;
/** A broken car is out of the way, and out of the race, once it is slower than this. */
const STANDS_BELOW_MPS = 0.5;

/** Who watches the world. Called in order of time, from within `advanceTo`. */
export interface WorldWatch {
  event?(event: WorldEvent): void;
  /** After each step: the cars are now as at `toMs`. */
  step?(fromMs: number, toMs: number): void;
}

export interface World {
  readonly scenario: Scenario;
  readonly track: Track;
  /** The hidden truth, by index: sensors and tests read it, nobody else may. */
  readonly cars: readonly Readonly<Car>[];
  readonly control: Readonly<RaceControl>;
  /** Time since the world began to move, a whole number of steps. */
  readonly nowMs: number;
  /** When the last car took the flag or stood still; null until then. The world moves on after it. */
  readonly finishedAtMs: number | null;
  /** Runs whole steps up to, not beyond, `elapsedMs` since the world began. A time gone by is no movement. */
  advanceTo(elapsedMs: number): void;
  /** A pit call reached the car with this number; a later one replaces it. False when no lap is left to obey it on. */
  orderStop(number: number, order: StopOrder): boolean;
  /** The pending call was taken back. False when there is none. */
  cancelStop(number: number): boolean;
  result(): FinishRow[];
}

/**
 * A race as it really happens. Same scenario, same seed, same race, in whatever portions it is advanced.
 *
 * @example
 * const world = createWorld(race, 7, { event: (event) => log.push(event) });
 * while (world.finishedAtMs === null) world.advanceTo(world.nowMs + 1000);
 */
export function createWorld(scenario: Scenario, seed: number, watch: WorldWatch = {}): World {
  return new RaceWorld(scenario, seed, watch);
}

class RaceWorld implements World {
  readonly scenario: Scenario;
  readonly track: Track;
  readonly cars: Car[];
  readonly control: RaceControl;
  nowMs = 0;
  finishedAtMs: number | null = null;
  readonly #watch: WorldWatch;
  readonly #tyres: Tyres;
  readonly #drivers: Drivers;
  readonly #traffic: Traffic;
  readonly #pitLane: PitLane;
  readonly #officials: Officials;
  readonly #reliability: Reliability;
  readonly #road: RoadAhead;

  constructor(scenario: Scenario, seed: number, watch: WorldWatch) {
    this.scenario = scenario;
    this.#watch = watch;
    this.track = createTrack(scenario.track);
    this.control = new RaceControl(scenario.cautions, scenario.laps, stageEnds(scenario), seed);
    this.cars = lineUp(createField(scenario, seed), scenario, this.track, seed);
    this.#tyres = new Tyres(scenario.tyres, this.track);
    this.#drivers = new Drivers(this.track, this.#tyres, this.cars.length);
    this.#traffic = new Traffic(this.cars, this.track.lengthM);
    const crews = new Crews(scenario, this.control);
    this.#pitLane = new PitLane(this.track, crews, this.#tyres);
    this.#officials = new Officials(this.track, scenario.laps, this.control, crews, this.#pitLane, (event) => {
      if (event.type === 'flag' && event.flag === 'yellow') this.#spoilLaps();
      this.#watch.event?.(event);
    });
    this.#reliability = new Reliability(this.cars, scenario, this.track.lengthM, seed);
    this.#road = { control: this.control, leader: 0 };
  }

  advanceTo(elapsedMs: number): void {
    while (this.nowMs + STEP_MS <= elapsedMs) this.#step();
  }

  #step(): void {
    const fromMs = this.nowMs;
    const toMs = fromMs + STEP_MS;
    this.#findLeader();
    this.#traffic.update();
    this.#considerCaution(fromMs);
    for (const car of this.cars) {
      const fromM = car.distanceM;
      this.#move(car, fromMs);
      if (car.status === 'running' || car.status === 'stricken') this.#officials.watch(car, fromM, fromMs, toMs);
    }
    this.#officials.settle();
    this.nowMs = toMs;
    for (const car of this.cars) this.#afterStep(car);
    if (this.finishedAtMs === null && this.cars.every((car) => car.status === 'finished' || car.status === 'retired')) {
      this.finishedAtMs = toMs;
    }
    this.#watch.step?.(fromMs, toMs);
  }

  #move(car: Car, nowMs: number): void {
    const racing = this.control.isRacing;
    if (racing && isInTraffic(car)) this.#traffic.pass(car, this.#drivers.pace, nowMs, STEP_S);
    else car.passing = -1;
    const wanted = this.#drivers.accel(car, this.#road);
    const accel = Math.min(wanted, this.#traffic.followingAccel(car, racing));
    const before = car.speedMps;
    car.speedMps = Math.max(0, before + accel * STEP_S);
    car.accelMps2 = (car.speedMps - before) / STEP_S;
    const metres = ((before + car.speedMps) / 2) * STEP_S;
    car.distanceM += metres;
    car.trackM += metres;
    if (car.trackM >= this.track.lengthM) car.trackM -= this.track.lengthM;
    // In the lane the way is straight, whatever the track beside it does.
    const curvature = car.pit === 'track' || car.pit === 'blending' ? this.track.curvature[Math.floor(car.trackM)] : 0;
    car.lateralMps2 = car.speedMps * car.speedMps * curvature;
    drive(car);
    burn(car, this.scenario.fuel, STEP_S);
    this.#tyres.run(car, STEP_S);
  }

  #afterStep(car: Car): void {
    if (car.pit !== 'track') this.#pitLane.advance(car, this.nowMs, this.#speedAround(car));
    if (car.status === 'running' && car.pit !== 'box') {
      if (this.#reliability.fails(car) || car.fuelKg <= 0) this.#strike(car);
    } else if (car.status === 'stricken' && car.speedMps < STANDS_BELOW_MPS) {
      car.status = 'retired';
      car.speedMps = 0;
      this.#watch.event?.({ type: 'retirement', car: car.index, lap: Math.max(0, car.lapsDone), atMs: this.nowMs });
    }
  }

  #strike(car: Car): void {
    car.status = 'stricken';
    this.#pitLane.abandon(car);
  }

  #speedAround(car: Car): number {
    const reference = this.track.speedMps[Math.floor(car.trackM)];
    return this.control.isRacing ? reference : Math.min(reference, this.track.paceSpeedMps);
  }

  #findLeader(): void {
    let leader = -1;
    for (const car of this.cars) {
      if (isInTraffic(car) && (leader < 0 || car.distanceM > this.cars[leader].distanceM)) leader = car.index;
    }
    this.#road.leader = leader;
  }

  #considerCaution(nowMs: number): void {
    const { leader } = this.#road;
    if (leader < 0 || !this.control.callsCaution(this.cars[leader].distanceM / this.track.lengthM)) return;
    this.#watch.event?.({ type: 'flag', flag: this.control.flag, lap: this.control.lap, atMs: nowMs });
    this.#spoilLaps();
    const wrecked = this.#reliability.wrecked(this.cars.filter(isInTraffic));
    if (wrecked) this.#strike(wrecked);
  }

  /** Laps under way tell their crews nothing of a green one. */
  #spoilLaps(): void {
    for (const car of this.cars) car.lapIsClean = false;
  }

  orderStop(number: number, order: StopOrder): boolean {
    const car = this.cars[number - 1];
    if (car?.status !== 'running') return false;
    // Past the place where crews decide, the lap under way is lost.
    const firstLap = car.lapsDone + (car.trackM > this.track.decideM ? 2 : 1);
    if (firstLap > order.lapTo) return false;
    car.order = { ...order };
    return true;
  }

  cancelStop(number: number): boolean {
    const car = this.cars[number - 1];
    if (!car?.order) return false;
    car.order = null;
    return true;
  }

  result(): FinishRow[] {
    return finishOrder(this.cars);
  }
}

/** Qualifying: the fast mostly in front. Returns the cars by index, each in its place on the grid. */
function lineUp(field: FieldCar[], scenario: Scenario, track: Track, seed: number): Car[] {
  const random = namedRandom(seed, 'qualifying');
  const QUALIFYING_SPREAD = 0.002;
  const speed = field.map(
    ({ character }) => character.corner + 0.4 * character.power + QUALIFYING_SPREAD * normal(random),
  );
  const places = field.map((_, index) => index).sort((a, b) => speed[b] - speed[a]);
  return field.map((one, index) => createCar(one, index, places.indexOf(index), track, scenario.fuel.tankKg, seed));
}
