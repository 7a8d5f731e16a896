import { describe, expect, it } from 'vitest';
import { evaluated } from '../evaluate.js';

describe.each(['regexp_matches', 'regexp_substr', 'regexp_replace'])('%s', (name) => {
  const call = (text: string, pattern: string) =>
    evaluated(`${name}(${text}, ${pattern}${name === 'regexp_replace' ? ", 'r'" : ''})`, {
      payload: { p: '(', a: 'a' },
    });

  it.each([
    ['missing', "'a'"],
    ['null', "'a'"],
    ["'a'", 'missing'],
    ["'a'", 'null'],
    ["'a'", "'('"],
    ["'a'", 'p'],
  ])('(%s, %s) is Undefined', (text, pattern) => expect(call(text, pattern)).toBeUndefined());

  it('another number of arguments is Undefined', () => {
    expect(evaluated(`${name}('a')`)).toBeUndefined();
    expect(evaluated(`${name}('a', 'a', 'a', 'a')`)).toBeUndefined();
  });
});

it.each([
  ["regexp_matches(123, '2')", true],
  ['regexp_matches(true, "^t")', true],
  ["regexp_matches([1], '\\[1\\]')", true],
  ['regexp_matches(12, 2)', true],
  ["regexp_matches('a', p)", true],
  ["regexp_substr(1234, '[23]+')", '23'],
  ["regexp_substr('abc', 'z')", undefined],
  ["regexp_substr('abc', 'z*')", ''],
  ["regexp_replace(121, 1, 'x')", 'x2x'],
  ["regexp_replace('a', 'a', 5)", '5'],
  ["regexp_replace('a', 'a', missing)", undefined],
  ["regexp_replace('a', 'a', null)", undefined],
  ["regexp_replace('a', 'a', '$1')", undefined],
  ["regexp_replace('b', 'a', '$1')", undefined],
])('%s: %j', (call, value) => expect(evaluated(call, { payload: { p: '[ab]' } })).toBe(value));

it('a pattern of the message is bounded as one of the statement is', () => {
  const payload = { p: '(a+)+$', t: `${'a'.repeat(50)}!` };
  expect(() => evaluated('regexp_matches(t, p)', { payload })).toThrow(
    expect.objectContaining({ code: 'PW-RULE-LIMIT' }),
  );
  const growing = { t: 'a'.repeat(100_000), r: 'b'.repeat(100) };
  expect(() => evaluated("regexp_replace(t, 'a', r)", { payload: growing })).toThrow(
    expect.objectContaining({ code: 'PW-RULE-LIMIT' }),
  );
});
