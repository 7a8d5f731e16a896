/** Arrays, objects, and what to do about Null and Undefined (iot-sql §4). */
import { PitwallError } from '#wire/errors.js';
import { boundedText, toNumeric, toText } from '../conversions.js';
import { toDouble } from '../decimal.js';
import { isObject, member, type Value, type ValueObject } from '../values.js';
import type { FunctionFamily } from './definition.js';

/** get(): element of an array, character of a text, value of an object; also `a[i]`, which the guide does not document. */
export function elementOf(of: Value, index: Value): Value {
  if (isObject(of)) return typeof index === 'string' ? member(of, index) : undefined;
  if (!Array.isArray(of) && typeof of !== 'string') return undefined;
  const place = toNumeric(index);
  return place === undefined ? undefined : of[Math.trunc(toDouble(place))];
}

/** One Array makes an Array (arrays spliced in, the rest appended); else one String makes a String. */
function concat(args: Value[]): Value {
  if (args.length === 1) return args[0];
  if (args.some(Array.isArray)) return args.includes(undefined) ? undefined : args.flat(1);
  // Nothing but numbers and Booleans: not stated.
  if (!args.some((arg) => typeof arg === 'string')) return undefined;
  let text = '';
  for (const arg of args) {
    const part = toText(arg);
    if (part === undefined) return undefined;
    text = boundedText(text + part);
  }
  return text;
}

/** transform('enrichArray', object, array): each element with the object's keys; an element's own keys stay. */
function transform([mode, object, array]: Value[]): Value {
  if (mode !== 'enrichArray' || !isObject(object) || !Array.isArray(array)) return undefined;
  return array.map((element): ValueObject => (isObject(element) ? { ...object, ...element } : { ...object }));
}

export const objectFunctions: FunctionFamily = {
  concat: { arity: [1, Number.POSITIVE_INFINITY], call: concat },
  get: { arity: [2, 2], call: ([of, index]) => elementOf(of, index) },
  get_or_default: {
    compile: (args, _at, context, compile) => {
      const [wanted, fallback] = args.map((arg) => compile(arg, context));
      if (args.length < 1 || args.length > 2) return () => undefined;
      return (scope) => {
        try {
          const value = wanted(scope);
          if (value !== undefined && value !== null) return value;
        } catch (error) {
          // The first argument may fail, that is what this function is for; a defect of ours may not hide in it.
          if (!(error instanceof PitwallError)) throw error;
        }
        return fallback?.(scope);
      };
    },
  },
  isnull: { arity: [1, 1], call: ([value]) => value === null },
  isundefined: { arity: [1, 1], call: ([value]) => value === undefined },
  /** No value here is ever NaN: functions give Undefined instead. */
  nanvl: { arity: [2, 2], call: ([value, instead]) => value ?? instead },
  transform: { arity: [3, 3], call: transform },
};
