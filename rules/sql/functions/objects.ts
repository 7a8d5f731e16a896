/** Arrays, objects, and what to do about Null and Undefined (iot-sql §4). */
import { PitwallError } from '#wire/errors.js';
import { type Expression, someWithin } from '../ast.js';
import { joinTexts, toInt, toText } from '../conversions.js';
import { toDouble } from '../decimal.js';
import { evaluationError, SqlError } from '../errors.js';
import { writeJson } from '../json.js';
import type { CompileContext, Scope } from '../scope.js';
import { CONCAT_OF_NUMBERS_IS_TEXT, ENRICHED_ELEMENT_KEEPS_ITS_OWN } from '../unsettled.js';
import { isObject, member, type Value, type ValueObject } from '../values.js';
import type { FunctionFamily } from './definition.js';

/** get(): element of an array, character of a text, value of an object; also `a[i]`, which the guide does not document. */
export function elementOf(of: Value, index: Value): Value {
  if (isObject(of)) return typeof index === 'string' ? member(of, index) : undefined;
  if (!Array.isArray(of) && typeof of !== 'string') return undefined;
  const place = toInt(index);
  return place === undefined ? undefined : of[toDouble(place)];
}

/** One Array makes an Array (arrays spliced in, the rest appended); else one String makes a String. */
function concat(args: Value[], { work }: Scope): Value {
  if (args.length === 1) return args[0];
  if (args.some(Array.isArray)) {
    if (args.includes(undefined)) return undefined;
    work.spend(args.reduce<number>((length, arg) => length + (Array.isArray(arg) ? arg.length : 1), 0));
    return ([] as Value[]).concat(...args);
  }
  if (!CONCAT_OF_NUMBERS_IS_TEXT && !args.some((arg) => typeof arg === 'string')) return undefined;
  let text = '';
  for (const arg of args) {
    const part = toText(arg, work);
    if (part === undefined) return undefined;
    text = joinTexts(text, part, work);
  }
  return text;
}

/** iot-sql §4: what transform gives is at most so long, as JSON. */
const MAX_TRANSFORMED_BYTES = 128 * 1024;

/** transform('enrichArray', object, array): each element with the object's keys. */
function transform([mode, object, array]: Value[], { work }: Scope): Value {
  if (mode !== 'enrichArray' || !isObject(object) || !Array.isArray(array)) return undefined;
  work.spend(array.length * Object.keys(object).length);
  const enriched = array.map((element): ValueObject => {
    if (!isObject(element)) return { ...object };
    return ENRICHED_ELEMENT_KEEPS_ITS_OWN ? { ...object, ...element } : { ...element, ...object };
  });
  const bytes = Buffer.byteLength(writeJson(enriched));
  if (bytes > MAX_TRANSFORMED_BYTES) {
    throw evaluationError(`transform gave ${bytes} bytes; at most ${MAX_TRANSFORMED_BYTES}.`);
  }
  return enriched;
}

/** iot-sql §4: what the default of get_or_default may not call. */
const NOT_IN_DEFAULT: ReadonlySet<string> = new Set([
  'aws_lambda',
  'get_dynamodb',
  'get_secret',
  'get_thing_shadow',
  'machinelearning_predict',
]);

function checkDefault(fallback: Expression, context: CompileContext): void {
  const isForbidden = (expression: Expression): boolean => {
    if (expression.kind !== 'call') return false;
    const name = expression.name.toLowerCase();
    return NOT_IN_DEFAULT.has(name) || (name === 'decode' && expression.args.length > 2);
  };
  if (someWithin(fallback, isForbidden)) {
    const what = 'The default of get_or_default may not look anything up';
    throw new SqlError('PW-RULE-SYNTAX', context.text, fallback.at, what, 'Give it a value of the message.');
  }
}

export const objectFunctions: FunctionFamily = {
  concat: { arity: [1, Number.POSITIVE_INFINITY], call: concat },
  get: { arity: [2, 2], call: ([of, index]) => elementOf(of, index) },
  get_or_default: {
    compile: (args, _at, context, compile) => {
      const [wanted, fallback] = args.map((arg) => compile(arg, context));
      if (args.length < 1 || args.length > 2) return () => undefined;
      if (args.length === 2) checkDefault(args[1], context);
      return (scope) => {
        try {
          const value = wanted(scope);
          if (value !== undefined && value !== null) return value;
        } catch (error) {
          // The first argument may fail, that is what this function is for; what ends a rule, or a defect of ours, may not.
          if (!(error instanceof PitwallError) || error.code !== 'PW-RULE-EVALUATION') throw error;
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
