import { PitwallError } from '#wire/errors.js';
import type { SessionOpen } from '#wire/race-records.js';

/**
 * Everything that a race is made of, as data. With a seed it decides every event of the race: same scenario, same seed,
 * same race.
 */
export interface Scenario {
  name: string;
  /** One sentence for `pitwall sim ls`. */
  about: string;
  cars: number;
  laps: number;
  /** Samples a second of every channel. */
  rateHz: number;
  track: TrackSpec;
  fuel: FuelSpec;
  tyres: TyreSpec;
  cautions: CautionSpec;
  /** Chance that a car of its own does not see the flag, over a race of 60 laps. */
  retirementChance: number;
  /** What teams know before the race, from rules and practice: near the truth, not the truth. */
  known: SessionOpen['car'];
  /** Numbers of the cars that are ours: pit calls are made for them. Those above `cars` are left out. */
  ownCars: number[];
}

/** An egg-shaped oval: two half circles of unlike radii, joined by two straights. */
export interface TrackSpec {
  name: string;
  firstRadiusM: number;
  secondRadiusM: number;
  /** Distance between the centres of the two half circles. */
  centresM: number;
  /** Sideways acceleration that new tyres hold, m/s²; banking included. */
  lateralMps2: number;
  pitSpeedMps: number;
  /** Speed behind the pace car. */
  paceSpeedMps: number;
  latitudeDeg: number;
  longitudeDeg: number;
}

export interface FuelSpec {
  tankKg: number;
  /** Flow at idle, and added at full throttle and full engine speed, kg/h. */
  idleKgH: number;
  fullLoadKgH: number;
  refuelKgS: number;
}

export interface TyreSpec {
  /** Laps of racing after which wear is 1. */
  lifeLaps: number;
  /** Share of grip lost early in a run, and with every further unit of wear. */
  earlyLoss: number;
  steadyLoss: number;
}

export interface CautionSpec {
  /** Leader's laps between which the first one comes, when the race is long enough. */
  first: [fromLap: number, toLap: number];
  /** Mean green laps between a restart and the next one, beyond `quietLaps`. */
  meanLaps: number;
  quietLaps: number;
  /** Leader's laps under yellow. */
  length: [fewest: number, most: number];
  /** Stages that a race is cut into, as far as it is long enough; each but the last ends in a caution. */
  stages: number;
}

/** A shorter stage would be all cautions. */
const STAGE_LAPS_MIN = 20;

/** Completed laps at which stages end, ascending, without the last. */
export function stageEnds({ laps, cautions }: Scenario): number[] {
  const stages = Math.min(cautions.stages, Math.floor(laps / STAGE_LAPS_MIN));
  return Array.from({ length: Math.max(0, stages - 1) }, (_, index) => Math.round(((index + 1) * laps) / stages));
}

/** What a user may change of a scenario without writing one. */
export interface ScenarioOverrides {
  cars?: number;
  laps?: number;
  rateHz?: number;
}

const MAX_CARS = 48;
const MAX_LAPS = 1000;
const MAX_RATE_HZ = 1000;

/**
 * The scenario with a user's wishes in it. Raises PW-USAGE-FLAG for what the world cannot run.
 *
 * @example
 * const short = withOverrides(race, { cars: 12, laps: 6 });
 */
export function withOverrides(scenario: Scenario, overrides: ScenarioOverrides): Scenario {
  const cars = overrides.cars ?? scenario.cars;
  const laps = overrides.laps ?? scenario.laps;
  const rateHz = overrides.rateHz ?? scenario.rateHz;
  wholeWithin('cars', cars, MAX_CARS);
  wholeWithin('laps', laps, MAX_LAPS);
  wholeWithin('rate', rateHz, MAX_RATE_HZ);
  if (1_000_000 % rateHz !== 0) {
    throw new PitwallError('PW-USAGE-FLAG', {
      what: `--rate ${rateHz}: the time between samples must be a whole number of microseconds.`,
      fix: 'Use 1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250, 500 or 1000.',
    });
  }
  return { ...scenario, cars, laps, rateHz, ownCars: scenario.ownCars.filter((number) => number <= cars) };
}

function wholeWithin(flag: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new PitwallError('PW-USAGE-FLAG', { what: `--${flag} ${value}: wanted a whole number from 1 to ${most}.` });
}
