import type { CarHistory } from '../../history/history.js';
import { median } from '../../stats.js';
import type { CarForm, Field } from '../field.js';
import { lapEvents } from './events.js';
import { copyFilter, type FilterState, newFilter, takeLap } from './filter.js';
import { takePractice, withPractice } from './practice.js';
import type { TyrePacePrior } from './prior.js';
import type { PracticeTyres } from './types.js';

/** Laps that ended this many laps' time before the newest are settled: a lap that comes late, or is corrected, is mostly newer. */
const SETTLED_LAPS = 3;
/** What a lap is read from: if any of it has changed, the lap has. */
const READ = ['lap', 'lapTimeS', 'elapsedS', 'pitIn', 'pitOut', 'flag', 'compound', 'tyreAgeLaps'] as const;

type Column = Float64Array | Int32Array | Uint8Array;

/**
 * The filter, lap by lap: `update` takes in what is new. The state after it depends on the laps alone, not on how they came:
 * a lap that comes late or is corrected is sorted in, at worst by reading everything again.
 */
export class TyrePaceFold {
  readonly prior: TyrePacePrior;
  readonly #practice: PracticeTyres | null;
  #settled: FilterState | null = null;
  #settledUntilS = 0;
  /** Cars as they were read, and how many laps of each are settled. */
  #read = new Map<string, { car: CarHistory; cls: string; settled: number }>();
  #compounds: readonly string[] = [];
  /** How often everything was read again. */
  restarts = 0;

  constructor(prior: TyrePacePrior, practice: PracticeTyres | null = null) {
    this.prior = withPractice(prior, practice);
    this.#practice = practice;
  }

  /** The state after all laps of the field. Do not change it. */
  update({ history, cars }: Field): FilterState {
    const { compounds } = history;
    if (this.#settled === null || !this.#stands(cars, compounds)) this.#restart(compounds);
    let events = lapEvents(cars, (car) => this.#settledOf(car));
    if (events.length > 0 && events[0].endS < this.#settledUntilS) {
      this.#restart(compounds);
      events = lapEvents(cars);
    }
    this.#settledUntilS = Math.max(this.#settledUntilS, settledUntilS(cars));
    let open = 0;
    while (open < events.length && events[open].endS < this.#settledUntilS)
      takeLap(this.#settled!, events[open++], this.prior);
    this.#read = new Map(cars.map(({ car, cls }) => [car.car, { car, cls, settled: this.#settledOf(car) }]));
    for (const { car } of events.slice(0, open)) this.#read.get(car.car)!.settled++;
    const state = copyFilter(this.#settled!);
    for (const event of events.slice(open)) takeLap(state, event, this.prior);
    return state;
  }

  #settledOf(car: CarHistory): number {
    return this.#read.get(car.car)?.settled ?? 0;
  }

  #restart(compounds: readonly string[]): void {
    this.#settled = newFilter(this.prior, compounds);
    takePractice(this.#settled.shared, this.#practice);
    this.#settledUntilS = Number.NEGATIVE_INFINITY;
    this.#read = new Map();
    this.#compounds = [...compounds];
    this.restarts++;
  }

  /** Whether what is settled is still what happened. */
  #stands(cars: readonly CarForm[], compounds: readonly string[]): boolean {
    if (compounds.length !== this.#compounds.length || compounds.some((name, at) => name !== this.#compounds[at]))
      return false;
    const now = new Map(cars.map((form) => [form.car.car, form]));
    for (const [key, { car, cls, settled }] of this.#read) {
      const known = now.get(key);
      if (settled > 0 && (known === undefined || known.cls !== cls || !sameLaps(car, known.car, settled))) return false;
    }
    return true;
  }
}

/** By the car in the middle: one broken clock must not settle what is yet to come. */
function settledUntilS(cars: readonly CarForm[]): number {
  const running = cars.filter((form) => form.running);
  const newestS = median(running.map(({ car, at }) => car.elapsedS[at]).filter((endS) => endS > 0));
  const lapS = running.reduce((longest, { classMedianS }) => Math.max(longest, classMedianS || 0), 0);
  return (newestS ?? 0) - SETTLED_LAPS * lapS;
}

function sameLaps(before: CarHistory, now: CarHistory, count: number): boolean {
  if (before === now) return true;
  return now.lap.length >= count && READ.every((column) => sameBytes(before[column], now[column], count));
}

/** By memory: this runs over the whole race at every lap. */
function sameBytes(a: Column, b: Column, count: number): boolean {
  const bytes = (column: Column) => Buffer.from(column.buffer, column.byteOffset, count * column.BYTES_PER_ELEMENT);
  return bytes(a).equals(bytes(b));
}
