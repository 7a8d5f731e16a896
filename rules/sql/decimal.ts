/**
 * Exact numbers as AWS IoT SQL has them: decimal, 34 significant digits, 1E-999 … 9.99E999 (iot-sql, "Data types").
 *
 * Two forms, so that the usual case costs nothing: a JS number stands for the decimal that `String(number)` writes, which
 * is exact for whole numbers up to 2^53 and for anything of at most 15 digits; all else is a `Decimal`. `0.1 + 0.2` is
 * added as 0.1 and 0.2, not as their binary neighbours.
 */
export type Numeric = number | Decimal;

const MAX_DIGITS = 34;
const MAX_MAGNITUDE = 999;
/** Read exactly; of a longer text, so many digits and whether anything is left. */
const LONGEST_DIGITS = 2 * MAX_DIGITS;
/** A decimal of so few digits survives the way through a double and back. */
const DOUBLE_DIGITS = 15;
const DOUBLE_MAGNITUDE = 300;

/** coefficient × 10^exponent; the coefficient has no trailing zero. Made by `normalise` only. */
export class Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;

  constructor(coefficient: bigint, exponent: number) {
    this.coefficient = coefficient;
    this.exponent = exponent;
  }

  /** Whole numbers in standard notation, small fractions in scientific (as java.math.BigDecimal writes them). */
  toString(): string {
    const sign = this.coefficient < 0n ? '-' : '';
    const digits = magnitude(this.coefficient).toString();
    if (this.exponent >= 0) return sign + digits + '0'.repeat(this.exponent);
    const adjusted = digits.length - 1 + this.exponent;
    if (adjusted < -6) {
      const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
      return `${sign}${digits[0]}${fraction}E${adjusted}`;
    }
    const padded = digits.padStart(1 - this.exponent, '0');
    const point = padded.length + this.exponent;
    return `${sign}${padded.slice(0, point)}.${padded.slice(point)}`;
  }
}

export function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'number' || value instanceof Decimal;
}

export function isInteger(value: Numeric): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : value.exponent >= 0;
}

/** Text of a JSON-like number (`-12.5e3`). Undefined when it is beyond the range of a Decimal. */
export function parseNumeric(text: string): Numeric | undefined {
  const match = /^(-?\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, whole, fraction = '', power = '0'] = match;
  const exponent = Number(power) - fraction.length;
  if (whole.length + fraction.length <= LONGEST_DIGITS) return normalise(BigInt(whole + fraction), exponent);
  return parseLong(whole + fraction, exponent);
}

/** Whole numbers of any length are dear to convert; what is beyond the digits that are kept only decides a tie. */
function parseLong(signed: string, exponent: number): Numeric | undefined {
  const sign = signed.startsWith('-') ? '-' : '';
  const digits = signed.slice(sign.length).replace(/^0+/, '');
  if (digits.length <= LONGEST_DIGITS) return normalise(BigInt(`${sign}${digits || '0'}`), exponent);
  const rest = digits.slice(LONGEST_DIGITS);
  const last = /[1-9]/.test(rest) ? '1' : '0';
  return normalise(BigInt(sign + digits.slice(0, LONGEST_DIGITS) + last), exponent + rest.length - 1);
}

/** Plain digits for whole numbers, whatever their size: `concat(eventTimeMs, '#', seq)` is a key, not an estimate. */
export function numericText(value: Numeric): string {
  return Number.isSafeInteger(value) ? String(value) : decimalOf(value).toString();
}

export function toDouble(value: Numeric): number {
  return typeof value === 'number' ? value : Number(value.toString());
}

/** A double from a function such as `sin`: undefined unless it is a number. */
export function fromDouble(value: number): Numeric | undefined {
  return Number.isFinite(value) ? value + 0 : undefined;
}

export function add(a: Numeric, b: Numeric): Numeric | undefined {
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const sum = (a as number) + (b as number);
    if (Number.isSafeInteger(sum)) return sum;
  }
  const x = decimalOf(a);
  const y = decimalOf(b);
  const exponent = Math.min(x.exponent, y.exponent);
  return normalise(scaled(x, exponent) + scaled(y, exponent), exponent);
}

export function subtract(a: Numeric, b: Numeric): Numeric | undefined {
  return add(a, negate(b));
}

export function multiply(a: Numeric, b: Numeric): Numeric | undefined {
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const product = (a as number) * (b as number);
    if (Number.isSafeInteger(product)) return product + 0;
  }
  const x = decimalOf(a);
  const y = decimalOf(b);
  return normalise(x.coefficient * y.coefficient, x.exponent + y.exponent);
}

/** Exact where it ends, else 34 digits. Undefined for a zero divisor. */
export function divide(a: Numeric, b: Numeric): Numeric | undefined {
  const x = decimalOf(a);
  const y = decimalOf(b);
  if (y.coefficient === 0n) return undefined;
  // Two digits more than are kept, and one that says whether anything was left: rounding then cannot tie by mistake.
  const shift = Math.max(0, MAX_DIGITS + 2 + digitCount(y.coefficient) - digitCount(x.coefficient));
  const dividend = x.coefficient * 10n ** BigInt(shift);
  const quotient = dividend / y.coefficient;
  const left = dividend % y.coefficient === 0n ? 0n : dividend < 0n === y.coefficient < 0n ? 1n : -1n;
  return normalise(quotient * 10n + left, x.exponent - y.exponent - shift - 1);
}

/** Sign of the dividend, as Java. Undefined for a zero divisor. */
export function remainder(a: Numeric, b: Numeric): Numeric | undefined {
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    return b === 0 ? undefined : ((a as number) % (b as number)) + 0;
  }
  const x = decimalOf(a);
  const y = decimalOf(b);
  if (y.coefficient === 0n) return undefined;
  const exponent = Math.min(x.exponent, y.exponent);
  return normalise(scaled(x, exponent) % scaled(y, exponent), exponent);
}

export function negate(value: Numeric): Numeric {
  return typeof value === 'number' ? 0 - value : new Decimal(-value.coefficient, value.exponent);
}

/** Negative, zero or positive as a < b, a = b, a > b. */
export function compare(a: Numeric, b: Numeric): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  const x = decimalOf(a);
  const y = decimalOf(b);
  const exponent = Math.min(x.exponent, y.exponent);
  const difference = scaled(x, exponent) - scaled(y, exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export type Rounding = 'floor' | 'ceil' | 'truncate' | 'half-away-from-zero';

/** To at most `places` digits after the point; trailing zeros do not exist. */
export function round(value: Numeric, places: number, rounding: Rounding): Numeric {
  const { coefficient, exponent } = decimalOf(value);
  if (exponent >= -places) return value;
  const unit = 10n ** BigInt(-places - exponent);
  const whole = coefficient / unit;
  const rest = coefficient % unit;
  const away = coefficient < 0n ? -1n : 1n;
  const moves =
    (rounding === 'floor' && rest < 0n) ||
    (rounding === 'ceil' && rest > 0n) ||
    (rounding === 'half-away-from-zero' && magnitude(rest) * 2n >= unit);
  // Never out of range: rounding to fewer places moves the magnitude by one at most, and only values with a fraction come here.
  return normalise(moves ? whole + away : whole, -places)!;
}

/** Whole numbers only. */
export function toBigInt(value: Numeric): bigint {
  return scaled(decimalOf(value), 0);
}

export function fromBigInt(value: bigint): Numeric | undefined {
  return normalise(value, 0);
}

function decimalOf(value: Numeric): Decimal {
  if (value instanceof Decimal) return value;
  if (Number.isSafeInteger(value)) return new Decimal(BigInt(value), 0);
  const [mantissa, exponent] = String(value).split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  return new Decimal(BigInt(whole + fraction), Number(exponent ?? 0) - fraction.length);
}

function scaled(value: Decimal, exponent: number): bigint {
  return value.exponent === exponent ? value.coefficient : value.coefficient * 10n ** BigInt(value.exponent - exponent);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function digitCount(value: bigint): number {
  return magnitude(value).toString().length;
}

/** Rounds to 34 digits (half even, as IEEE 754 decimal128), drops trailing zeros, and takes the cheap form if it is exact. */
function normalise(coefficient: bigint, exponent: number): Numeric | undefined {
  if (coefficient === 0n) return 0;
  let kept = coefficient;
  let scale = exponent;
  const excess = digitCount(kept) - MAX_DIGITS;
  if (excess > 0) {
    kept = halfEven(kept, 10n ** BigInt(excess));
    scale += excess;
  }
  const digits = magnitude(kept).toString();
  const significant = digits.replace(/0+$/, '');
  const dropped = digits.length - significant.length;
  if (dropped > 0) {
    kept /= 10n ** BigInt(dropped);
    scale += dropped;
  }
  const adjusted = significant.length - 1 + scale;
  if (Math.abs(adjusted) > MAX_MAGNITUDE) return undefined;
  if (significant.length <= DOUBLE_DIGITS && Math.abs(adjusted) <= DOUBLE_MAGNITUDE) return Number(`${kept}e${scale}`);
  if (scale >= 0 && adjusted <= DOUBLE_DIGITS) {
    const whole = Number(kept * 10n ** BigInt(scale));
    if (Number.isSafeInteger(whole)) return whole;
  }
  return new Decimal(kept, scale);
}

function halfEven(value: bigint, unit: bigint): bigint {
  const whole = value / unit;
  const twice = magnitude(value % unit) * 2n;
  const up = twice > unit || (twice === unit && whole % 2n !== 0n);
  return up ? whole + (value < 0n ? -1n : 1n) : whole;
}
