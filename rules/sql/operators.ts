/** The operators of AWS IoT SQL on values (iot-sql §3). Undefined goes in and comes out like any other value. */
import type { BinaryOperator } from './ast.js';
import { boundedText, toBoolean, toNumeric, toText } from './conversions.js';
import { add, compare, divide, isNumeric, multiply, type Numeric, remainder, subtract } from './decimal.js';
import { equal, type Value } from './values.js';

export type Operation = (left: Value, right: Value) => Value;

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
const plus: Operation = (left, right) => {
  if (typeof left === 'string' || typeof right === 'string') {
    const a = toText(left);
    const b = toText(right);
    return a === undefined || b === undefined ? undefined : boundedText(a + b);
  }
  return isNumeric(left) && isNumeric(right) ? add(left, right) : undefined;
};

/**
 * Read literally from the guide's table: anything but true and false on either side gives Undefined, so `true OR missing` is
 * Undefined. There is no short circuit.
 */
const logical =
  (operate: (a: boolean, b: boolean) => boolean): Operation =>
  (left, right) => {
    const a = toBoolean(left);
    const b = toBoolean(right);
    return a === undefined || b === undefined ? undefined : operate(a, b);
  };

export const OPERATIONS: Record<BinaryOperator, Operation> = {
  OR: logical((a, b) => a || b),
  AND: logical((a, b) => a && b),
  '=': (left, right) => (left === undefined || right === undefined ? undefined : equal(left, right)),
  '<>': (left, right) => (left === undefined || right === undefined ? undefined : !equal(left, right)),
  '<': ordering((order) => order < 0),
  '<=': ordering((order) => order <= 0),
  '>': ordering((order) => order > 0),
  '>=': ordering((order) => order >= 0),
  IN: (left, right) =>
    left === undefined || !Array.isArray(right) ? undefined : right.some((item) => equal(left, item)),
  '+': plus,
  '-': arithmetic(subtract),
  '*': arithmetic(multiply),
  /** Exact, also for two Ints: the guide's own example gives 23.89 for (75 - 32) * 5 / 9. */
  '/': arithmetic(divide),
  '%': arithmetic(remainder),
};

export function not(value: Value): Value {
  const truth = toBoolean(value);
  return truth === undefined ? undefined : !truth;
}
