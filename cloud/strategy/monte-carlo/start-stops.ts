import type { CarForm, Field } from '../models/field.js';
import { fitStops } from '../models/stops.js';
import type { RacingPrior } from './racing-priors.js';
import type { RaceModels } from './start.js';
import type { RaceStart } from './types.js';

type StopTables = Pick<RaceStart, 'later' | 'stopHazard' | 'nextHazard' | 'blockLaps' | 'blocks' | 'cautionStop'>;

/** Laps of the race after which hazards stay as they are. */
const LATER_MAX = 400;
/** Distances at which the hazards of a next stint are worked out. */
const BLOCKS_MAX = 24;
const BLOCK_LAPS_MIN = 5;
const FIFTHS = 5;

/**
 * Chances of stops under green: of the stint that is on by `fitStops`, car by car; of those to come by the same model, asked about
 * a middling car of the class that has just stopped there. The fitted hazards include stops that cautions brought; those come
 * apart here, so only the share of green stops counts.
 */
export function stopTables(
  field: Field,
  models: RaceModels,
  racing: RacingPrior,
  classes: readonly string[],
  ages: number,
  lapsMax: number,
): StopTables {
  const { cars } = field;
  const left = Math.max(1, lapsMax - field.lap);
  const later = Math.min(LATER_MAX, left + 1);
  const green = (hazard: number) => (hazard > 0 ? Math.min(1, hazard * racing.greenStops) : 0);
  const stopHazard = new Float64Array(cars.length * later);
  for (const [index, form] of cars.entries()) {
    if (!form.running) continue;
    fill(stopHazard, index * later, later, (ahead) => green(models.stops.hazard(form, ahead)));
  }
  const blockLaps = Math.max(BLOCK_LAPS_MIN, Math.ceil(left / BLOCKS_MAX));
  const blocks = Math.ceil(left / blockLaps);
  const nextHazard = new Float64Array(classes.length * blocks * ages);
  const cautionStop = new Float64Array(classes.length * ages);
  for (const [of, cls] of classes.entries()) {
    const form = middling(cars.filter((car) => car.cls === cls && car.running));
    if (form === undefined) continue;
    for (let block = 0; block < blocks; block++) {
      const hazard = afterStop(field, models, form, left - (block + 0.5) * blockLaps);
      fill(nextHazard, (of * blocks + block) * ages, ages, (age) => green(hazard(age)));
    }
    const fifthLaps = models.stints.typicalLaps(cls) / FIFTHS;
    for (let age = 0; age < ages; age++) {
      const bin = Math.min(racing.cautionStop.length - 1, Math.floor(age / Math.max(1, fifthLaps)));
      cautionStop[of * ages + age] = racing.cautionStop[bin];
    }
  }
  return { later, stopHazard, nextHazard, blockLaps, blocks, cautionStop };
}

function fill(table: Float64Array, from: number, count: number, at: (ahead: number) => number): void {
  for (let ahead = 0; ahead < count; ahead++) table[from + ahead] = at(ahead);
}

function middling(cars: readonly CarForm[]): CarForm | undefined {
  const byPlace = [...cars].sort((a, b) => (a.car.pos[a.at] || cars.length) - (b.car.pos[b.at] || cars.length));
  return byPlace[byPlace.length >> 1];
}

/** Hazards of the car by laps since a stop that left `laps` to go. */
function afterStop(field: Field, models: RaceModels, form: CarForm, laps: number): (age: number) => number {
  const { along, stints, prior } = models;
  const stopped: CarForm = {
    ...form,
    car: { ...form.car, tyreAgeLaps: new Float64Array(form.car.tyreAgeLaps.length) },
    stintTimesS: [],
    ageLaps: 0,
  };
  const own = stints.of(form);
  const fresh = {
    over: [...own.over, own.ageLaps],
    overGreen: [...own.overGreen, own.ageGreen],
    ageLaps: 0,
    ageGreen: 0,
  };
  const there = {
    ...along,
    lapsLeft: () => Math.max(0, laps),
    ownLapsLeft: () => Math.max(0, laps),
    share: along.lapsTotal > 0 ? Math.min(1, Math.max(0, 1 - laps / along.lapsTotal)) : 0,
  };
  const later = {
    ...stints,
    of: (asked: CarForm) => (asked === stopped ? fresh : stints.of(asked)),
    fullGreen: (asked: CarForm) => stints.fullGreen(asked === stopped ? form : asked),
  };
  const model = fitStops(field, there, later, prior.stops);
  return (age) => model.hazard(stopped, age);
}
