/** A number that a person may set: what it is by default, and what it bounds. */
export interface Limit {
  value: number;
  /** Whose value the default is: a quota of AWS, or a bound that this implementation needs. */
  by: 'AWS' | 'pitwall';
  meaning: string;
  max: number;
}

/** Longest time that a timer can wait; Node fires at once for a longer one. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** A quota of AWS, at AWS's value. */
export const quota = (value: number, meaning: string): Limit => ({
  value,
  by: 'AWS',
  meaning,
  max: Number.MAX_SAFE_INTEGER,
});

/** What AWS does not say, and an implementation must. */
export const bound = (value: number, meaning: string): Limit => ({ ...quota(value, meaning), by: 'pitwall' });

/** One that a timer waits for. */
export const timer = (limit: Limit): Limit => ({ ...limit, max: TIMER_MS_MAX });

/** The values of a table of limits, by the same names. */
export type LimitValues<T> = { [K in keyof T]: number };

export function defaultsOf<T extends Record<string, Limit>>(table: T): LimitValues<T> {
  return Object.fromEntries(Object.entries(table).map(([name, { value }]) => [name, value])) as LimitValues<T>;
}
