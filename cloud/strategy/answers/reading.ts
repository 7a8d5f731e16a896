import { distance } from '#cloud/race/distance.js';
import { lapsCompleted } from '#cloud/race/laps.js';
import { rulesOf } from '#cloud/race/rules/rules.js';
import type { EntryState, RaceState } from '#cloud/race/types.js';
import type { PracticeFigures } from '#wire/race-records.js';
import { fromRaceState } from '../history/from-state.js';
import { type CautionModel, fitCautions } from '../models/cautions.js';
import { type CarForm, type Field, readField } from '../models/field.js';
import { priorOf } from '../models/fitted/priors.js';
import type { Prior } from '../models/fitted/types.js';
import { type Progress, progress } from '../models/progress.js';
import { tyrePacePriorOf } from '../models/state-space/fitted/priors.js';
import { TyrePaceFold } from '../models/state-space/fold.js';
import type { TyrePacePrior } from '../models/state-space/prior.js';
import type { TyrePace } from '../models/state-space/types.js';
import { updateTyrePace } from '../models/state-space/tyre-pace.js';
import { fitStints, type StintModel } from '../models/stints.js';
import { fitStops, type StopModel } from '../models/stops.js';
import { type RacingPrior, racingPriorOf } from '../monte-carlo/racing-priors.js';
import { type Fuel, fuel } from './fuel.js';
import { carDoubts, type Doubt, raceDoubts } from './known.js';
import { type PitLoss, pitLoss } from './pit-loss.js';
import { withTyreLife } from './tyre-life.js';

/** One car, read once for all groups. */
export interface CarReading {
  key: string;
  entry: EntryState;
  /** Still in the race: neither out nor flagged off. */
  racing: boolean;
  lap: number;
  toGo: number;
  /** Null before its first lap. */
  form: CarForm | null;
  /** Expected green lap now, ms; null where nothing is known. */
  paceMs: number | null;
  fuel: Fuel;
}

/** The race, read once for all groups: a digest of its laps, and every model fitted on it. */
export interface Reading {
  state: RaceState;
  prior: Prior;
  field: Field;
  along: Progress;
  /** Laps that the leader completes in all; null where nothing tells it yet. */
  lapsTotal: number | null;
  stints: StintModel;
  stops: StopModel;
  cautions: CautionModel;
  tyres: TyrePace;
  pitLoss: PitLoss;
  racing: RacingPrior;
  /** In the running order. */
  cars: CarReading[];
  car(key: string): CarReading | undefined;
  /** Of a car and of the race. */
  doubts(car: CarReading): Doubt[];
}

/**
 * What a live race keeps from question to question: the pace of laps that were read need not be worked out again. Answers are the
 * same with and without it.
 */
export class ReadingMemory {
  #fold: TyrePaceFold | undefined;
  #of = '';

  tyres(field: Field, prior: TyrePacePrior, practice: PracticeFigures | null): TyrePace {
    const of = JSON.stringify([field.history.series, prior.refuels, practice]);
    if (this.#fold === undefined || of !== this.#of) this.#fold = new TyrePaceFold(prior, practice);
    this.#of = of;
    return updateTyrePace(this.#fold, field);
  }
}

/** Reads the state. A session that names no series is read by what all series together taught. */
export function read(state: RaceState, memory = new ReadingMemory()): Reading {
  const { series = 'other', practice = null } = state.session;
  const prior = priorOf(series);
  const field = readField(fromRaceState(state, series));
  const along = progress(field, prior.length);
  const stints = fitStints(field, prior.stops.stintLaps);
  const tyres = withTyreLife(memory.tyres(field, tyrePrior(state, series), practice), state.session.car.tyreLifeLaps);
  const forms = new Map(field.cars.map((form) => [form.car.car, form]));
  const lapsTotal = distance(state).laps ?? (along.leader === null ? null : along.lapsTotal);
  const cars = state.order.map((key): CarReading => {
    const entry = state.entries[key];
    const form = forms.get(key) ?? null;
    const lap = lapsCompleted(entry);
    return {
      key,
      entry,
      form,
      lap,
      racing: entry.status !== 'retired' && entry.status !== 'finished',
      toGo: Math.max(0, (lapsTotal ?? lap) - lap),
      paceMs: form === null ? null : paceMs(tyres, form),
      fuel: fuel(state, entry, practice?.fuelPerLapKg ?? null),
    };
  });
  const byKey = new Map(cars.map((car) => [car.key, car]));
  const ofRace = raceDoubts(state);
  return {
    state,
    prior,
    field,
    along,
    lapsTotal,
    stints,
    stops: fitStops(field, along, stints, prior.stops),
    cautions: fitCautions(along, prior.cautions),
    tyres,
    pitLoss: pitLoss(state, practice?.pitLossMs ?? null),
    racing: racingPriorOf(series),
    cars,
    car: (key) => byKey.get(key),
    doubts: (car) => [...ofRace, ...carDoubts(state, car.entry, car.paceMs)],
  };
}

function paceMs(tyres: TyrePace, form: CarForm): number | null {
  const next = tyres.lap(form, { ahead: 1 });
  return next === null ? null : 1_000 * next.meanS;
}

/** Where the rules forbid refuelling nobody does, whatever the series is. */
function tyrePrior(state: RaceState, series: string): TyrePacePrior {
  const prior = tyrePacePriorOf(series);
  return { ...prior, refuels: prior.refuels && rulesOf(state).refuels };
}
