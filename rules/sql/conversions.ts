/**
 * The conversions of AWS IoT SQL, and the only place that knows them (iot-sql, "Data types"). One that does not exist gives
 * Undefined.
 */
import { isNumeric, type Numeric, numericText, parseNumeric } from './decimal.js';
import { evaluationError } from './errors.js';
import { writeJson } from './json.js';
import type { Value } from './values.js';

/** Bound on a text that a function builds: eight times what any action receives. */
export const MAX_TEXT = 1024 * 1024;

/** No sign `+`, no leading point, no white space, no `E+`: as the page gives it. */
const NUMERIC_STRING = /^-?\d+(\.\d+)?([eE]-?\d+)?$/;

export function toNumeric(value: Value): Numeric | undefined {
  if (isNumeric(value)) return value;
  return typeof value === 'string' && NUMERIC_STRING.test(value) ? parseNumeric(value) : undefined;
}

export function toBoolean(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/** Undefined for Undefined and Null; compact JSON for arrays and objects. */
export function toText(value: Value): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return isNumeric(value) ? numericText(value) : writeJson(value);
}

/** Hands on a text of bounded length. */
export function boundedText(text: string): string {
  checkTextLength(text.length);
  return text;
}

/** @throws PitwallError `PW-RULE-EVALUATION` when a text would pass the bound */
export function checkTextLength(length: number): void {
  if (length > MAX_TEXT) {
    throw evaluationError(`A text of ${length} characters would be built; at most ${MAX_TEXT} are kept in memory.`);
  }
}
