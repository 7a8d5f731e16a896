import type { FactType } from '#wire/race-records.js';

/**
 * Who counts where a person and timing speak of the same thing:
 * - `person`: the person, until the fact is undone: what a person corrects was seen to be wrong;
 * - `newest`: whichever is later in event time, for what goes on changing;
 * - `onlyPerson`: timing has no word on it.
 */
export type Precedence = 'person' | 'newest' | 'onlyPerson';

export interface FactKind {
  of: 'entry' | 'race' | 'either';
  needsLap: boolean;
  precedence: Precedence;
  /** Which earlier fact a later one replaces: that of the same lap, any of its type, or none. */
  replaces: 'sameLap' | 'any' | 'none';
  /** The value, in words, with its unit. */
  wanted: string;
  takes(value: number | string): boolean;
}

const FUEL_MAX_KG = 1_000;
const LAP_TIME_MAX_MS = 86_400_000;
const TEXT_MAX = 400;
const PENALTY_MAX_S = 3_600;

const isText = (value: number | string) => typeof value === 'string' && value.trim() !== '' && value.length <= TEXT_MAX;
const isOneOf =
  (...values: (number | string)[]) =>
  (value: number | string) =>
    values.includes(value);
const isBetween = (least: number, most: number) => (value: number | string) =>
  typeof value === 'number' && value >= least && value <= most;

/** Every fact that a person can state: what it is about, what it takes, and what it counts. The only place that says so. */
export const FACT_TYPES: Readonly<Record<FactType, FactKind>> = {
  fuelAdded: {
    of: 'entry',
    needsLap: false,
    precedence: 'onlyPerson',
    replaces: 'sameLap',
    wanted: 'fuel that went in at the stop, kg',
    takes: isBetween(0, FUEL_MAX_KG),
  },
  tyres: {
    of: 'entry',
    needsLap: false,
    precedence: 'person',
    replaces: 'sameLap',
    wanted: 'tyres changed at the stop: 0, 2 or 4',
    takes: isOneOf(0, 2, 4),
  },
  tyreSet: {
    of: 'entry',
    needsLap: false,
    precedence: 'onlyPerson',
    replaces: 'sameLap',
    wanted: 'name of the set that was fitted at the stop',
    takes: isText,
  },
  service: {
    of: 'entry',
    needsLap: false,
    precedence: 'onlyPerson',
    replaces: 'sameLap',
    wanted: 'what else was done at the stop, in words',
    takes: isText,
  },
  driver: {
    of: 'entry',
    needsLap: true,
    precedence: 'onlyPerson',
    replaces: 'sameLap',
    wanted: 'who drives from the end of that lap on',
    takes: isText,
  },
  damage: {
    of: 'entry',
    needsLap: false,
    precedence: 'onlyPerson',
    replaces: 'any',
    wanted: 'what is damaged, in words; "none" when it is mended',
    takes: isText,
  },
  flag: {
    of: 'race',
    needsLap: false,
    precedence: 'newest',
    replaces: 'none',
    wanted: 'the flag shown: green, virtual, yellow, red, white or checkered',
    takes: isOneOf('green', 'virtual', 'yellow', 'red', 'white', 'checkered'),
  },
  stop: {
    of: 'entry',
    needsLap: true,
    precedence: 'person',
    replaces: 'sameLap',
    wanted: '"made" for a stop that timing missed, "none" for one that was none',
    takes: isOneOf('made', 'none'),
  },
  retirement: {
    of: 'entry',
    needsLap: false,
    precedence: 'newest',
    replaces: 'any',
    wanted: '"out" or "running"',
    takes: isOneOf('out', 'running'),
  },
  lapTime: {
    of: 'entry',
    needsLap: true,
    precedence: 'person',
    replaces: 'sameLap',
    wanted: 'lap time, ms',
    takes: isBetween(1, LAP_TIME_MAX_MS),
  },
  penalty: {
    of: 'entry',
    needsLap: false,
    precedence: 'onlyPerson',
    replaces: 'none',
    wanted: 'seconds that are added to its race time, "driveThrough", or "served"',
    takes: (value) => isBetween(1, PENALTY_MAX_S)(value) || isOneOf('driveThrough', 'served')(value),
  },
  freePass: {
    of: 'entry',
    needsLap: false,
    precedence: 'onlyPerson',
    replaces: 'none',
    wanted: '"given": it got its lap back under the caution that is out',
    takes: isOneOf('given'),
  },
  note: {
    of: 'either',
    needsLap: false,
    precedence: 'onlyPerson',
    replaces: 'none',
    wanted: 'anything, in words',
    takes: isText,
  },
};

/**
 * Whether a person's word counts.
 *
 * @param timedMs event time of timing's word on the same thing; null when there is none
 */
export function prevails(type: FactType, saidMs: number, timedMs: number | null): boolean {
  return timedMs === null || FACT_TYPES[type].precedence !== 'newest' || saidMs >= timedMs;
}

/** Why the fact cannot be used, in words; null when it can. `entry` null = of the race. */
export function whyNotAFact(fact: {
  type: string;
  entry: string | null;
  lap: number | null;
  value: number | string;
}): string | null {
  const kind = Object.hasOwn(FACT_TYPES, fact.type) ? FACT_TYPES[fact.type as FactType] : undefined;
  if (kind === undefined) return `"${fact.type}" is no fact; there are: ${Object.keys(FACT_TYPES).join(', ')}`;
  if (kind.of === 'entry' && fact.entry === null) return `${fact.type} is a fact about an entry, and none is named`;
  if (kind.of === 'race' && fact.entry !== null) return `${fact.type} is a fact about the race, not about an entry`;
  if (kind.needsLap && fact.lap === null) return `${fact.type} needs a lap`;
  if (fact.lap !== null && !(Number.isInteger(fact.lap) && fact.lap >= 0)) return `the lap is ${fact.lap}`;
  if (!kind.takes(fact.value))
    return `the value of ${fact.type} is ${JSON.stringify(fact.value)}; wanted ${kind.wanted}`;
  return null;
}
