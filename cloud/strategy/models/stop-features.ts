import { FLAG, isRacing } from '../history/history.js';
import { clamp, median } from '../stats.js';
import type { CarForm, Field } from './field.js';
import { average, type Features } from './linear.js';
import type { Progress } from './progress.js';
import type { StintModel } from './stints.js';

/** Edges of what is left of a full stint, in green laps' worth: around the end of a tank each lap tells. */
const LEFT_EDGES = [-4, -1.5, 0, 1, 2, 3, 4, 5, 6, 7.5, 10] as const;
const LEFT_BINS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'Over', 'Unknown'] as const;

/** What a stop within the next five laps is told from. Shares are of a typical stint of the class. */
export const STOP_FEATURES = [
  'one',
  'seenEnding',
  'seenEndingGreen',
  'seenMany',
  'seenShare',
  'age',
  'ageLong',
  'ageLongest',
  'ageOwn',
  'ageOwnLong',
  'ownUnknown',
  'ownDue',
  'leftUnder8',
  'leftUnder15',
  'leftUnderHalf',
  'reachesEnd',
  'mustStop',
  'caution',
  'virtual',
  'cautionAge',
  'rivals3',
  'rivals10',
  'rivals3Age',
  'afterCaution',
  'justStopped',
  'slower',
  'place',
  'oneCompound',
  'oneCompoundLate',
  'stops',
  'stopsMore',
  'share',
  'tyreAge',
  ...LEFT_BINS.map((bin) => `own${bin}` as const),
  ...LEFT_BINS.map((bin) => `cls${bin}` as const),
] as const;
export type StopFeature = (typeof STOP_FEATURES)[number];

/** A stop is asked for within so many laps. */
export const WITHIN_LAPS = 5;

/** What all cars share at this moment. */
export interface StopField {
  along: Progress;
  stints: StintModel;
  flag: number;
  /** Shares of the cars that stopped within the last three and ten laps. */
  rivals3: number;
  rivals10: number;
  /** Laps since the last one under caution. */
  sinceCaution: number;
  meanStops: number;
  compoundsMatter: boolean;
}

const CAUTION_LAPS = 6;
const CAUTION_SEEN = 40;

export function stopField(field: Field, along: Progress, stints: StintModel): StopField {
  const running = field.cars.filter((form) => form.running);
  const stopped = (laps: number) => running.filter((form) => (form.stopLaps.at(-1) ?? -laps) > form.lap - laps).length;
  let sinceCaution = CAUTION_SEEN;
  const { leader } = along;
  if (leader !== null) {
    for (let laps = 0; laps < CAUTION_SEEN && laps <= leader.at; laps++) {
      if (isRacing(leader.car.flag[leader.at - laps])) continue;
      sinceCaution = laps;
      break;
    }
  }
  return {
    along,
    stints,
    flag: leader === null ? FLAG.green : leader.car.flag[leader.at],
    rivals3: stopped(3) / Math.max(1, running.length),
    rivals10: stopped(10) / Math.max(1, running.length),
    sinceCaution,
    meanStops: running.length > 0 ? average(running.map(({ stopLaps }) => stopLaps.length)) : 0,
    compoundsMatter: field.history.compounds.length > 2,
  };
}

/**
 * Features of a car `later` laps from now if it has not stopped by then and nothing else changes: what its hazard will
 * be along the stint.
 */
export function stopFeatures(form: CarForm, shared: StopField, later = 0): Features<StopFeature> {
  const { along, stints } = shared;
  const own = stints.of(form);
  const seen = stints.seen(form.cls);
  const typical = stints.typicalLaps(form.cls);
  const age = own.ageLaps + later;
  const ageGreen = own.ageGreen + later;
  const left = Math.max(0, along.lapsLeft(form) - later);
  const longest = seen.laps.length > 0 ? Math.max(...seen.laps) : typical * 1.4;
  const ownLaps = own.over.filter((laps) => laps > 3);
  const ownMean = ownLaps.length > 0 ? average(ownLaps) : typical;
  const full = stints.fullGreen(form);
  const now = later === 0;
  const rivals3 = now ? shared.rivals3 : 0;
  const cautionNow = now && (shared.flag === FLAG.caution || shared.flag === FLAG.safetyCar);
  const virtualNow = now && shared.flag === FLAG.virtual;
  const single = shared.compoundsMatter && compoundsUsed(form) === 1;
  const features: Partial<Features<StopFeature>> = {
    one: 1,
    seenEnding: endingLogit(seen.laps, age),
    seenEndingGreen: endingLogit(seen.green, ageGreen),
    seenMany: Math.min(seen.laps.filter((laps) => laps > age).length, 10) / 10,
    seenShare:
      seen.laps.length > 3
        ? seen.laps.filter((laps) => laps > age && laps <= age + WITHIN_LAPS).length / seen.laps.length
        : 0.1,
    age: Math.min(age / typical, 2),
    ageLong: clamp(age / typical - 0.8, 0, 2),
    ageLongest: clamp((age + WITHIN_LAPS) / longest - 0.9, 0, 2),
    ageOwn: ownLaps.length > 0 ? Math.min(2, age / ownMean) : 0,
    ageOwnLong: clamp((age + WITHIN_LAPS) / ownMean - 0.85, 0, 2),
    ownUnknown: ownLaps.length > 0 ? 0 : 1,
    ownDue: ownLaps.length > 0 && Math.abs(ownMean - age - 2.5) <= 2.5 ? 1 : 0,
    leftUnder8: left < 8 ? 1 : 0,
    leftUnder15: left < 15 ? 1 : 0,
    leftUnderHalf: left < typical / 2 ? 1 : 0,
    reachesEnd: clamp((left - (longest - age)) / typical, -1, 1),
    mustStop: left > longest - age ? 1 : 0,
    caution: cautionNow ? 1 : 0,
    virtual: virtualNow ? 1 : 0,
    cautionAge: cautionNow || virtualNow ? Math.min(1, age / typical) : 0,
    rivals3,
    rivals10: now ? shared.rivals10 : 0,
    rivals3Age: rivals3 * Math.min(1.5, age / typical),
    afterCaution: shared.sinceCaution + later < CAUTION_LAPS ? 1 : 0,
    justStopped: age <= 3 ? 1 : 0,
    slower: now ? slowerPercent(form.stintTimesS) : 0,
    place: form.car.pos[form.at] / 20,
    oneCompound: single ? 1 : 0,
    oneCompoundLate: single && left < 15 ? 1 : 0,
    stops: Math.min(4, own.over.length),
    stopsMore: clamp(own.over.length - shared.meanStops, -3, 3),
    share: along.share,
    tyreAge: tyreAge(form, later, typical),
  };
  leftBins(features, 'own', full.own === null ? null : full.own - ageGreen);
  leftBins(features, 'cls', full.cls - ageGreen);
  return features as Features<StopFeature>;
}

/** What the lap of the next stop is told from: guesses at the laps until then, and what bends them. */
export const STOP_LAP_FEATURES = [
  'one',
  'longer',
  'own',
  'cls',
  'typical',
  'toEnd',
  'soon',
  'soonTypical',
  'over',
] as const;
export type StopLapFeature = (typeof STOP_LAP_FEATURES)[number];

/** @param within5 chance of a stop within five laps */
export function stopLapFeatures(form: CarForm, shared: StopField, within5: number): Features<StopLapFeature> {
  const { along, stints } = shared;
  const { ageLaps, ageGreen } = stints.of(form);
  const seen = stints.seen(form.cls);
  const typical = stints.typicalLaps(form.cls);
  const full = stints.fullGreen(form);
  const toEnd = along.lapsLeft(form);
  const until = (laps: number) => clamp(laps, 1, Math.max(1, toEnd));
  const longer = median(seen.laps.filter((laps) => laps > ageLaps));
  return {
    one: 1,
    longer: until((longer ?? Math.max(typical, ageLaps + 1)) - ageLaps),
    own: until((full.own ?? full.cls) - ageGreen),
    cls: until(full.cls - ageGreen),
    typical: until(typical - ageLaps),
    toEnd: Math.min(toEnd, 2 * typical),
    soon: within5,
    soonTypical: within5 * typical,
    over: ageGreen > full.cls ? 1 : 0,
  };
}

function leftBins(features: Partial<Features<StopFeature>>, of: 'own' | 'cls', left: number | null): void {
  for (const bin of LEFT_BINS) features[`${of}${bin}`] = 0;
  if (left === null) features[`${of}Unknown`] = 1;
  else if (left < LEFT_EDGES[0]) features[`${of}Over`] = 1;
  else {
    const above = LEFT_EDGES.findIndex((edge) => left < edge);
    if (above > 0) features[`${of}${LEFT_BINS[above - 1]}`] = 1;
  }
}

/** Of the stints seen that got this old: those that ended within the next laps, against the others; a logit. */
function endingLogit(stints: readonly number[], age: number): number {
  let ending = 0;
  let longer = 0;
  for (const laps of stints) {
    if (laps > age + WITHIN_LAPS) longer++;
    else if (laps > age) ending++;
  }
  return Math.log((ending + 0.3) / (longer + 1.7));
}

/** How much slower the stint has become, percent of its best lap after the first three. */
function slowerPercent(stintTimesS: readonly number[]): number {
  if (stintTimesS.length < 8) return 0;
  const newest = median(stintTimesS.slice(-3))!;
  return clamp((newest / Math.min(...stintTimesS.slice(0, -3)) - 1) * 100, -1, 4);
}

/** Different compounds that the car is known to have had on. */
export function compoundsUsed({ car }: CarForm): number {
  return new Set(car.compound.filter((compound) => compound > 0)).size;
}

function tyreAge({ car, at }: CarForm, later: number, typical: number): number {
  const laps = car.tyreAgeLaps[at];
  return laps >= 0 ? Math.min(2, (laps + later) / typical) : 0;
}
