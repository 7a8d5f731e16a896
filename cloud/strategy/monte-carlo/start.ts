import type { Penalty } from '#cloud/race/rules/penalties.js';
import type { RaceRules } from '#cloud/race/rules/rules.js';
import { FLAG } from '../history/history.js';
import { cautionsOf } from '../models/cautions.js';
import type { Field } from '../models/field.js';
import type { Prior } from '../models/fitted/types.js';
import { IN_LAP_SHARE, type PitLossModel } from '../models/pit-loss.js';
import type { Progress } from '../models/progress.js';
import { retirementChance } from '../models/retirements.js';
import type { TyrePace } from '../models/state-space/types.js';
import { greenWorth, type StintModel } from '../models/stints.js';
import { compoundsUsed } from '../models/stop-features.js';
import type { StopModel } from '../models/stops.js';
import { clamp, median } from '../stats.js';
import { type RacingPrior, racingPriorOf } from './racing-priors.js';
import { boxS } from './service.js';
import { standingOf } from './standing.js';
import { distanceColumns } from './start-distance.js';
import { DRY_LAPS, type FuelKnown, fuelColumns } from './start-fuel.js';
import { LAP_DEFAULT_S, paceColumns } from './start-pace.js';
import { stopTables } from './start-stops.js';
import { type DrawnCautions, NONE, PHASE, type Phase, type RaceStart, STANDING, type Standing } from './types.js';

/** The models that a race is drawn from, fitted on the field. */
export interface RaceModels {
  along: Progress;
  tyres: TyrePace;
  stints: StintModel;
  stops: StopModel;
  losses: PitLossModel;
  prior: Prior;
}

export interface StartOptions {
  rules: RaceRules;
  /** Laps whose end brings out a caution. */
  stageEnds?: readonly number[];
  /** By car: what is known of its fuel; others are told by their stints. */
  fuel?: ReadonlyMap<string, FuelKnown>;
  /** By car: what race control has imposed and it has not served. */
  penalties?: ReadonlyMap<string, Penalty>;
  /** Distance of a race that the history has as one by the clock, because the clock is expected to end it before. */
  lapsTotal?: number | null;
}

/** A stop under caution costs at least this share of one under green. */
const CAUTION_LOSS_MIN = 0.3;

/**
 * A race as it stands, to be drawn to its end. Cars are those of `field.cars`, in that order. Whatever the history holds, no
 * number of it is NaN: a car of whom no pace is known drives at its class's, or at the field's.
 */
export function startOf(field: Field, models: RaceModels, options: StartOptions): RaceStart {
  const { along, prior, losses } = models;
  const { cars } = field;
  const racing = racingPriorOf(field.history.series);
  const { place, atS, lap, nowS } = standingOf(field);
  const classes = [...new Set(cars.map(({ cls }) => cls))];
  const cls = Uint8Array.from(cars, (form) => classes.indexOf(form.cls));
  const pace = paceColumns(field, models.tyres, racing, along);
  const typicalS = median([...pace.paceS]) ?? LAP_DEFAULT_S;
  const leader = leaderOf(lap, place);
  const leaderLap = leader === NONE ? 0 : lap[leader];
  const leaderS = leader === NONE ? nowS : atS[leader];
  const distance = distanceColumns(
    field,
    along,
    { nowS, leaderLap, leaderS, lapS: typicalS },
    options.lapsTotal ?? null,
    options.rules.clock.lapsAfter,
  );
  const { lapsTotal, lapsMax } = distance;
  const cautions = cautionsFrom(field, leader, prior.cautions, racing, options);
  const outChance = retirementChance(prior.order.outsPerRace, 1, Math.max(1, along.lapsTotal));
  return {
    cars: cars.map(({ car }) => car.car),
    classes,
    cls,
    nowS,
    leaderLap,
    leader,
    leaderS,
    isOver: isFlagged(field, leader) || leaderLap >= lapsTotal,
    greenLaps: leader === NONE ? 0 : cars[leader].greenLaps,
    ...distance,
    standing: Uint8Array.from(cars, (form) => standing(form.running, form.lap >= lapsTotal)),
    lap,
    place,
    atS,
    inPit: Uint8Array.from(cars, ({ car, at }) => car.pitIn[at]),
    tyreAge: Float64Array.from(cars, ({ ageLaps }) => ageLaps),
    compoundsUsed: Uint8Array.from(cars, compoundsUsed),
    ...pace,
    ...fuelColumns(field, models.stints, racing, prior.stops.stintLaps, options.fuel),
    dryS: DRY_LAPS * typicalS,
    ...stopTables(field, models, racing, classes, pace.ages, lapsMax),
    pitLossS: pitLosses(classes, losses, racing, typicalS),
    pitLossLogSd: racing.pitLossLogSd,
    inLapShare: IN_LAP_SHARE,
    laneS: laneLosses(classes, losses, racing, typicalS),
    service: racing.service,
    outChance: new Float64Array(cars.length).fill(outChance),
    troubleChance: racing.troubleChance,
    troubleS: racing.troubleS,
    penaltyS: Float64Array.from(cars, ({ car }) => penaltyOf(options, car.car).seconds),
    driveThroughs: Uint8Array.from(cars, ({ car }) => penaltyOf(options, car.car).driveThroughs),
    cautions,
    traffic: {
      minGapS: racing.minGapS,
      passHalfS: racing.passHalf * typicalS,
      passScaleS: racing.passScale * typicalS,
      duelS: racing.duelS,
      lappingS: racing.lapping * typicalS,
      restartNoise: racing.restartNoise,
      restartLaps: racing.restartLaps,
    },
    rules: {
      virtualShare: virtualShare(options.rules, racing),
      freePass: options.rules.caution.freePass,
      waveAround: WAVES[options.rules.caution.waveAround],
      pitClosedLaps: options.rules.caution.pitCloses ? Math.max(1, racing.pitClosedLaps) : 0,
      stageEnds: stageEnds(options, lapsTotal),
      compoundsToUse: compoundsKnown(field) ? (options.rules.compounds?.dryToUse ?? 0) : 0,
    },
  };
}

/** Of the cars that are furthest the one officially ahead. */
function leaderOf(lap: Int32Array, place: Int32Array): number {
  let leader: number = NONE;
  for (let car = 0; car < lap.length; car++) {
    if (leader === NONE || lap[car] > lap[leader] || (lap[car] === lap[leader] && place[car] < place[leader]))
      leader = car;
  }
  return leader;
}

const WAVES = { none: 0, stayedOut: 1, all: 2 } as const;

function standing(running: boolean, isFinished: boolean): Standing {
  if (isFinished) return STANDING.finished;
  return running ? STANDING.running : STANDING.out;
}

function isFlagged({ cars }: Field, leader: number): boolean {
  return leader !== NONE && cars[leader].car.flag[cars[leader].at] === FLAG.chequered;
}

function virtualShare({ caution: { kinds } }: RaceRules, racing: RacingPrior): number {
  if (!kinds.includes('virtual')) return 0;
  return kinds.includes('full') ? racing.virtualShare : 1;
}

function stageEnds({ rules, stageEnds: named = [] }: StartOptions, lapsTotal: number): Int32Array {
  if (!rules.stages) return new Int32Array(0);
  return Int32Array.from(named.filter((lap) => Number.isInteger(lap) && lap > 0 && lap < lapsTotal)).sort();
}

/** The rule can be drawn only where timing says what cars are on. */
function compoundsKnown({ cars, history }: Field): boolean {
  return history.compounds.length > 1 && cars.every(({ car, at, running }) => !running || car.compound[at] > 0);
}

function cautionsFrom(
  { cars }: Field,
  leader: number,
  prior: Prior['cautions'],
  racing: RacingPrior,
  options: StartOptions,
): DrawnCautions {
  const flags = leader === NONE ? [] : cars[leader].car.flag;
  const { starts, laps, now } = cautionsOf(flags);
  // Stage breaks come by the rules, not by chance.
  const drawn = (options.stageEnds?.length ?? 0) > 0 && options.rules.stages ? racing.drawnCautions : 1;
  return {
    shape: drawn * (starts + prior.perLap * prior.weightLaps),
    rateLaps: laps + prior.weightLaps,
    lengthLaps: prior.lengthLaps,
    lengthLogSd: racing.lengthLogSd,
    now: now > 0 ? phaseOf(flags[flags.length - 1]) : PHASE.green,
    nowLaps: now,
    fullFactor: racing.fullFactor,
    virtualFactor: racing.virtualFactor,
    closeUpFactor: racing.closeUpFactor,
    bunchGapS: racing.bunchGapS,
    slowLapUse: greenWorth(FLAG.caution),
  };
}

function phaseOf(flag: number): Phase {
  return flag === FLAG.virtual ? PHASE.virtual : PHASE.full;
}

/** By class and phase. Under caution those who go on are slow past the pit lane, so less is lost. */
function pitLosses(classes: readonly string[], losses: PitLossModel, racing: RacingPrior, lapS: number): Float64Array {
  return Float64Array.from(
    classes.flatMap((cls) => {
      const greenS = losses.lossS(cls, true);
      const slow = (factor: number) =>
        clamp(greenS - racing.laneShare * (factor - 1) * lapS, CAUTION_LOSS_MIN * greenS, greenS);
      return [greenS, slow(racing.fullFactor), slow(racing.virtualFactor)];
    }),
  );
}

/** A stop's usual loss without the time in the box; at least what the length of the lane is worth on the track. */
function laneLosses(classes: readonly string[], losses: PitLossModel, racing: RacingPrior, lapS: number): Float64Array {
  const wholeS = boxS(racing.service, 4, 1);
  return Float64Array.from(classes, (cls) => Math.max(racing.laneShare * lapS, losses.lossS(cls, true) - wholeS));
}

const NO_PENALTY: Penalty = { seconds: 0, driveThroughs: 0 };

function penaltyOf({ penalties }: StartOptions, car: string): Penalty {
  const told = penalties?.get(car);
  return told !== undefined && told.seconds >= 0 && Number.isFinite(told.seconds) ? told : NO_PENALTY;
}
