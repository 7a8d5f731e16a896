import type { Forecast, OwnForecast } from '#cloud/strategy/answers/forecast-types.js';
import type { Answers, OwnAnswer } from '#cloud/strategy/answers/types.js';

// For the page, whose sources ask for nothing outside of this folder.
export type { CautionCase } from '#cloud/strategy/answers/forecast-types.js';
export type {
  Band,
  CautionAnswer,
  DataHealthAnswer,
  FalloffAnswer,
  FalloffRival,
  FuelAnswer,
  GapTrend,
  Known,
  PaceAnswer,
  PitRoadAnswer,
  RaceAnswer,
  Reach,
  Service,
  TyreSetAnswer,
  WindowAnswer,
} from '#cloud/strategy/answers/types.js';

/**
 * An answer as it goes to the browser: in a merge patch null removes a key, so what is null in an answer is absent here.
 *
 * @example
 * type A = Shown<{ lap: number; stage: { endLap: number | null } | null }>; // { lap: number; stage?: { endLap?: number } }
 */
export type Shown<T> = T extends readonly (infer Item)[]
  ? Shown<NonNullable<Item>>[]
  : T extends object
    ? { [K in keyof T as null extends T[K] ? never : K]: Shown<T[K]> } & {
        [K in keyof T as null extends T[K] ? K : never]?: Shown<NonNullable<T[K]>>;
      }
    : T;

/** The twelve groups of answers, each with what it rests on (`known`); what every car has stands in its row. */
export interface StrategyShown {
  race: Shown<Answers['race']>;
  cautions: Shown<Answers['cautions']>;
  /** `stops`: of own cars. */
  pitRoad: Shown<Answers['pitRoad']>;
  dataHealth: Shown<Answers['dataHealth']>;
  standings: Shown<Answers['standings']>;
  own: Record<string, OwnShown>;
}

export interface OwnShown extends Shown<OwnAnswer> {
  /** By simulated races; absent before the first. */
  forecast?: Shown<OwnForecast>;
}

/** Null members go; figures keep the digits that a person reads, so that a delta is not made of noise. */
export function shown<T>(answer: T): Shown<T> {
  return shownValue(answer) as Shown<T>;
}

/** What the screen shows of the newest answers and of the newest simulated races. */
export function strategyShown(answers: Answers, forecast: Forecast | null): StrategyShown {
  const { race, cautions, pitRoad, dataHealth, standings } = answers;
  const own: Record<string, OwnShown> = {};
  const stops: typeof pitRoad.stops = {};
  for (const [key, answer] of Object.entries(answers.own)) {
    own[key] = shown(answer);
    const simulated = forecast?.own[key];
    if (simulated !== undefined) own[key].forecast = shown(simulated);
    if (pitRoad.stops[key] !== undefined) stops[key] = pitRoad.stops[key];
  }
  return {
    race: shown(race),
    cautions: shown(cautions),
    pitRoad: shown({ ...pitRoad, stops }),
    dataHealth: shown(dataHealth),
    standings: shown(standings),
    own,
  };
}

function shownValue(value: unknown): unknown {
  if (typeof value === 'number') return figure(value);
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(shownValue);
  if (typeof value !== 'object' || value === null) return value;
  const members: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== null && member !== undefined) members.push([key, shownValue(member)]);
  }
  return Object.fromEntries(members);
}

/** Whole ones as they are, hundreds without decimals, chances to a thousandth. */
function figure(value: number): number {
  const size = Math.abs(value);
  const steps = size >= 100 ? 1 : size >= 1 ? 100 : 1_000;
  return Math.round(value * steps) / steps;
}
