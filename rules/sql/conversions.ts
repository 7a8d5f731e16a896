/**
 * The conversions of AWS IoT SQL, and the only place that knows them (iot-sql, "Data types"). One that does not exist gives
 * Undefined.
 */
import { isNumeric, type Numeric, numericText, parseNumeric, round } from './decimal.js';
import { checkTextLength, writeJson } from './json.js';
import type { Value } from './values.js';
import type { Work } from './work.js';

/** No number of 34 digits and an exponent of three needs more; what is longer is not searched for one. */
const MAX_NUMERIC_TEXT = 4_096;

/** No sign `+`, no leading point, no white space, no `E+`: as the page gives it. */
const NUMERIC_STRING = /^-?\d+(\.\d+)?([eE]-?\d+)?$/;

export function toNumeric(value: Value): Numeric | undefined {
  if (isNumeric(value)) return value;
  if (typeof value !== 'string' || value.length > MAX_NUMERIC_TEXT) return undefined;
  return NUMERIC_STRING.test(value) ? parseNumeric(value) : undefined;
}

/** A number is rounded down, a text is cut off at its point. */
export function toInt(value: Value): Numeric | undefined {
  const number = toNumeric(value);
  return number === undefined ? undefined : round(number, 0, typeof value === 'string' ? 'truncate' : 'floor');
}

export function toBoolean(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** Undefined for Undefined and Null; compact JSON for arrays and objects. */
export function toText(value: Value, work: Work): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (isNumeric(value)) return numericText(value);
  const text = writeJson(value);
  work.spend(text.length);
  return text;
}

/** A text of bounded length, put together of two. */
export function joinTexts(a: string, b: string, work: Work): string {
  checkTextLength(a.length + b.length);
  work.spend(a.length + b.length);
  return a + b;
}
