/** Values of AWS IoT SQL. Undefined is JS `undefined`, Null is `null`; conversions between them are in `conversions.ts`. */
import { compare, isNumeric, type Numeric } from './decimal.js';
import { limitError } from './errors.js';
import type { Work } from './work.js';

export type Value = undefined | null | boolean | Numeric | string | Value[] | ValueObject;

export interface ValueObject {
  [key: string]: Value;
}

export function isObject(value: Value): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumeric(value);
}

/** Equality of two defined values: deep, Int 1 equals Decimal 1.0, different types differ. */
export function equal(a: Value, b: Value, work: Work, depth = 0): boolean {
  if (isNumeric(a) && isNumeric(b)) return compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return false;
    checkDepth(depth);
    work.spend(a.length);
    return a.every((item, i) => equal(item, b[i], work, depth + 1));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    checkDepth(depth);
    work.spend(keys.length);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key], work, depth + 1))
    );
  }
  return a === b;
}

/** Deepest nesting of arrays and objects: what walks through a value stops here rather than run out of stack. */
const MAX_NESTING = 1_000;

/** @throws PitwallError `PW-RULE-LIMIT` */
export function checkDepth(depth: number): void {
  if (depth > MAX_NESTING) throw limitError(`A value is nested deeper than ${MAX_NESTING}.`);
}

/** A member of an object that came from a payload: its own keys only, so that `constructor` is Undefined. */
export function member(value: Value, name: string): Value {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Sets a key whatever its name: assignment to `__proto__` would change the object instead. Undefined is left out. */
export function setKey(object: ValueObject, name: string, value: Value): void {
  if (value === undefined) return;
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[name] = value;
  }
}
