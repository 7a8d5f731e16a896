/** The functions of numbers. A missing argument makes the result missing; so does what has no answer (sqrt(−1), log(0)). */
export interface NumberFunction {
  min: number;
  /** Infinity: as many as one likes. */
  max: number;
  /** The result has the unit of the arguments, which must agree. */
  keepsUnit: boolean;
  apply: (...args: number[]) => number;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

function ofOne(apply: (x: number) => number, keepsUnit = false): NumberFunction {
  return { min: 1, max: 1, keepsUnit, apply };
}

function ofTwo(apply: (x: number, y: number) => number): NumberFunction {
  return { min: 2, max: 2, keepsUnit: false, apply };
}

export const NUMBER_FUNCTIONS: ReadonlyMap<string, NumberFunction> = new Map([
  ['abs', ofOne(Math.abs, true)],
  ['sqrt', ofOne(Math.sqrt)],
  ['sign', ofOne(Math.sign)],
  ['floor', ofOne(Math.floor, true)],
  ['ceil', ofOne(Math.ceil, true)],
  ['round', ofOne(Math.round, true)],
  ['exp', ofOne((x) => finite(Math.exp(x)))],
  ['log', ofOne((x) => (x > 0 ? Math.log(x) : Number.NaN))],
  ['sin', ofOne(Math.sin)],
  ['cos', ofOne(Math.cos)],
  // JavaScript has pow(NaN, 0) = 1.
  ['pow', ofTwo((x, y) => (Number.isNaN(x) ? x : finite(x ** y)))],
  ['hypot', ofTwo(Math.hypot)],
  ['atan2', ofTwo(Math.atan2)],
  ['min', { min: 2, max: Number.POSITIVE_INFINITY, keepsUnit: true, apply: Math.min }],
  ['max', { min: 2, max: Number.POSITIVE_INFINITY, keepsUnit: true, apply: Math.max }],
  ['clamp', { min: 3, max: 3, keepsUnit: true, apply: (x, low, high) => Math.min(Math.max(x, low), high) }],
]);

/** Methods of a window, which are also their names in an expression. */
const WINDOW_FUNCTIONS = ['min', 'max', 'avg', 'prevMin', 'prevMax', 'prevAvg'] as const;
export type WindowFunction = (typeof WINDOW_FUNCTIONS)[number];

/** Shortest and longest window. */
export const WINDOW_MS_MIN = 10;
export const WINDOW_MS_MAX = 600_000;

/** What takes a channel, not its value. */
const CHANNEL_FUNCTIONS = ['isNull', 'has', 'last', 'prev'] as const;
export type ChannelFunction = (typeof CHANNEL_FUNCTIONS)[number];

export const FUNCTION_NAMES = new Set<string>([
  ...NUMBER_FUNCTIONS.keys(),
  ...WINDOW_FUNCTIONS,
  ...CHANNEL_FUNCTIONS,
  'if',
  'ifNull',
]);

export function isWindowFunction(name: string): name is WindowFunction {
  return (WINDOW_FUNCTIONS as readonly string[]).includes(name);
}

export function isChannelFunction(name: string): name is ChannelFunction {
  return (CHANNEL_FUNCTIONS as readonly string[]).includes(name);
}
