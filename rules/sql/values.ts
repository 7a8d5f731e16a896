/** Values of AWS IoT SQL. Undefined is JS `undefined`, Null is `null`; conversions between them are in `conversions.ts`. */
import { compare, isNumeric, type Numeric } from './decimal.js';

export type Value = undefined | null | boolean | Numeric | string | Value[] | ValueObject;

export interface ValueObject {
  [key: string]: Value;
}

export function isObject(value: Value): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumeric(value);
}

/** Equality of two defined values: deep, Int 1 equals Decimal 1.0, different types differ. */
export function equal(a: Value, b: Value): boolean {
  if (isNumeric(a) && isNumeric(b)) return compare(a, b) === 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]));
  }
  return a === b;
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
