import { namedRandom, type Random } from '#wire/random.js';
import type { FieldCar } from './field.js';
import type { Track } from './track.js';

/**
 * running: racing, in the pits or behind the pace car · stricken: something broke, it rolls to a halt · retired: it
 * stands · finished: it took the chequered flag and cools down.
 */
export type CarStatus = 'running' | 'stricken' | 'retired' | 'finished';

/**
 * Where a car is on its way through the pits: track → entering (slows for the lane) → lane → box → leaving → blending
 * (back on the track, not yet at speed) → track.
 */
export type PitPhase = 'track' | 'entering' | 'lane' | 'box' | 'leaving' | 'blending';

/** A pit call that reached the car, and what it asks for. Laps count the lap under way when the car enters the lane. */
export interface StopOrder {
  lapFrom: number;
  lapTo: number;
  /** Left to the crew when absent. */
  service?: { tyres: 0 | 2 | 4; fuelKg: number };
}

/** One stop as it was carried out. */
export interface Service {
  lap: number;
  tyres: 0 | 2 | 4;
  fuelKg: number;
  boxS: number;
}

/** The whole truth about one car. Every field is a plain number or a flag, so that a step costs no allocation. */
export interface Car {
  readonly index: number;
  readonly field: FieldCar;
  readonly laps: Random;
  readonly crewRandom: Random;
  readonly passRandom: Random;

  status: CarStatus;
  pit: PitPhase;

  /** From the line at the green flag, growing for ever; negative on the grid. */
  distanceM: number;
  speedMps: number;
  accelMps2: number;
  /** Metres after the line, and the whole metre below: where tables are read. */
  trackM: number;
  throttle: number;
  brake: number;
  gear: number;
  rpm: number;
  lateralMps2: number;

  fuelKg: number;
  fuelFlowKgH: number;
  /** Wear of the left and right side, 0 = new. */
  wearLeft: number;
  wearRight: number;
  tyreTempC: number;
  /** Above what an engine in health would show; a failing one climbs. */
  overheatK: number;

  /** Form of the lap under way: factor on speed. */
  form: number;
  /** Metres to the car ahead on the road, and its index; −1 = nobody near. */
  gapM: number;
  ahead: number;
  /** Index of the car that it is passing, −1 = none, and when it gives up. */
  passing: number;
  passUntilMs: number;
  /** It lifts to let a car through that is a lap ahead. */
  yielding: boolean;

  /** Completed laps; −1 until the line is first crossed. */
  lapsDone: number;
  lastLineMs: number;
  finishMs: number;
  tyreLaps: number;
  stintLaps: number;
  /** What its crew has seen it burn on a green lap, and what was in the tank when the lap under way began. */
  lapBurnKg: number;
  lapStartKg: number;
  /** Whether the lap under way was green and on the track throughout. */
  lapIsClean: boolean;
  /** Share of a tank after which the crew would like to stop this time. */
  stintShare: number;
  order: StopOrder | null;
  service: Service | null;
  laneInMs: number;
  boxUntilMs: number;
  boxM: number;
  stops: number;

  /** Distance at which something breaks; Infinity for most. */
  failsAtM: number;
}

/** Space on the grid between one car and the next: two rows wide, seen from the side. */
const GRID_SPACING_M = 12;
/** The leader's way to the line on the pace lap. */
const GRID_LEAD_M = 330;

/** A car in its place on the grid, rolling at pace speed. */
export function createCar(
  field: FieldCar,
  index: number,
  place: number,
  track: Track,
  tankKg: number,
  seed: number,
): Car {
  const distanceM = -GRID_LEAD_M - place * GRID_SPACING_M;
  const crewRandom = namedRandom(seed, `crew ${field.number}`);
  return {
    index,
    field,
    laps: namedRandom(seed, `laps ${field.number}`),
    crewRandom,
    passRandom: namedRandom(seed, `passing ${field.number}`),
    status: 'running',
    pit: 'track',
    distanceM,
    speedMps: track.paceSpeedMps,
    accelMps2: 0,
    trackM: distanceM + track.lengthM,
    throttle: 0.2,
    brake: 0,
    gear: 2,
    rpm: 5000,
    lateralMps2: 0,
    fuelKg: tankKg,
    fuelFlowKgH: 0,
    wearLeft: 0,
    wearRight: 0,
    tyreTempC: 72,
    overheatK: 0,
    form: 1,
    gapM: Number.POSITIVE_INFINITY,
    ahead: -1,
    passing: -1,
    passUntilMs: 0,
    yielding: false,
    lapsDone: -1,
    lastLineMs: 0,
    finishMs: Number.POSITIVE_INFINITY,
    tyreLaps: 0,
    stintLaps: 0,
    lapBurnKg: 0,
    lapStartKg: tankKg,
    lapIsClean: false,
    stintShare: field.crew.stintShare,
    order: null,
    service: null,
    laneInMs: 0,
    boxUntilMs: 0,
    boxM: 0,
    stops: 0,
    failsAtM: Number.POSITIVE_INFINITY,
  };
}

/** Whether others must keep clear of it: it is on the racing surface and at speed. */
export function isInTraffic(car: Car): boolean {
  return car.status === 'running' && car.pit === 'track';
}

export function isInPits(car: Car): boolean {
  return car.pit === 'lane' || car.pit === 'box' || car.pit === 'leaving';
}
