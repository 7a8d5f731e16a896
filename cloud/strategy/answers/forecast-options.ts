import { isCaution, lastLap } from '#cloud/race/laps.js';
import { type Service as DrawnService, NO_LIMIT, type Option } from '../monte-carlo/types.js';
import type { CautionCase } from './forecast-types.js';
import { pitClosedLaps } from './pit-open.js';
import { planStop } from './plan.js';
import type { CarReading, Reading } from './reading.js';
import { servicesOf, TYRES_OF } from './service.js';
import { situationOf } from './situation.js';
import type { Service } from './types.js';
import { pitWindow } from './window.js';

/** What may be done with one car, as races to be drawn. */
export interface OwnQuestion {
  key: string;
  /** Index in `RaceStart.cars`. */
  car: number;
  /** A stop now is made at the end of this lap: the one under way, or the first for which pit road is open. */
  next: number;
  /** Laps of the window beside `next`, ascending; the last one is the last possible. Empty when no stop is needed. */
  laps: number[];
  services: readonly Service[];
  /** The lap that the quick models would take, one of these; null when no stop is needed. */
  quickLap: number | null;
  /** A caution is out: a stop now would use it. */
  underCaution: boolean;
}

export const CAUTION_CASES: readonly CautionCase[] = ['drawn', 0, 5, 10];
/** Laps of the window that are drawn beside the stop now. */
const WINDOW_LAPS_MAX = 4;

/** Null for a car that makes no choice now: it is out, in the pits, or on its last lap. */
export function ownQuestion(reading: Reading, car: CarReading): OwnQuestion | null {
  const { entry, key, lap, toGo, form } = car;
  const index = form === null ? -1 : reading.field.cars.indexOf(form);
  const closed = pitClosedLaps(reading);
  if (!car.racing || index < 0 || entry.status === 'pit' || lastLap(entry)?.inLap || toGo <= 1 + closed) return null;
  const situation = situationOf(reading, car);
  const window = situation === null ? null : pitWindow(situation);
  const next = lap + 1 + closed;
  const quick = situation === null || window === null ? null : planStop(reading, car, situation, window).lap;
  const laps =
    window === null ? [] : sample(Math.max(next + 1, window.openLap), window.closeLap, quick ?? window.bestLap);
  const underCaution = isCaution(reading.state.flag);
  return { key, car: index, next, laps, services: servicesOf(reading.tyres.refuels), quickLap: quick, underCaution };
}

/** A stop on the lap, the next ones as usual; a caution before it is taken. */
export function stopOn({ car }: OwnQuestion, lap: number, service: Service, caution: CautionCase = 'drawn'): Option {
  return {
    car,
    stops: [{ lap, service: drawn(service) }],
    stopUnderCaution: true,
    caution: caution === 'drawn' ? 'drawn' : { inLaps: caution },
  };
}

/** Not now: at the end of the window, or under a caution before; to the flag where no stop is needed. */
export function stayOut(question: OwnQuestion, service: Service, caution: CautionCase = 'drawn'): Option {
  const last = question.laps.at(-1);
  if (last !== undefined) return { ...stopOn(question, last, service, caution), stopUnderCaution: caution === 'drawn' };
  return {
    car: question.car,
    stops: [],
    asUsualFromLap: NO_LIMIT,
    caution: caution === 'drawn' ? 'drawn' : { inLaps: caution },
  };
}

export function drawn(service: Service): DrawnService {
  return { tyres: TYRES_OF[service], fuel: service === 'nothing' ? 'none' : 'toEnd' };
}

/** First, best and last, and what is missing between them. */
function sample(from: number, to: number, best: number): number[] {
  if (to < from) return [];
  const laps = new Set([from, to]);
  if (best > from && best < to) laps.add(best);
  for (let part = 1; part < WINDOW_LAPS_MAX && laps.size < WINDOW_LAPS_MAX; part++) {
    laps.add(Math.round(from + ((to - from) * part) / WINDOW_LAPS_MAX));
  }
  return [...laps].sort((a, b) => a - b);
}
