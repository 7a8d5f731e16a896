import { describe, expect, it } from 'vitest';
import { Evaluation } from '#rules/sql/evaluation.js';
import { compileStatement } from '#rules/sql/statement.js';

function run(sql: string, payload: string | Uint8Array) {
  const statement = compileStatement(sql);
  const message = { topic: 't', payload: Buffer.from(payload), timestampMs: 0 };
  return statement.run(statement.scope(new Evaluation(message, { random: () => 0 })));
}

const letters = JSON.stringify({ a: 'a'.repeat(100_000) });

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
