import { describe, expect, it } from 'vitest';
import { compare, type Numeric, parseNumeric } from '#rules/sql/decimal.js';
import { Evaluation } from '#rules/sql/evaluation.js';
import { compileStatement } from '#rules/sql/statement.js';

function run(sql: string, payload: string | Uint8Array) {
  const statement = compileStatement(sql);
  const message = { topic: 't', payload: Buffer.from(payload), timestampMs: 0 };
  return statement.run(statement.scope(new Evaluation(message, { random: () => 0 })));
}

const letters = JSON.stringify({ a: 'a'.repeat(100_000) });

describe('numbers at the edge', () => {
  it.each([
    ['1e400', '1e+400'],
    ['9.99e999', '9.99e999'],
    ['1e1000', undefined],
    ['-1e1000', undefined],
    ['1e-1000', undefined],
    ['-0', '0'],
    ['1E2', '100'],
    [`1${'0'.repeat(5_000)}`, undefined],
    [`0.${'0'.repeat(5_000)}1`, undefined],
  ])('%s', (digits, exact) => {
    const outcome = run("SELECT n AS n, n - n AS zero FROM 't'", `{"n":${digits}}`);
    const { value } = outcome as { value: { n?: Numeric; zero?: Numeric } };
    expect(value.n === undefined ? undefined : compare(value.n, parseNumeric(exact!)!)).toBe(
      exact === undefined ? undefined : 0,
    );
    expect(value.zero).toBe(exact === undefined ? undefined : 0);
  });
});

it('a text of 10 MB is never built, of concat nor of lpad', () => {
  const ten = (inner: string) => `concat(${Array.from({ length: 10 }, () => inner).join(', ')})`;
  const refusedAs = expect.objectContaining({ code: 'PW-RULE-LIMIT' });
  const hundredThousand = JSON.stringify({ a: 'a'.repeat(100_000), b: 'b'.repeat(1_000) });
  expect(() => run(`SELECT ${ten(ten('a'))} AS r FROM 't'`, hundredThousand)).toThrow(refusedAs);
  expect(() => run(`SELECT ${ten(ten(ten(ten('b'))))} AS r FROM 't'`, hundredThousand)).toThrow(refusedAs);
  expect(run(`SELECT length(${ten(ten('b'))}) AS r FROM 't'`, hundredThousand)).toMatchObject({
    value: { r: 100_000 },
  });
  // lpad adds 1,000 at most, whatever it is asked for.
  expect(run("SELECT length(lpad(a, 10000000)) AS r FROM 't'", hundredThousand)).toMatchObject({
    value: { r: 101_000 },
  });
});

describe('a text that would grow beyond its bound ends the rule before it is built', () => {
  it.each([
    "SELECT replace(a, 'a', a) AS r FROM 't'",
    "SELECT replace(a, '', a) AS r FROM 't'",
    `SELECT concat(${Array.from({ length: 20 }, () => 'a').join(', ')}) AS r FROM 't'`,
    `SELECT ${Array.from({ length: 20 }, () => 'a').join(' + ')} AS r FROM 't'`,
  ])('%s', (sql) => expect(() => run(sql, letters)).toThrow(expect.objectContaining({ code: 'PW-RULE-LIMIT' })));

  it('SET holds 128 KiB in all', () => {
    expect(() => run("SET @x = a, @y = @x SELECT 1 AS r FROM 't'", letters)).toThrow(
      expect.objectContaining({ code: 'PW-RULE-LIMIT' }),
    );
    expect(run("SET @x = a SELECT 1 AS r FROM 't'", letters)).toMatchObject({ kind: 'value' });
  });
});

describe('payloads that are not what a rule hopes for', () => {
  it.each([
    ['bytes', Uint8Array.of(0xff, 0xfe)],
    ['text', 'not json'],
    ['a half', '{"a":'],
    ['nothing', ''],
    ['a scalar', '5'],
    ['an array', '[1]'],
    ['NaN', '{"a":{"b":NaN}}'],
    ['Infinity', '{"a":{"b":-Infinity}}'],
    ['a number that is none', '{"a":{"b":0x10}}'],
    ['a leading zero', '{"a":{"b":01}}'],
    ['a number without digits after its point', '{"a":{"b":1.}}'],
  ])('%s: fields are Undefined, and nothing throws', (_title, payload) => {
    expect(run("SELECT a.b AS x, isUndefined(a) AS gone FROM 't'", payload)).toEqual({
      kind: 'value',
      value: { gone: true },
    });
    expect(run("SELECT * FROM 't' WHERE a = 1", payload)).toEqual({ kind: 'filtered', undefined: true });
  });

  it('names of an object’s prototype are no fields', () => {
    expect(run("SELECT constructor AS c, a.toString AS t, __proto__ AS p FROM 't'", '{"a":{}}')).toEqual({
      kind: 'value',
      value: {},
    });
  });

  it('an alias cannot change what it is put into', () => {
    const outcome = run("SELECT a AS __proto__ FROM 't'", '{"a":{"admin":true}}');
    const { value } = outcome as { value: object };
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true}}');
  });

  it('what one rule selects does not change what the next one sees', () => {
    const first = compileStatement("SELECT *, 2 AS car.lap FROM 't'");
    const second = compileStatement("SELECT VALUE car.lap FROM 't'");
    const message = { topic: 't', payload: Buffer.from('{"car":{"lap":1}}'), timestampMs: 0 };
    const evaluation = new Evaluation(message, { random: () => 0 });
    expect(first.run(first.scope(evaluation))).toEqual({ kind: 'value', value: { car: { lap: 2 } } });
    expect(second.run(second.scope(evaluation))).toEqual({ kind: 'value', value: 1 });
  });
});

describe('a statement that asks for too much ends, soon and with a code', () => {
  const list = { list: Array.from({ length: 20_000 }, (_, i) => i), s: 'a'.repeat(100_000) };
  const many = (count: number, item: string, joint = ', ') => Array.from({ length: count }, () => item).join(joint);
  const around = (count: number, open: string, inner: string, close: string) =>
    open.repeat(count) + inner + close.repeat(count);

  it.each([
    ['nested queries', 'SELECT (SELECT (SELECT (SELECT 1 AS x FROM list) AS y FROM list) AS z FROM list) AS r'],
    ['a list that doubles', `SELECT ${around(30, 'concat(', 'list', ', list)')} AS r`],
    ['a text that doubles', `SELECT ${around(60, 'concat(', 's', ', s)')} AS r`],
    ['a text that is padded on', `SELECT ${around(90, 'lpad(', 's', ', 1000)')} AS r`],
    ['a list of lists', `SELECT length([${many(20_000, 'list')}]) AS r`],
    ['comparisons of lists', `SELECT [${many(10_000, 'list = list')}] AS r`],
    ['a list in a list', 'SELECT (SELECT VALUE n IN list FROM list AS n) AS r'],
    ['digests', `SELECT [${many(10_000, 'md2(s)')}] AS r`],
    ['encodings', `SELECT [${many(5_000, "encode(*, 'base64')")}] AS r`],
    ['a regular expression', "SELECT regexp_matches(s, '(a+)+$b') AS r"],
    ['regular expressions', `SELECT [${many(200, "regexp_matches(s, '(a|b)*c')")}] AS r`],
    ['texts cut up', `SELECT [${many(5_000, 'substring(list, 1)')}] AS r`],
  ])('%s', (_title, sql) =>
    expect(() => run(`${sql} FROM 't'`, JSON.stringify(list))).toThrow(
      expect.objectContaining({ code: 'PW-RULE-LIMIT' }),
    ),
  );

  it('get_or_default cannot go on after it', () => {
    const sql = "SELECT get_or_default(regexp_matches(s, '(a+)+$b'), 1) AS r FROM 't'";
    expect(() => run(sql, JSON.stringify(list))).toThrow(expect.objectContaining({ code: 'PW-RULE-LIMIT' }));
  });

  it('a text that is looked for in its like is found or not, at once', () => {
    const payload = JSON.stringify({ t: 'a'.repeat(60_000), p: `${'a'.repeat(15_000)}b${'a'.repeat(15_000)}` });
    expect(run("SELECT indexof(t, p) AS i, replace(t, p, '') = t AS r FROM 't'", payload)).toEqual({
      kind: 'value',
      value: { i: -1, r: true },
    });
  });

  it('a digit for each character of a payload is no number', () => {
    const payload = JSON.stringify({ d: '1'.repeat(100_000) });
    expect(run("SELECT d * d AS r, d + '' = d AS same FROM 't'", payload)).toEqual({
      kind: 'value',
      value: { same: true },
    });
  });
});

describe('128 KB of nesting', () => {
  const deep = `{"a":${'['.repeat(65_000)}${']'.repeat(65_000)}}`;

  it('is handed on as it is', () => {
    expect(run("SELECT * FROM 't'", deep)).toMatchObject({ kind: 'bytes' });
  });

  it.each(["SELECT a FROM 't'", "SELECT *, 1 AS b FROM 't'", "SELECT b FROM 't' WHERE a = 1"])(
    '%s ends the rule',
    (sql) => expect(() => run(sql, deep)).toThrow(expect.objectContaining({ code: 'PW-RULE-LIMIT' })),
  );

  it('ends each rule that asks, not only the first', () => {
    const message = { topic: 't', payload: Buffer.from(deep), timestampMs: 0 };
    const evaluation = new Evaluation(message, { random: () => 0 });
    const statement = compileStatement("SELECT a FROM 't'");
    for (let i = 0; i < 2; i++) {
      expect(() => statement.run(statement.scope(evaluation))).toThrow(
        expect.objectContaining({ code: 'PW-RULE-LIMIT' }),
      );
    }
  });

  it('what SET piles up is too deep as well', () => {
    const set = Array.from(
      { length: 10 },
      (_, i) => `@v${i} = ${'['.repeat(90)}${i === 0 ? 'a' : `@v${i - 1}`}${']'.repeat(90)}`,
    );
    const sql = `SET ${set.join(', ')} SELECT @v9 = @v9 AS same FROM 't'`;
    const payload = `{"a":${'['.repeat(500)}${']'.repeat(500)}}`;
    expect(() => run(sql, payload)).toThrow(expect.objectContaining({ code: 'PW-RULE-LIMIT' }));
  });
});
