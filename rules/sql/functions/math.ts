/** Numbers. Arguments: Int, Decimal, or a numeric String; anything else gives Undefined (iot-sql §4). */
import { toNumeric } from '../conversions.js';
import {
  compare,
  fromBigInt,
  fromDouble,
  type Numeric,
  negate,
  type Rounding,
  round,
  toBigInt,
  toDouble,
} from '../decimal.js';
import { modulo } from '../operators.js';
import { BITNOT_IS_TWOS_COMPLEMENT } from '../unsettled.js';
import type { Value } from '../values.js';
import type { FunctionFamily, SqlFunction } from './definition.js';

const unary = (operate: (value: Numeric) => Value): SqlFunction => ({
  arity: [1, 1],
  call: ([argument]) => {
    const value = toNumeric(argument);
    return value === undefined ? undefined : operate(value);
  },
});

const binary = (operate: (a: Numeric, b: Numeric) => Value): SqlFunction => ({
  arity: [2, 2],
  call: ([left, right]) => {
    const a = toNumeric(left);
    const b = toNumeric(right);
    return a === undefined || b === undefined ? undefined : operate(a, b);
  },
});

/** Double precision, as the guide states; what is not a number (acos(2), ln(0)) is Undefined. */
const double = (operate: (value: number) => number): SqlFunction =>
  unary((value) => fromDouble(operate(toDouble(value))));

const whole = (rounding: Rounding): SqlFunction => unary((value) => round(value, 0, rounding));

const floorToBigInt = (value: Numeric): bigint => toBigInt(round(value, 0, 'floor'));

const bits = (operate: (a: bigint, b: bigint) => bigint): SqlFunction =>
  binary((a, b) => fromBigInt(operate(floorToBigInt(a), floorToBigInt(b))));

/** Of the digits alone, 13 = 1101 becomes 0010 = 2. */
function bitnot(value: bigint): bigint {
  return BITNOT_IS_TWOS_COMPLEMENT || value < 0n ? ~value : BigInt.asUintN(value.toString(2).length, ~value);
}

/** trunc keeps 0 to 34 places. */
const MAX_PLACES = 34;

export const mathFunctions: FunctionFamily = {
  abs: unary((value) => (compare(value, 0) < 0 ? negate(value) : value)),
  acos: double(Math.acos),
  asin: double(Math.asin),
  atan: double(Math.atan),
  atan2: binary((y, x) => fromDouble(Math.atan2(toDouble(y), toDouble(x)))),
  bitand: bits((a, b) => a & b),
  bitor: bits((a, b) => a | b),
  bitxor: bits((a, b) => a ^ b),
  bitnot: unary((value) => fromBigInt(bitnot(floorToBigInt(value)))),
  ceil: whole('ceil'),
  cos: double(Math.cos),
  cosh: double(Math.cosh),
  exp: double(Math.exp),
  floor: whole('floor'),
  ln: double(Math.log),
  log: double(Math.log10),
  mod: binary(modulo),
  power: binary((base, exponent) => fromDouble(toDouble(base) ** toDouble(exponent))),
  rand: { arity: [0, 0], call: (_args, { work }) => work.random() },
  remainder: binary(modulo),
  round: whole('half-away-from-zero'),
  sign: unary((value) => Math.sign(compare(value, 0))),
  sin: double(Math.sin),
  sinh: double(Math.sinh),
  sqrt: double(Math.sqrt),
  tan: double(Math.tan),
  tanh: double(Math.tanh),
  trunc: binary((value, places) =>
    round(value, Math.min(MAX_PLACES, Math.max(0, Math.floor(toDouble(places)))), 'truncate'),
  ),
};
