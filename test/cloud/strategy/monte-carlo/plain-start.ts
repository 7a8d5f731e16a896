import { NO_LIMIT, PHASE, type RaceStart } from '#cloud/strategy/monte-carlo/types.js';

export interface PlainRace {
  cars: number;
  lapsTotal: number;
  leaderLap?: number;
  /** Seconds from car to car. */
  gapS?: number;
  paceS?: number;
  /** By how much each car is slower than the one ahead. */
  slowerS?: number;
  ages?: number;
}

const INTERVAL_LAPS = 10;

/**
 * A race without luck: cars on the same lap, in order, with a steady pace, no fall-off, no stops, no cautions. What a test is
 * about is put over it.
 */
export function plainStart(race: PlainRace, over: Partial<RaceStart> = {}): RaceStart {
  const { cars, lapsTotal, leaderLap = 10, gapS = 3, paceS = 90, slowerS = 0.2, ages = 80 } = race;
  const each = <T>(of: (car: number) => T) => Array.from({ length: cars }, (_, car) => of(car));
  const later = lapsTotal - leaderLap + 1;
  const blocks = Math.ceil(later / INTERVAL_LAPS);
  const leaderS = leaderLap * paceS;
  return {
    cars: each((car) => String(car + 1)),
    classes: ['A'],
    cls: new Uint8Array(cars),
    nowS: leaderS + (cars - 1) * gapS,
    leaderLap,
    leader: 0,
    leaderS,
    isOver: false,
    greenLaps: leaderLap,
    lapsTotal,
    durationS: NO_LIMIT,
    lapsAfter: 0,
    lapsMax: lapsTotal,
    standing: new Uint8Array(cars),
    lap: new Int32Array(cars).fill(leaderLap),
    place: Int32Array.from(each((car) => car + 1)),
    atS: Float64Array.from(each((car) => leaderS + car * gapS)),
    inPit: new Uint8Array(cars),
    tyreAge: new Float64Array(cars).fill(leaderLap),
    compoundsUsed: new Uint8Array(cars),
    paceS: Float64Array.from(each((car) => paceS + car * slowerS)),
    paceSdS: new Float64Array(cars),
    noiseSdS: new Float64Array(cars),
    ages,
    falloffS: new Float64Array(cars * ages),
    falloffSdS: new Float64Array(cars * ages),
    driftS: new Float64Array(cars),
    fieldWalkSdS: 0,
    passingS: new Float64Array(cars),
    passingKept: 0,
    restartS: new Float64Array(0),
    fuelLaps: new Float64Array(cars).fill(NO_LIMIT),
    fuelLapsSd: new Float64Array(cars),
    tankLaps: new Float64Array(cars).fill(NO_LIMIT),
    dryS: 200,
    later,
    stopHazard: new Float64Array(cars * later),
    nextHazard: new Float64Array(blocks * ages),
    blockLaps: INTERVAL_LAPS,
    blocks,
    cautionStop: new Float64Array(ages),
    pitLossS: Float64Array.of(25, 15, 20),
    pitLossLogSd: 0,
    inLapShare: 0.4,
    laneS: Float64Array.of(18),
    service: { noTyresS: 1, twoTyresS: 8, fourTyresS: 12, fillS: 10, together: true, twoTyresKeep: 0.5 },
    outChance: new Float64Array(cars),
    troubleChance: 0,
    troubleS: 10,
    penaltyS: new Float64Array(cars),
    driveThroughs: new Uint8Array(cars),
    cautions: {
      shape: 0,
      rateLaps: 100,
      lengthLaps: 4,
      lengthLogSd: 0,
      now: PHASE.green,
      nowLaps: 0,
      fullFactor: 1.6,
      virtualFactor: 1.4,
      closeUpFactor: 1.2,
      bunchGapS: 1,
      slowLapUse: 0.5,
    },
    traffic: {
      minGapS: 0.5,
      passHalfS: 1.5,
      passScaleS: 0.3,
      duelS: 0,
      lappingS: 0,
      restartNoise: 1,
      restartLaps: 0,
    },
    rules: {
      virtualShare: 0,
      freePass: false,
      waveAround: 0,
      pitClosedLaps: 0,
      stageEnds: new Int32Array(0),
      compoundsToUse: 0,
    },
    ...over,
  };
}

/** The same with luck of every kind. */
export function luckyStart(race: PlainRace): RaceStart {
  const { cars } = race;
  const start = plainStart(race);
  start.paceSdS.fill(0.2);
  start.noiseSdS.fill(0.4);
  start.falloffSdS.fill(0.1);
  for (let at = 0; at < start.falloffS.length; at++) start.falloffS[at] = 0.03 * (at % start.ages);
  start.stopHazard.fill(0.05);
  for (let at = 0; at < start.nextHazard.length; at++) start.nextHazard[at] = 0.002 * (at % start.ages);
  start.cautionStop.fill(0.5);
  start.outChance.fill(0.001);
  start.tankLaps.fill(30);
  start.fuelLaps.fill(22);
  start.fuelLapsSd.fill(1);
  return {
    ...start,
    classes: ['A', 'B'],
    cls: Uint8Array.from({ length: cars }, (_, car) => car % 2),
    nextHazard: Float64Array.from([...start.nextHazard, ...start.nextHazard]),
    cautionStop: Float64Array.from([...start.cautionStop, ...start.cautionStop]),
    pitLossS: Float64Array.from([...start.pitLossS, ...start.pitLossS]),
    laneS: Float64Array.of(18, 18),
    pitLossLogSd: 0.1,
    troubleChance: 0.005,
    fieldWalkSdS: 0.02,
    cautions: { ...start.cautions, shape: 3, lengthLogSd: 0.5 },
    rules: { ...start.rules, virtualShare: 0.3, freePass: true, waveAround: 1, pitClosedLaps: 1 },
  };
}
