import { describe, expect, it } from 'vitest';
import { readJson, writeJson } from '#rules/sql/json.js';

describe('JSON that keeps numbers exact', () => {
  it.each([
    '{"a":9007199254740993}',
    '{"a":[12345678901234567890,{"b":0.12345678901234567890123}],"c":"x","d":true,"e":false,"f":null}',
    '[1,2.5,-3]',
    '{"quote\\"d":"\\u00e9\\n","":{}}',
    '{"id":"12345678901234567890","n":12345678901234567890}',
    '"12345678901234567890"',
    '[]',
    '12345678901234567890',
  ])('%s survives', (json) => expect(writeJson(readJson(json))).toBe(json.replace('\\u00e9', 'é')));

  it.each([
    ['{ "a" : 12345678901234567890 ,\n "b" : [ 1 , 2 ] }', '{"a":12345678901234567890,"b":[1,2]}'],
    ['{"a":1.0,"b":1e3,"c":100e-2}', '{"a":1,"b":1000,"c":1}'],
    ['{"a":1E5000,"b":1}', '{"b":1}'],
    ['0.12345678901234567890123', '0.12345678901234567890123'],
  ])('%s becomes %s', (from, to) => expect(writeJson(readJson(from))).toBe(to));

  it('a key cannot change what it is put into', () => {
    const value = readJson('{"__proto__":{"admin":true},"n":12345678901234567890}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value.admin).toBeUndefined();
    expect(writeJson(value as never)).toBe('{"__proto__":{"admin":true},"n":12345678901234567890}');
  });

  it.each(['', '{', '{"a":1 2345678901234567}', '{a:1}', '01'])('%j is not JSON', (text) =>
    expect(() => readJson(text)).toThrow(SyntaxError),
  );
});
