import { describe, expect, it } from 'vitest';
import { policiesOf } from '#certs/policies.js';
import { PolicyError } from '#certs/policy/errors.js';
import { compileGlob } from '#certs/policy/glob.js';
import { covers, overlap } from '#certs/policy/overlap.js';
import { parsePolicy } from '#certs/policy/parse.js';
import { wildcardTokens } from '#certs/policy/template.js';
import { seededRandom } from '#wire/random.js';

const SEED = 20260215;

function words(random: () => number, alphabet: string, lengthMax: number, count: number): string[] {
  const letter = () => alphabet[Math.floor(random() * alphabet.length)];
  return Array.from({ length: count }, () =>
    Array.from({ length: Math.floor(random() * (lengthMax + 1)) }, letter).join(''),
  );
}

const asRegExp = (pattern: string) => new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');

/** Every word of a and b of up to six letters: enough for patterns of up to three. */
const ALL = Array.from({ length: 7 }, (_, length) =>
  Array.from({ length: 2 ** length }, (_each, n) =>
    length === 0 ? '' : n.toString(2).padStart(length, '0').replaceAll('0', 'a').replaceAll('1', 'b'),
  ),
).flat();

describe(`patterns (seed ${SEED})`, () => {
  it('match as regular expressions do', () => {
    const random = seededRandom(SEED);
    const texts = words(random, 'aab/:', 9, 60);
    for (const pattern of words(random, 'aab/:**?', 7, 400)) {
      const matches = compileGlob(wildcardTokens(pattern));
      const expected = asRegExp(pattern);
      for (const text of texts) expect(matches(text), `${pattern} on ${text}`).toBe(expected.test(text));
    }
  });

  it('overlap when some text matches both, and cover only when every text does', () => {
    const random = seededRandom(SEED);
    const patterns = words(random, 'ab**?', 3, 60);
    const matched = new Map(patterns.map((pattern) => [pattern, ALL.filter((text) => asRegExp(pattern).test(text))]));
    for (const left of patterns) {
      for (const right of patterns) {
        const [a, b] = [new Set(matched.get(left)), matched.get(right) ?? []];
        const [one, other] = [wildcardTokens(left), wildcardTokens(right)];
        const common = b.some((text) => a.has(text));
        expect(overlap(one, other), `${left} and ${right}`).toBe(common);
        if (covers(one, other))
          expect(
            b.every((text) => a.has(text)),
            `${left} covers ${right}`,
          ).toBe(true);
      }
    }
    expect(covers(wildcardTokens('a*'), wildcardTokens('ab*'))).toBe(true);
    expect(covers(wildcardTokens('ab*'), wildcardTokens('a*'))).toBe(false);
  });
});

describe(`damaged documents (seed ${SEED})`, () => {
  it('are read or refused, with a place inside them', () => {
    const random = seededRandom(SEED);
    const [{ document }] = policiesOf('operator', { region: 'eu-west-1', account: '123456789012' });
    const whole = JSON.stringify(document, null, 1);
    const lines = whole.split('\n').length;
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const at = Math.floor(random() * whole.length);
      const [insert] = words(random, '{}[]",:*$a1\\\n', 3, 1);
      const text = whole.slice(0, at) + insert + whole.slice(at + Math.floor(random() * 4));
      try {
        parsePolicy(text);
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        refused++;
        expect(error.place.line).toBeLessThanOrEqual(lines + 3);
        expect(error.place.column).toBeGreaterThan(0);
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});
