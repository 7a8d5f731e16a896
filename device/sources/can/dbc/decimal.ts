/** Powers of ten up to this one are exact doubles. */
const EXACT_POWER_MAX = 22;

/**
 * A number as a file wrote it. Where it is exactly `units / 10^power` with whole doubles, those are kept: a raw value can
 * then be scaled with one rounding, and 3 × 0.1 is 0.3.
 */
export interface Decimal {
  value: number;
  /** NaN when the number has too many digits. */
  units: number;
  power: number;
}

/**
 * @param text of the form 12, -0.5, 1.5E-005
 *
 * @example
 * decimal('0.0155168902'); // { value: 0.0155168902, units: 155168902, power: 10 }
 */
export function decimal(text: string): Decimal {
  const value = Number(text);
  const [mantissa, exponent = '0'] = text.toLowerCase().split('e');
  const [whole, fraction = ''] = mantissa.split('.');
  const digits = fraction.replace(/0+$/, '');
  const power = digits.length - Number(exponent);
  const units = Number(`${whole}${digits}`) * (power < 0 ? 10 ** -power : 1);
  if (!Number.isSafeInteger(units) || power > EXACT_POWER_MAX) return { value, units: Number.NaN, power: 0 };
  return { value, units: units + 0, power: Math.max(0, power) };
}

/** physical = (raw × multiply + add) / divide. */
export interface Scaling {
  multiply: number;
  add: number;
  divide: number;
}

/**
 * How raw values become physical ones: in whole numbers and with one division where these stay exact, else in doubles.
 *
 * @param rawMax largest magnitude of a raw value; infinite for floats
 */
export function scaling(factor: Decimal, offset: Decimal, rawMax: number): Scaling {
  const power = Math.max(factor.power, offset.power);
  const multiply = factor.units * 10 ** (power - factor.power);
  const add = offset.units * 10 ** (power - offset.power);
  const exact = Math.abs(multiply) * rawMax + Math.abs(add) <= Number.MAX_SAFE_INTEGER;
  return exact ? { multiply, add, divide: 10 ** power } : { multiply: factor.value, add: offset.value, divide: 1 };
}
