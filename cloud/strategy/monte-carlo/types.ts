/**
 * What a simulated race is drawn from, what may be done differently in it, and what came of it. Plain data throughout: it
 * goes to worker threads by structured clone. Times in seconds, distances in laps, places from 1; cars by their index in
 * `RaceStart.cars`. No number is NaN; "no limit" is `NO_LIMIT`.
 */

/** Of laps or seconds: as good as endless, and safe to count with. */
export const NO_LIMIT = 1e9;

/** No car; no lap. */
export const NONE = -1;

export const STANDING = { running: 0, out: 1, finished: 2 } as const;
export type Standing = (typeof STANDING)[keyof typeof STANDING];

export const PHASE = { green: 0, full: 1, virtual: 2 } as const;
export type Phase = (typeof PHASE)[keyof typeof PHASE];

/** How long a service takes in the box, seconds, and what it leaves. */
export interface ServiceTimes {
  /** By the number of tyres. */
  noTyresS: number;
  twoTyresS: number;
  fourTyresS: number;
  /** A whole tank; less takes its share. */
  fillS: number;
  /** Tyres are changed while fuel flows: the longer of both counts, else the sum. */
  together: boolean;
  /** Age that tyres keep on average when only two are new, as a share of what it was. */
  twoTyresKeep: number;
}

/** What the rules say, as far as a race depends on it: taken from `RaceRules`. */
export interface DrawnRules {
  /** Chance that a slow phase is a virtual one, which keeps the gaps. */
  virtualShare: number;
  freePass: boolean;
  /** Lapped cars get their lap back: 0 none, 1 those that stayed out while the leader stopped, 2 all. */
  waveAround: 0 | 1 | 2;
  /** Pit road opens again after so many laps of a full caution. */
  pitClosedLaps: number;
  /** Laps whose end brings out a caution, ascending. */
  stageEnds: Int32Array;
  /** Dry compounds to use; 0 where nobody asks, or nobody knows what cars used. */
  compoundsToUse: number;
}

export interface DrawnCautions {
  /** Slow phases so far, laps without one, both with the prior's: shape and rate of the gamma from which a race's rate is drawn. */
  shape: number;
  rateLaps: number;
  /** Median length in leader's laps, and the spread of its logarithm. */
  lengthLaps: number;
  lengthLogSd: number;
  /** What is on now, and for how many leader's laps. */
  now: Phase;
  nowLaps: number;
  /** Lap time behind the pace car, under a virtual caution, and of a car that closes up, as multiples of a green lap. */
  fullFactor: number;
  virtualFactor: number;
  closeUpFactor: number;
  /** Seconds from car to car when the field has closed up. */
  bunchGapS: number;
  /** Fuel and tyres that a slow lap uses, of a green one. */
  slowLapUse: number;
}

export interface DrawnTraffic {
  /** Nobody follows closer over the line. */
  minGapS: number;
  /** Pace advantage, seconds a lap, at which a pass succeeds one lap in two, and how fast that chance grows. */
  passHalfS: number;
  passScaleS: number;
  /** A pass costs both. */
  duelS: number;
  /** Letting the leader by, and going by, costs. */
  lappingS: number;
  /** Noise of the first laps after a restart, as a multiple, and how many they are. */
  restartNoise: number;
  restartLaps: number;
}

/**
 * A race as it stands, and all that its rest is drawn from. `startOf` builds it. Columns per car unless said; `ages` and
 * `later` are the widths of the tables with a row per car.
 */
export interface RaceStart {
  cars: readonly string[];
  classes: readonly string[];
  /** Index into `classes`. */
  cls: Uint8Array;

  /** Moment of the question, race time. */
  nowS: number;
  /** Laps of the leader so far, who it is (`NONE` = nobody), and when he completed the newest. */
  leaderLap: number;
  leader: number;
  leaderS: number;
  /** The flag has fallen: whoever still runs finishes his lap. */
  isOver: boolean;
  /** Leader's laps since the race was made green. */
  greenLaps: number;
  /** Distance; `NO_LIMIT` in a race by the clock alone, until time has run out: then its last lap is known. */
  lapsTotal: number;
  /** Time runs out; `NO_LIMIT` in a race by laps. Of laps and time the flag falls by what comes first. */
  durationS: number;
  /** The leader's whole laps after the one in which time runs out. */
  lapsAfter: number;
  /** Upper bound of laps that anybody still drives. */
  lapsMax: number;

  standing: Uint8Array;
  lap: Int32Array;
  place: Int32Array;
  /** Race time at the last crossing, made consistent with official places. */
  atS: Float64Array;
  /** The lap that a car is on began in the pits, or is known to end there (0, 1). */
  inPit: Uint8Array;
  tyreAge: Float64Array;
  compoundsUsed: Uint8Array;

  /** Green lap on fresh tyres now, and how well it is known: drawn once a race. */
  paceS: Float64Array;
  paceSdS: Float64Array;
  /** Drawn each lap. */
  noiseSdS: Float64Array;
  ages: number;
  /** Seconds slower than on fresh tyres by laps on them, `cars × ages`; one figure a race and car, times the sd, is added. */
  falloffS: Float64Array;
  falloffSdS: Float64Array;
  /** What burnt fuel and the track change, seconds a lap per lap. */
  driftS: Float64Array;
  /** Sd of the track's walk a lap, shared by all. */
  fieldWalkSdS: number;
  /** What a car's newest laps were slower (+) than all this says, and the share of it that is left a lap later. */
  passingS: Float64Array;
  passingKept: number;
  /** Lost on the first, second, … green lap after a restart. */
  restartS: Float64Array;

  /** Green laps that the fuel on board is good for (mean, sd), and a full tank; `NO_LIMIT` where nobody refuels. */
  fuelLaps: Float64Array;
  fuelLapsSd: Float64Array;
  tankLaps: Float64Array;
  /** Time lost, and a stop besides, when the tank runs dry. */
  dryS: number;

  later: number;
  /** Chance of a stop at the end of lap 0, 1, … from now, given none before: `cars × later`. */
  stopHazard: Float64Array;
  /** After a stop in the race drawn, by class, lap of the race (in blocks) and tyre age: `classes × blocks × ages`. */
  nextHazard: Float64Array;
  blockLaps: number;
  blocks: number;
  /** Chance to stop under a caution, by class and tyre age: `classes × ages`. */
  cautionStop: Float64Array;
  /** Usual loss of a stop with four tyres and a full tank, by class and phase: `classes × 3`; sd of its logarithm. */
  pitLossS: Float64Array;
  pitLossLogSd: number;
  /** Of the loss, what falls before the line. */
  inLapShare: number;
  /** Lost by driving through the pit lane without a stop, by class. */
  laneS: Float64Array;
  service: ServiceTimes;

  /** Chance to fall out on a lap; and to lose time by a repair, a spin, a penalty, with the median of that time. */
  outChance: Float64Array;
  troubleChance: number;
  troubleS: number;

  /** Imposed and not served: added to the race time at the flag; drives through the pit lane. */
  penaltyS: Float64Array;
  driveThroughs: Uint8Array;

  cautions: DrawnCautions;
  traffic: DrawnTraffic;
  rules: DrawnRules;
}

export interface Service {
  tyres: 0 | 2 | 4;
  /** `toEnd`: what is missing to the flag, at most a full tank. */
  fuel: 'none' | 'toEnd' | 'fill';
}

export interface PlannedStop {
  /** The lap that ends in the pits, by the car's own count. */
  lap: number;
  service: Service;
}

/**
 * One way to drive one car's race; everybody else's goes as usual. Two options of the same run meet the same luck.
 *
 * @example
 * const usual: Option = { car: NONE, stops: 'asUsual', caution: 'drawn' };
 * const now: Option = { car: 3, stops: [{ lap: 41, service: { tyres: 4, fuel: 'fill' } }], caution: 'drawn' };
 * const stayOut: Option = { car: 3, stops: [], asUsualFromLap: 51, caution: { inLaps: 5 } };
 */
export interface Option {
  /** `NONE`: nobody's race is planned. */
  car: number;
  /** Those and no others, until `asUsualFromLap`; a tank that runs dry is refilled all the same. */
  stops: readonly PlannedStop[] | 'asUsual';
  /** From this lap of the car on it stops as usual again; default: the lap after the last planned stop, the next one where there is none. */
  asUsualFromLap?: number;
  /** A caution brings the next planned stop forward to it (pit road open), default false. */
  stopUnderCaution?: boolean;
  /** As they come; none ever; or one that begins after so many more laps of the leader (0 = now), and then as they come. */
  caution: 'drawn' | 'none' | { inLaps: number };
}

/**
 * What came of an option, run by run. `cars`-wide tables have a row per run: value of car c in run r at `r × cars + c`.
 */
export interface Outcome {
  option: Option;
  /** Runs that are complete: rows that count. */
  runs: number;
  cars: number;
  place: Uint16Array;
  classPlace: Uint16Array;
  lapsDone: Int32Array;
  lapsDown: Uint16Array;
  /** Race time when the car was flagged off, or fell out, with its penalties. */
  finishS: Float64Array;
  /** Behind the winner, of cars on the winner's lap; for others behind the flag, whatever the lap. */
  gapS: Float64Array;
  out: Uint8Array;
  ranDry: Uint8Array;
  /** Stops from now on. */
  stops: Uint8Array;
  /** A caution fell while the car was a lap down by its stop and others had theirs to come. */
  trapped: Uint8Array;

  /** The next stop: the lap that ended in it, `NONE` without one, and what was on. */
  stopLap: Int32Array;
  stopPhase: Uint8Array;
  /** At the end of its out-lap: place, laps behind the leader, the cars around on the road (`NONE` = nobody) and the gaps to them. */
  rejoinPlace: Uint16Array;
  rejoinLapsDown: Uint16Array;
  rejoinAhead: Int16Array;
  rejoinAheadS: Float64Array;
  rejoinAheadAge: Uint16Array;
  rejoinBehind: Int16Array;
  rejoinBehindS: Float64Array;
  rejoinBehindAge: Uint16Array;
  /** Place at the first restart after now, 0 where none came. */
  restartPlace: Uint16Array;

  /** Per run: slow phases that began, and leader's lap of the first, `NONE` without one. */
  cautions: Uint16Array;
  firstCautionLap: Int32Array;
}

export interface SimulateOptions {
  /** Number of runs wanted. */
  runs: number;
  /** Number of the first one, default 0: runs 40 … 79 continue runs 0 … 39. */
  firstRun?: number;
  seed: number;
  /** Asked between runs; what is complete counts. */
  isInterrupted?: () => boolean;
}
