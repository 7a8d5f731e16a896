/** The operators of AWS IoT SQL on values (iot-sql §3). Undefined goes in and comes out like any other value. */
import type { BinaryOperator } from './ast.js';
import { joinTexts, toBoolean, toNumeric, toText } from './conversions.js';
import {
  add,
  compare,
  divide,
  isInteger,
  isNumeric,
  multiply,
  type Numeric,
  remainder,
  round,
  subtract,
} from './decimal.js';
import {
  DIVISION_BY_ZERO,
  INT_DIVISION_IS_EXACT,
  LOGIC_SHORT_CIRCUITS,
  REMAINDER_HAS_DIVIDENDS_SIGN,
} from './unsettled.js';
import { equal, type Value } from './values.js';
import type { Work } from './work.js';

export type Operation = (left: Value, right: Value, work: Work) => Value;

const arithmetic =
  (operate: (a: Numeric, b: Numeric) => Numeric | undefined): Operation =>
  (left, right) => {
    const a = toNumeric(left);
    const b = toNumeric(right);
    return a === undefined || b === undefined ? undefined : operate(a, b);
  };

const ordering =
  (holds: (order: number) => boolean): Operation =>
  (left, right) => {
    const a = toNumeric(left);
    const b = toNumeric(right);
    return a === undefined || b === undefined ? undefined : holds(compare(a, b));
  };

/** Text as soon as one side is a String; a numeric String is still a String here. */
const plus: Operation = (left, right, work) => {
  if (typeof left === 'string' || typeof right === 'string') {
    const a = toText(left, work);
    const b = toText(right, work);
    return a === undefined || b === undefined ? undefined : joinTexts(a, b, work);
  }
  return isNumeric(left) && isNumeric(right) ? add(left, right) : undefined;
};

/** Anything but true and false on either side gives Undefined; `decided` is the side that could decide alone. */
const logical =
  (operate: (a: boolean, b: boolean) => boolean, decided: boolean): Operation =>
  (left, right) => {
    const a = toBoolean(left);
    const b = toBoolean(right);
    if (LOGIC_SHORT_CIRCUITS && (a === decided || b === decided)) return decided;
    return a === undefined || b === undefined ? undefined : operate(a, b);
  };

const quotient = (a: Numeric, b: Numeric): Numeric | undefined => {
  if (compare(b, 0) === 0) return DIVISION_BY_ZERO;
  const exact = divide(a, b);
  if (INT_DIVISION_IS_EXACT || exact === undefined || !isInteger(a) || !isInteger(b)) return exact;
  return round(exact, 0, 'truncate');
};

/** `%`, mod() and remainder(). */
export function modulo(a: Numeric, b: Numeric): Numeric | undefined {
  if (compare(b, 0) === 0) return DIVISION_BY_ZERO;
  const rest = remainder(a, b);
  if (REMAINDER_HAS_DIVIDENDS_SIGN || rest === undefined || compare(rest, 0) * compare(b, 0) >= 0) return rest;
  return add(rest, b);
}

export const OPERATIONS: Record<BinaryOperator, Operation> = {
  OR: logical((a, b) => a || b, true),
  AND: logical((a, b) => a && b, false),
  '=': (left, right, work) => (left === undefined || right === undefined ? undefined : equal(left, right, work)),
  '<>': (left, right, work) => (left === undefined || right === undefined ? undefined : !equal(left, right, work)),
  '<': ordering((order) => order < 0),
  '<=': ordering((order) => order <= 0),
  '>': ordering((order) => order > 0),
  '>=': ordering((order) => order >= 0),
  IN: (left, right, work) => {
    if (left === undefined || !Array.isArray(right)) return undefined;
    work.spend(right.length);
    return right.some((item) => equal(left, item, work));
  },
  '+': plus,
  '-': arithmetic(subtract),
  '*': arithmetic(multiply),
  '/': arithmetic(quotient),
  '%': arithmetic(modulo),
};

export function not(value: Value): Value {
  const truth = toBoolean(value);
  return truth === undefined ? undefined : !truth;
}
