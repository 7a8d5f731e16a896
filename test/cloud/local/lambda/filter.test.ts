import { describe, expect, it } from 'vitest';
import { compileFilter } from '#cloud/local/lambda/sources/filter.js';

const table = (pattern: unknown, record: Record<string, unknown>): boolean =>
  compileFilter([JSON.stringify(pattern)]).table(record);
const kinesis = (pattern: unknown, data: string): boolean =>
  compileFilter([JSON.stringify(pattern)]).kinesis({ partitionKey: 'car-7' }, Buffer.from(data));

describe('a pattern', () => {
  it.each<[string, unknown, Record<string, unknown>, boolean]>([
    ['equals', { a: ['x'] }, { a: 'x' }, true],
    ['equals, another value', { a: ['x'] }, { a: 'y' }, false],
    ['equals, not of another type', { a: [1] }, { a: '1' }, false],
    ['any of a list', { a: ['x', 'y'] }, { a: 'y' }, true],
    ['all members', { a: ['x'], b: ['y'] }, { a: 'x', b: 'z' }, false],
    ['nested', { a: { b: { c: [true] } } }, { a: { b: { c: true } } }, true],
    ['null', { a: [null] }, { a: null }, true],
    ['null is not absence', { a: [null] }, {}, false],
    ['empty', { a: [''] }, { a: '' }, true],
    ['ignoring case', { a: [{ 'equals-ignore-case': 'aBc' }] }, { a: 'AbC' }, true],
    ['prefix', { a: [{ prefix: 'car-' }] }, { a: 'car-7' }, true],
    ['prefix of a number', { a: [{ prefix: '1' }] }, { a: 12 }, false],
    ['suffix', { a: [{ suffix: '-7' }] }, { a: 'car-8' }, false],
    ['anything-but', { a: [{ 'anything-but': ['x', 'y'] }] }, { a: 'z' }, true],
    ['anything-but, one of them', { a: [{ 'anything-but': 'x' }] }, { a: 'x' }, false],
    ['anything-but needs a value', { a: [{ 'anything-but': ['x'] }] }, {}, false],
    ['anything-but a prefix', { a: [{ 'anything-but': { prefix: 'x' } }] }, { a: 'xy' }, false],
    ['numeric', { a: [{ numeric: ['=', 100] }] }, { a: 100 }, true],
    ['numeric range', { a: [{ numeric: ['>', 10, '<=', 20] }] }, { a: 20 }, true],
    ['numeric range, outside', { a: [{ numeric: ['>', 10, '<=', 20] }] }, { a: 10 }, false],
    ['numeric of a text', { a: [{ numeric: ['>', 10] }] }, { a: '20' }, false],
    ['exists', { a: [{ exists: true }] }, { a: 0 }, true],
    ['exists holds for leaves', { a: [{ exists: true }] }, { a: { b: 1 } }, false],
    ['absent', { a: [{ exists: false }] }, { b: 1 }, true],
    ['absent below something absent', { a: { b: [{ exists: false }] } }, {}, true],
    ["one of a record's list", { a: ['x'] }, { a: ['z', 'x'] }, true],
    ["one object of a record's list", { a: { b: ['x'], c: ['y'] } }, { a: [{ b: 'x' }, { b: 'x', c: 'y' }] }, true],
    ['no mixture of two objects', { a: { b: ['x'], c: ['y'] } }, { a: [{ b: 'x' }, { c: 'y' }] }, false],
    ['$or', { $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'y' }, true],
    ['$or and more', { c: [1], $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: 'y', c: 2 }, false],
    ['what every object inherits', { constructor: [{ exists: false }] }, {}, true],
    [
      "a table's change",
      { eventName: ['INSERT'], dynamodb: { NewImage: { lap: { N: ['7'] } } } },
      { eventName: 'INSERT', dynamodb: { NewImage: { lap: { N: '7' } } } },
      true,
    ],
  ])('%s', (_what, pattern, record, matches) => {
    expect(table(pattern, record)).toBe(matches);
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['an empty list', '{"a":[]}'],
    ['a value that is no list', '{"a":"x"}'],
    ['an operator that there is not', '{"a":[{"wildcard":"x*"}]}'],
    ['two operators at once', '{"a":[{"prefix":"x","suffix":"y"}]}'],
    ['a prefix that is no text', '{"a":[{"prefix":1}]}'],
    ['an empty anything-but', '{"a":[{"anything-but":{}}]}'],
    ['half a comparison', '{"a":[{"numeric":[">"]}]}'],
    ['a comparison that there is not', '{"a":[{"numeric":["!=",1]}]}'],
    ['exists with a text', '{"a":[{"exists":"yes"}]}'],
    ['an $or that is no list', '{"$or":{"a":[1]}}'],
    ['more than 4,096 characters', JSON.stringify({ a: ['x'.repeat(4_096)] })],
  ])('is refused: %s', (_what, text) => {
    expect(() => compileFilter([text])).toThrow(expect.objectContaining({ code: 'InvalidParameterValueException' }));
  });
});

describe('several patterns', () => {
  it('let through what one of them matches; none lets everything through', () => {
    const filter = compileFilter(['{"a":["x"]}', '{"a":["y"]}']);
    expect([{ a: 'x' }, { a: 'y' }, { a: 'z' }].map((record) => filter.table(record))).toEqual([true, true, false]);
    expect(compileFilter([]).table({})).toBe(true);
  });
});

describe("data of a stream's record", () => {
  it.each<[string, unknown, string, boolean]>([
    ['JSON against members', { data: { lap: [7] } }, '{"lap":7}', true],
    ['JSON that does not match', { data: { lap: [7] } }, '{"lap":8}', false],
    ['no JSON against members', { data: { lap: [{ exists: false }] } }, 'lap 7', false],
    ['text against a list', { data: ['lap 7'] }, 'lap 7', true],
    ['JSON against a list', { data: [{ prefix: '{' }] }, '{"lap":7}', false],
    ['anything, when only what is around it is asked for', { partitionKey: ['car-7'] }, '\u0000', true],
    ['both', { partitionKey: ['car-8'], data: { lap: [7] } }, '{"lap":7}', false],
  ])('%s', (_what, pattern, data, matches) => {
    expect(kinesis(pattern, data)).toBe(matches);
  });
});
