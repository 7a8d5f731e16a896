import { describe, expect, it } from 'vitest';
import { SqlError } from '#rules/sql/errors.js';
import { Evaluation } from '#rules/sql/evaluation.js';
import { parseStatement } from '#rules/sql/parser.js';
import { compileStatement } from '#rules/sql/statement.js';
import type { SqlVersion } from '#rules/sql/versions.js';
import { PitwallError } from '#wire/errors.js';

function refusalOf(sql: string): SqlError {
  try {
    compileStatement(sql);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error(`accepted: ${sql}`);
}

describe('what is refused, and where', () => {
  it.each([
    ["SELECT a FROM 't' WHERE", 'PW-RULE-SYNTAX', 23, 'Expected a value, found the end (line 1, column 24)'],
    ["SELECT a,\n  b b2\nFROM 't'", 'PW-RULE-SYNTAX', 14, "Expected the end, found 'b2' (line 2, column 5)"],
    ["SELECT a FROM 't' GROUP BY a", 'PW-RULE-SYNTAX', 18, "Expected the end, found 'GROUP'"],
    ["SELECT a ; FROM 't'", 'PW-RULE-SYNTAX', 9, "';' does not belong"],
    ["SELECT 'a FROM t", 'PW-RULE-SYNTAX', 7, 'has no end'],
    ["SELECT cast(a AS Money) AS m FROM 't'", 'PW-RULE-SYNTAX', 17, "'Money' is no type of cast"],
    ["SELECT @lap AS lap FROM 't'", 'PW-RULE-SYNTAX', 7, '@lap is not set'],
    ["SELECT upper(*) AS u FROM 't'", 'PW-RULE-SYNTAX', 13, "'*' is no argument"],
    ["SELECT a FROM 'a/#/b'", 'PW-RULE-FROM', 14, "'#' stands in the last level"],
    ["SELECT a FROM 'a/b+/c'", 'PW-RULE-FROM', 14, 'stand alone'],
    ["SELECT a FROM '1/2/3/4/5/6/7/8/9'", 'PW-RULE-FROM', 14, 'more than 7 slashes'],
    ["SELECT a + 1 FROM 't'", 'PW-RULE-UNSERVED', 9, 'This item has no name'],
    ["SELECT decode(p, 'proto', 'b') AS s FROM 't'", 'PW-RULE-SYNTAX', 17, "Expected the scheme 'base64' or 'proto'"],
    ["SELECT encode(p, 'hex') AS s FROM 't'", 'PW-RULE-SYNTAX', 17, "Expected the scheme 'base64'"],
    ["SELECT regexp_matches(a, '\\X') AS m FROM 't'", 'PW-RULE-UNSERVED', 25, '\\X, which is not served'],
    [
      "SELECT get_registry_data('ListThings', 't', 'r') AS s FROM 't'",
      'PW-RULE-SYNTAX',
      25,
      "Expected 'DescribeThing'",
    ],
    ["SET @r = 'r' SELECT get_thing_shadow('t', @r) AS s FROM 't'", 'PW-RULE-SYNTAX', 42, 'A role is no variable'],
    ["SELECT get_or_default(a, aws_lambda('f', *)) AS s FROM 't'", 'PW-RULE-SYNTAX', 25, 'may not look anything up'],
  ])('%j', (sql, code, offset, message) => {
    const error = refusalOf(sql);
    expect({ code: error.code, offset: error.offset }).toEqual({ code, offset });
    expect(error.message).toContain(message);
  });

  it.each([
    ['timestmp', 'timestamp'],
    ['pars_time', 'parse_time'],
    ['Concate', 'concat'],
    ['regex_matches', 'regexp_matches'],
  ])('an unknown function %s comes with the nearest name, %s', (name, near) => {
    const error = refusalOf(`SELECT ${name}(a) AS r FROM 't'`);
    expect(error.code).toBe('PW-RULE-FUNCTION');
    expect(error.fix).toBe(`Did you mean ${near}?`);
  });

  it('suggests nothing that is far off', () => {
    expect(refusalOf("SELECT zzzzqqqq(a) AS r FROM 't'").fix).not.toContain('mean');
  });
});

describe('bounds', () => {
  const nested = (depth: number) => `SELECT ${'('.repeat(depth)}a${')'.repeat(depth)} AS a FROM 't'`;

  it('takes what a person would write and refuses deeper nesting without a crash', () => {
    expect(() => compileStatement(nested(50))).not.toThrow();
    expect(refusalOf(nested(10_000)).message).toContain('Nested deeper');
  });

  it('nesting counts depth, not length', () => {
    const long = Array.from({ length: 500 }, (_, i) => `(a + ${i}) AS a${i}`).join(', ');
    expect(() => compileStatement(`SELECT ${long} FROM 't'`)).not.toThrow();
  });

  it('a chain of operators is as deep as it is long', () => {
    const chain = (length: number) => `SELECT a${' + a'.repeat(length)} AS n FROM 't'`;
    expect(() => compileStatement(chain(400))).not.toThrow();
    expect(refusalOf(chain(30_000)).message).toContain('More than 500 operations');
    expect(refusalOf(`SELECT a${'.b'.repeat(30_000)} AS n FROM 't'`).message).toContain('More than 500 operations');
  });

  it('refuses a statement longer than AWS takes', () => {
    expect(() => parseStatement(`SELECT '${'x'.repeat(128 * 1024)}' AS a`)).toThrow(PitwallError);
  });
});

it('VALUE is a word only where a value follows', () => {
  expect(parseStatement("SELECT value FROM 't'").projection.kind).toBe('items');
  expect(parseStatement("SELECT value AS v, a FROM 't'").projection.kind).toBe('items');
  expect(parseStatement("SELECT VALUE a FROM 't'").projection.kind).toBe('value');
});

describe('version 2015-10-08', () => {
  it.each([
    ["SELECT length(a) AS n FROM 't'", 7, 'length came with SQL version 2016-03-23'],
    ["SELECT [1] AS n FROM 't'", 7, 'An array literal'],
    ["SELECT {'a': 1} AS n FROM 't'", 7, 'An object literal'],
    ["SELECT (SELECT b FROM a) AS n FROM 't'", 7, 'A nested query'],
    ["SELECT a FROM 't' WHERE EXISTS (SELECT b FROM a)", 24, 'A nested query'],
    ["SELECT cast(a AS Bool) AS n FROM 't'", 17, 'cast to Bool'],
    ["SELECT cast(a AS Decimal) AS n FROM 't'", 17, 'cast to Decimal'],
  ])('%s is refused', (sql, offset, what) => {
    expect(() => compileStatement(sql, '2015-10-08')).toThrow(
      expect.objectContaining({ code: 'PW-RULE-VERSION', offset, message: expect.stringContaining(what) }),
    );
    expect(() => compileStatement(sql, '2016-03-23')).not.toThrow();
  });

  it.each([
    "SELECT upper(a) AS n FROM 't'",
    "SELECT cast(a AS Double) AS n FROM 't'",
    "SELECT cast(a AS Text) AS n FROM 't'",
  ])('%s is taken', (sql) => expect(() => compileStatement(sql, '2015-10-08')).not.toThrow());
});

describe('what a refusal suggests', () => {
  it.each([
    ["SELEKT a FROM 't'", 0, 'Did you mean SELECT?'],
    ["SELECT a FRM 't'", 9, 'Did you mean FROM?'],
    ["SELECT a FROM 't' WERE a", 18, 'Did you mean WHERE?'],
    ["SELECT a AS 'x' FROM 't'", 12, 'A name stands without quotes.'],
    ["SELECT a FROM 't' WHERE a == 1", 27, 'Equal is written ='],
    ["SELECT a FROM 't' WHERE a && b", 26, 'Write AND.'],
    ["SELECT a FROM 't' WHERE a || b", 26, 'Write OR'],
    ["SELECT a FROM 't' WHERE a IS NULL", 26, 'isNull(x)'],
    ["SELECT a FROM 't' WHERE a LIKE 'x%'", 26, 'regexp_matches'],
    ["SELECT a FROM 't' WHERE a BETWEEN 1 AND 2", 26, 'x >= a AND x <= b'],
    ["SELECT a FROM 't' WHERE a NOT IN [1]", 26, 'NOT x IN [1, 2]'],
    ["SELECT a FROM 't' WHERE a IN (1, 2)", 31, 'an array: [1, 2]'],
    ["SELECT CASE WHEN a = 1 THEN 2 END AS x FROM 't'", 12, 'CASE x WHEN 1 THEN'],
    ["SELECT a FROM 't' GROUP BY a", 18, 'no GROUP BY'],
    ["SELECT a FROM 't' ORDER BY a", 18, 'no ORDER BY'],
    ["SELECT a FROM 't';", 17, 'ends without it'],
    ["SELECT .5 AS x FROM 't'", 7, '0.5'],
    ["SELECT count(*) AS n FROM 't'", 7, 'no aggregate functions'],
    ["SELECT now() AS n FROM 't'", 7, 'timestamp()'],
    ["SELECT substr(a, 1) AS n FROM 't'", 7, 'substring(x, from, to)'],
  ])('%j', (sql, offset, fix) => {
    const error = refusalOf(sql);
    expect(error.offset).toBe(offset);
    expect(error.fix).toContain(fix);
  });

  it('a name that was forgotten after AS is missed there', () => {
    expect(refusalOf("SELECT a AS FROM 't'")).toMatchObject({ offset: 12, message: expect.stringContaining('a name') });
  });
});

it('VALUE and a sign: a value, unless it has a name', () => {
  expect(parseStatement("SELECT VALUE -a FROM 't'").projection.kind).toBe('value');
  expect(parseStatement("SELECT value - 1 AS v FROM 't'").projection.kind).toBe('items');
  expect(parseStatement("SELECT value * 2 AS v FROM 't'").projection.kind).toBe('items');
  expect(parseStatement("SELECT VALUE * FROM 't'").projection).toMatchObject({ items: [{ kind: 'all' }] });
});

it('an array is no whole result in version 2015-10-08', async () => {
  const message = { topic: 't', payload: Buffer.from('{"a":[1]}'), timestampMs: 0 };
  const evaluation = new Evaluation(message, { random: () => 0 });
  const run = (version: SqlVersion) => {
    const statement = compileStatement("SELECT VALUE a FROM 't'", version);
    return statement.run(statement.scope(evaluation));
  };
  expect(run('2016-03-23')).toEqual({ kind: 'value', value: [1] });
  expect(() => run('2015-10-08')).toThrow(expect.objectContaining({ code: 'PW-RULE-EVALUATION' }));
});
