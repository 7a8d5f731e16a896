import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { type CarHistory, isClean, isRacing } from '#cloud/strategy/history/history.js';
import { type CarForm, type Field, readField } from '#cloud/strategy/models/field.js';
import { lapEvents } from '#cloud/strategy/models/state-space/events.js';
import { type FilterState, newFilter, takeLap } from '#cloud/strategy/models/state-space/filter.js';
import { forecastFrom } from '#cloud/strategy/models/state-space/forecast.js';
import type { TyrePacePrior } from '#cloud/strategy/models/state-space/prior.js';
import { median } from '#cloud/strategy/stats.js';

/** A lap time that was forecast, and how it came out. Seconds. */
export interface AskedLap {
  race: number;
  /** Forecasts that were made at the same moment for the same car have the same one. */
  origin: string;
  /** The stint goes on; or the car has stopped since. */
  kind: 'stint' | 'stop';
  /** Laps from the origin; after a stop the lap of the stint. */
  ahead: number;
  timeS: number;
  meanS: number;
  onceSdS: number;
  noiseSdS: number;
  /** Its last clean lap; the class's median on fresh tyres. */
  lastLapS: number;
  freshS: number;
}

const STINT_AHEAD = [1, 2, 3, 4, 5, 10, 20];
const STOP_AHEAD = [2, 3, 4, 5, 6, 7, 8, 9, 10, 20];
/** Origins within stints: every so many laps of a car. */
const EVERY = { usual: 5, long: 10 } as const;
const LONG_RACE_LAPS = 220;
const FIRST_LAP = 10;
const FRESH_AGE = { min: 2, max: 10 } as const;
/** The class's newest fresh laps that count. */
const FRESH_LAPS = 100;
const SLOW = 1.12;

/** One race in the order in which laps ended, asked as it goes. */
export function walk(past: PastRace, race: number, prior: TyrePacePrior): { asked: AskedLap[]; end: FilterState } {
  const field = readField(past.history);
  const forms = new Map(field.cars.map((form) => [form.car.car, form]));
  const state = newFilter(prior, past.history.compounds);
  const every = past.laps > LONG_RACE_LAPS ? EVERY.long : EVERY.usual;
  const fresh = new Map<string, number[]>();
  const asked: AskedLap[] = [];
  for (const event of lapEvents(field.cars)) {
    const { car, index } = event;
    const form = forms.get(car.car)!;
    takeLap(state, event, prior);
    const freshOf = fresh.get(form.cls) ?? [];
    fresh.set(form.cls, freshOf);
    const age = car.tyreAgeLaps[index];
    if (isUsable(form, index) && age >= FRESH_AGE.min && age <= FRESH_AGE.max) {
      freshOf.push(car.lapTimeS[index]);
      if (freshOf.length > FRESH_LAPS) freshOf.shift();
    }
    if (car.lap[index] < FIRST_LAP || (!car.pitIn[index] && car.lap[index] % every !== 0)) continue;
    const freshS = median(freshOf);
    const lastLapS = lastUsable(form, index);
    if (lastLapS === null || freshS === null) continue;
    const ask = car.pitIn[index] ? askStop : askStint;
    asked.push(
      ...ask(state, field, form, index, prior, {
        race,
        origin: `${past.id} ${car.car} ${car.lap[index]}`,
        lastLapS,
        freshS,
      }),
    );
  }
  return { asked, end: state };
}

type Common = Pick<AskedLap, 'race' | 'origin' | 'lastLapS' | 'freshS'>;

function askStint(
  state: FilterState,
  field: Field,
  form: CarForm,
  at: number,
  prior: TyrePacePrior,
  common: Common,
): AskedLap[] {
  const { car } = form;
  const until = goesOn(car, at + 1);
  const pace = forecastFrom(state, field, prior);
  return STINT_AHEAD.flatMap((ahead) => {
    if (at + ahead >= until || !isUsable(form, at + ahead)) return [];
    const said = pace.lap(form, { ahead });
    return said === null
      ? []
      : [{ ...common, ...said, kind: 'stint' as const, ahead, timeS: car.lapTimeS[at + ahead] }];
  });
}

function askStop(
  state: FilterState,
  field: Field,
  form: CarForm,
  at: number,
  prior: TyrePacePrior,
  common: Common,
): AskedLap[] {
  const { car } = form;
  const until = goesOn(car, at + 2);
  const pace = forecastFrom(state, field, prior);
  return STOP_AHEAD.flatMap((ahead) => {
    const index = at + ahead;
    if (index >= until || !isUsable(form, index)) return [];
    // The engineer knows what he puts on; the greens before it are not his to know.
    const ageLaps = car.tyreAgeLaps[index];
    const compound = field.history.compounds[car.compound[index]] || undefined;
    const said = pace.lap(form, { ahead, ageLaps, fuelLaps: ahead, compound, greenLaps: 60 });
    return said === null ? [] : [{ ...common, ...said, kind: 'stop' as const, ahead, timeS: car.lapTimeS[index] }];
  });
}

/** First place from which the car no longer goes on at racing speed, or stops. */
function goesOn(car: CarHistory, from: number): number {
  let index = from;
  while (index < car.lap.length && isRacing(car.flag[index]) && !car.pitIn[index] && !car.pitOut[index]) index++;
  return index;
}

function isUsable({ car, classMedianS }: CarForm, index: number): boolean {
  return isClean(car, index) && car.lapTimeS[index] <= SLOW * classMedianS;
}

function lastUsable(form: CarForm, from: number): number | null {
  for (let index = from; index >= 0; index--) if (isUsable(form, index)) return form.car.lapTimeS[index];
  return null;
}
