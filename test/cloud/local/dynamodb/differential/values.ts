/** Random attribute values: what a store could get wrong, in small spaces, so that writes meet each other. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Random } from '#wire/random.js';

export type Item = Record<string, AttributeValue>;

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)];
}

export const chance = (random: Random, probability: number): boolean => random() < probability;

const STRINGS = ['', 'a', 'b', 'ab', 'abc', 'zebra', 'ä', '日本', '🏁', '~', '/', 'x'.repeat(200)];
/** Some are not in the form that they come back in, some have more digits than a number may have. */
const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '2',
  '007',
  '1.50',
  '10',
  '100',
  '1e2',
  '-2.5e-3',
  '0.1',
  '99999999999999999999999999999999999999',
  '1.2345678901234567890123456789012345678',
  '-12345678901234567890123456789012345678',
  '1e125',
  '1e-130',
];
const BAD_NUMBERS = ['123456789012345678901234567890123456789', '1e126', '1e-131', 'seven', ''];
const BYTES = [new Uint8Array(), Uint8Array.of(0), Uint8Array.of(1, 2), Uint8Array.of(255, 0, 128)];

export const text = (random: Random): AttributeValue => ({ S: pick(random, STRINGS) });
export const number = (random: Random): AttributeValue => ({
  N: pick(random, chance(random, 0.03) ? BAD_NUMBERS : NUMBERS),
});
const subset = <Value>(random: Random, values: readonly Value[]): Value[] =>
  values.filter(() => chance(random, 3 / values.length));

/** Of any type; now and then one that is refused: an empty set, a set with a member twice, a number that is none. */
export function value(random: Random, depth = 2): AttributeValue {
  const kind = Math.floor(random() * (depth > 0 ? 10 : 7));
  switch (kind) {
    case 0:
      return text(random);
    case 1:
    case 2:
      return number(random);
    case 3:
      return { B: pick(random, BYTES) };
    case 4:
      return chance(random, 0.5) ? { BOOL: chance(random, 0.5) } : { NULL: true };
    case 5:
      return { SS: chance(random, 0.05) ? ['a', 'a'] : subset(random, STRINGS.slice(1, 8)) };
    case 6:
      return chance(random, 0.7)
        ? { NS: subset(random, ['1', '2', '3.0', '-4']) }
        : { BS: subset(random, BYTES.slice(1)) };
    case 7:
    case 8:
      return { L: Array.from({ length: Math.floor(random() * 4) }, () => value(random, depth - 1)) };
    default: {
      const names = ['x', 'y', 'z'].filter(() => chance(random, 0.5));
      return { M: Object.fromEntries(names.map((name) => [name, value(random, depth - 1)])) };
    }
  }
}
