import { describe, expect, it } from 'vitest';
import {
  add,
  compare,
  Decimal,
  divide,
  multiply,
  numericText,
  parseNumeric,
  remainder,
  round,
  subtract,
} from '#rules/sql/decimal.js';
import { seededRandom } from '#wire/random.js';

const number = (text: string) => parseNumeric(text)!;
const text = (value: ReturnType<typeof add>) => (value === undefined ? undefined : numericText(value));

describe('exact numbers', () => {
  it.each([
    ['0.1 + 0.2', add(0.1, 0.2), '0.3'],
    ['0.3 - 0.1', subtract(0.3, 0.1), '0.2'],
    ['1.1 × 1.1', multiply(1.1, 1.1), '1.21'],
    ['2^53 + 2', add(9007199254740992, 2), '9007199254740994'],
    ['7 / 2', divide(7, 2), '3.5'],
    ['1 / 3 has 34 digits', divide(1, 3), `0.${'3'.repeat(34)}`],
    ['2 / 3 rounds half even', divide(2, 3), `0.${'6'.repeat(33)}7`],
    ['-2 / 3', divide(-2, 3), `-0.${'6'.repeat(33)}7`],
    ['1 / 0', divide(1, 0), undefined],
    ['-7 % 3 has the dividend’s sign', remainder(-7, 3), '-1'],
    ['5.5 % 2', remainder(5.5, 2), '1.5'],
    ['1 % 0.0', remainder(1, number('0.0')), undefined],
    ['1E999 × 10 is out of range', multiply(number('1E999'), 10), undefined],
    ['1E-999 / 10 is out of range', divide(number('1E-999'), 10), undefined],
  ])('%s', (_title, got, want) => expect(text(got)).toBe(want));

  it.each([
    ['1763683200123', '1763683200123'],
    ['10.0', '10'],
    ['-0', '0'],
    ['1E21', '1000000000000000000000'],
    ['1.5e3', '1500'],
    ['0.000001', '0.000001'],
    ['0.0000001', '1E-7'],
    ['12345678901234567890', '12345678901234567890'],
    ['0.12345678901234567', '0.12345678901234567'],
    ['12345678901234567890123456789012345', '12345678901234567890123456789012340'],
    ['1E1000', undefined],
    ['+5', undefined],
  ])('reads %s and writes %s', (from, to) => expect(text(parseNumeric(from))).toBe(to));

  it.each([
    [-1.1, 'floor', '-2'],
    [-1.1, 'ceil', '-1'],
    [1.5, 'half-away-from-zero', '2'],
    [-1.5, 'half-away-from-zero', '-2'],
    [-2.888, 'truncate', '-2'],
  ] as const)('%s to a whole number by %s is %s', (value, rounding, want) =>
    expect(numericText(round(value, 0, rounding))).toBe(want),
  );

  it('compares by value, whatever the form', () => {
    expect(compare(number('1E400'), number('9E399'))).toBeGreaterThan(0);
    expect(compare(0.1, new Decimal(1n, -1))).toBe(0);
  });
});

const SEED = 20261121;

it(`agrees with whole-number arithmetic on scaled operands (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  /** A number of up to 15 digits with up to 6 places, and the same in millionths. */
  const draw = () => {
    const places = Math.floor(random() * 7);
    const digits = BigInt(Math.floor(random() * 10 ** (1 + Math.floor(random() * 14)))) * (random() < 0.5 ? -1n : 1n);
    return { value: number(scaledText(digits, places)), millionths: digits * 10n ** BigInt(6 - places) };
  };
  for (let i = 0; i < 2000; i++) {
    const a = draw();
    const b = draw();
    expect(text(add(a.value, b.value))).toBe(text(number(scaledText(a.millionths + b.millionths, 6))));
    expect(text(subtract(a.value, b.value))).toBe(text(number(scaledText(a.millionths - b.millionths, 6))));
    expect(text(multiply(a.value, b.value))).toBe(text(number(scaledText(a.millionths * b.millionths, 12))));
    expect(Math.sign(compare(a.value, b.value))).toBe(Math.sign(Number(a.millionths - b.millionths)));
    if (b.millionths !== 0n) {
      expect(text(remainder(a.value, b.value))).toBe(text(number(scaledText(a.millionths % b.millionths, 6))));
      // a = b × (a / b), but for the rounding of the quotient to 34 digits.
      const back = multiply(divide(a.value, b.value)!, b.value)!;
      const error = Number(numericText(subtract(back, a.value)!));
      expect(Math.abs(error)).toBeLessThanOrEqual(1e-33 * Math.abs(Number(a.millionths)));
    }
  }
});

function scaledText(digits: bigint, places: number): string {
  return `${digits}E-${places}`;
}
