// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates of rules, not of JavaScript
/** The reference row by row: what it states, in cases that the documented ones leave out. */
import { describe, expect, it } from 'vitest';
import { writeJson } from '#rules/sql/json.js';
import { compileTemplate } from '#rules/template.js';
import { evaluated, outcomeOf, scopeOf } from './evaluate.js';

const U = undefined;
const payload = {
  a: 1,
  b: '2',
  yes: true,
  none: null,
  list: [1, '2', null, { k: 1 }, [5]],
  o: { k: { l: 3 }, rows: [{ x: 1 }, { x: 2, y: 'q' }] },
};

const resultOf = (expression: string): unknown => {
  const value = evaluated(expression, { payload });
  return value === undefined ? U : JSON.parse(writeJson(value));
};
/** Digits as they are written, which a JS number may not hold. */
const textOf = (expression: string): string => writeJson(evaluated(expression, { payload }));

describe('numbers', () => {
  it.each([
    ['0.1 + 0.2', '0.3'],
    ['1 / 3', '0.3333333333333333333333333333333333'],
    ['2 / 3', '0.6666666666666666666666666666666667'],
    ['1234567890123456789012345678901234 + 1', '1234567890123456789012345678901235'],
    ['9999999999999999999999999999999999 + 1', '10000000000000000000000000000000000'],
    ['12345678901234567890123456789012345', '12345678901234567890123456789012340'],
    ['10.0', '10'],
    ['10.50', '10.5'],
    ['7 / 2', '3.5'],
    ['6 / 2', '3'],
    ['1E3 + 1', '1001'],
    ['9E999 * 10', 'null'],
    ["'' + 1E21", '"1000000000000000000000"'],
    ['cast(1E-7 AS String)', '"1E-7"'],
  ])('%s is %s', (expression, text) => expect(textOf(expression)).toBe(text));
});

describe('operators', () => {
  it.each([
    ['a + b', '12'],
    ["'1' + 2", '12'],
    ['1 + 2 + b', '32'],
    ['b + 1 + 2', '212'],
    ["'x' + yes", 'xtrue'],
    ["'x' + none", U],
    ["'x' + missing", U],
    ["'x' + o.k", 'x{"l":3}'],
    ['a + yes', U],
    ['b - a', 1],
    ["b * '3'", 6],
    ["a - 'x'", U],
    ['a - yes', U],
    ['1 / 0', U],
    ['-7 % 3', -1],
    ["'7' % '3'", 1],
    ["a = '1'", false],
    ["a <> '1'", true],
    ['a = 1.0', true],
    ['none = null', true],
    ['none <> null', false],
    ['missing = missing', U],
    ['missing <> 1', U],
    ["list = [1, '2', null, {'k': 1.0}, [5]]", true],
    ['[1, 2] = [2, 1]', false],
    ["{'a': 1, 'b': 2} = {'b': 2, 'a': 1}", true],
    ["true = 'true'", false],
    ["'10' > '9'", true],
    ["'a' < 'b'", U],
    ['yes > 0', U],
    ['none < 1', U],
    ["true AND 'TRUE'", true],
    ['true AND 1', U],
    ['false AND missing', U],
    ['true OR missing', U],
    ['false OR null', U],
    ["NOT 'false'", true],
    ['NOT null', U],
    ['NOT 0', U],
  ])('%s: %j', (expression, value) => expect(resultOf(expression)).toEqual(value));
});

describe('precedence, loosest first: OR, AND, NOT, comparison and IN, + -, * / %, sign', () => {
  it.each([
    ['true OR false AND false', true],
    ['NOT true OR true', true],
    ['NOT a = 2', true],
    ['NOT 1 IN [1]', false],
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['-a + 3', 2],
    ['2 - -2', 4],
    ['10 - 2 - 3', 5],
    ['100 / 10 / 2', 5],
    ['1 + 1 = 2 AND 2 < 3', true],
    ['1 + 1 IN [2]', true],
    ['-o.k.l', -3],
  ])('%s: %j', (expression, value) => expect(resultOf(expression)).toEqual(value));
});

describe('IN, EXISTS, CASE', () => {
  it.each([
    ["'1' IN [1]", false],
    ['a IN list', true],
    ['[5] IN list', true],
    ['null IN [null]', true],
    ['1 IN []', false],
    ['missing IN [1]', U],
    ['1 IN missing', U],
    ['EXISTS (SELECT * FROM o.rows WHERE x > 1)', true],
    ['EXISTS (SELECT * FROM o.rows WHERE x > 2)', false],
    ['EXISTS (SELECT * FROM missing)', false],
    ["CASE a WHEN '1' THEN 'text' WHEN 1.0 THEN 'number' END", 'number'],
    ["CASE a WHEN 2 THEN 'x' END", U],
    ['CASE missing WHEN 1 THEN 2 ELSE 3 END', U],
    ['CASE none WHEN null THEN 2 ELSE 3 END', 2],
  ])('%s: %j', (expression, value) => expect(resultOf(expression)).toEqual(value));
});

describe('nested queries', () => {
  it.each([
    ['(SELECT x FROM o.rows)', [{ x: 1 }, { x: 2 }]],
    ['(SELECT VALUE x FROM o.rows)', [1, 2]],
    ["(SELECT VALUE i FROM list AS i WHERE i = '2')", ['2']],
    ['(SELECT r.x AS z, a AS outside FROM o.rows AS r WHERE r.x = 2)', [{ z: 2, outside: 1 }]],
    ['(SELECT l FROM o.k)', { l: 3 }],
    ['(SELECT VALUE l FROM o.k)', 3],
    ['(SELECT x FROM [])', []],
    ['(SELECT x FROM a)', U],
    ['(SELECT * FROM o.rows WHERE x > 5)', []],
  ])('%s: %j', (expression, value) => expect(resultOf(expression)).toEqual(value));
});

describe('cast', () => {
  it.each([
    ["cast('12.7' AS Int)", 12],
    ["cast('-12.7' AS Int)", -12],
    ['cast(-12.7 AS Int)', -13],
    ['cast(yes AS Int)', 1],
    ['cast(0 AS Bool)', false],
    ["cast('1' AS Boolean)", U],
    ["cast('TRUE' AS Boolean)", true],
    ["cast('1e5' AS Decimal)", 100_000],
    ["cast('1E+5' AS Decimal)", U],
    ["cast('+5' AS Decimal)", U],
    ["cast(' 5' AS Decimal)", U],
    ["cast('.5' AS Decimal)", U],
    ['cast(none AS String)', U],
    ['cast(list AS Int)', U],
    ['cast(2.5 AS NVARCHAR)', '2.5'],
  ])('%s: %j', (expression, value) => expect(resultOf(expression)).toEqual(value));
});

describe('functions', () => {
  it.each([
    ['get(list, 9)', U],
    ["get(o, 'k').l", 3],
    ['get(b, 0)', '2'],
    ["concat([1], [2], [[3]], 'x')", [1, 2, [3], 'x']],
    ["substring('012345', 7)", ''],
    ["substring('012345', 2.745, 4)", '23'],
    ["replace('aaaa', 'aa', 'b')", 'bb'],
    ["regexp_replace('abcd', '(b)(c)', '$2$1')", 'acbd'],
    ["regexp_substr('hihihello', '(hi)*')", 'hihi'],
    ['trunc(-2.3456, 2)', -2.34],
    ['trunc(2.3, -5)', 2],
    ['round(-1.5)', -2],
    ['ceil(-1.2)', -1],
    ["chr('65.9')", 'A'],
    ['topic(0)', U],
    ["decode('MTI=', 'base64')", 12],
    ["encode(o.k, 'base64')", 'eyJsIjozfQ=='],
    [
      "transform('enrichArray', {'z': 1}, o.rows)",
      [
        { z: 1, x: 1 },
        { z: 1, x: 2, y: 'q' },
      ],
    ],
    ['nanvl(acos(2), 0)', 0],
    ['isUndefined(a.b.c)', true],
    ['UPPER(LOWER(b))', '2'],
    ["'it''s'", "it's"],
    ["{'a': missing, 'b': none}", { b: null }],
  ])('%s: %j', (expression, value) => expect(resultOf(expression)).toEqual(value));
});

describe('statements', () => {
  const outcomeText = async (sql: string) => {
    const outcome = await outcomeOf(sql, { payload });
    return outcome.kind === 'value' && outcome.value !== undefined
      ? JSON.parse(writeJson(outcome.value))
      : outcome.kind;
  };
  it.each([
    ["SELECT missing FROM 'a/#'", {}],
    ["SELECT * AS m, a FROM 'a/#'", { m: payload, a: 1 }],
    ["SELECT *, 5 AS a FROM 'a/#'", { ...payload, a: 5 }],
    ["SELECT o.k AS p.q FROM 'a/#'", { p: { q: { l: 3 } } }],
    ["SELECT VALUE o.rows FROM 'a/#'", payload.o.rows],
    ["SELECT a FROM 'a/#' WHERE missing", 'filtered'],
    ["SELECT a FROM 'a/#' WHERE 'true'", 'filtered'],
    ["SELECT a AS q FROM 'a/#' WHERE q = 1", 'filtered'],
    ["SELECT a FROM 'a/#' WHERE EXISTS (SELECT * FROM o.rows WHERE y = 'q')", { a: 1 }],
    ["SET @x = a + 1, @y = @x * 2 SELECT @x AS x, @y AS y FROM 'a/#' WHERE @y = 4", { x: 2, y: 4 }],
    [
      "SET @o = o SELECT @o.k.l AS l, (SELECT VALUE r.x + @o.k.l FROM @o.rows AS r) AS r FROM 'a/#'",
      { l: 3, r: [4, 5] },
    ],
    ["SET @f = 75 SELECT trunc((@f - 32) * 5 / 9, 2) AS c FROM 'a/#'", { c: 23.88 }],
  ])('%s', async (sql, value) => expect(await outcomeText(sql)).toEqual(value));
});

describe('substitution templates', () => {
  it.each([
    [`\${a}/\${b}/\${missing}/x`, '1/2//x'],
    [`\${o.k}`, '{"l":3}'],
    [`\${none}`, ''],
    [`$$aws/things/\${topic(2)}`, '$aws/things/b'],
    [`\${concat('}', "{")}`, '}{'],
    [`\${{'k': {'l': a}}.k.l}`, '1'],
    [`\${'it''s }'}`, "it's }"],
    ['$ {a} $a {b}', '$ {a} $a {b}'],
    [`\${'$' + '{'}`, '${'],
    [`\${a = 1 AND b <> 'x'}`, 'true'],
    [`\${(SELECT VALUE x FROM o.rows)}`, '[1,2]'],
  ])('%s: %j', (template, text) => expect(compileTemplate(template, [])(scopeOf({ payload }))).toBe(text));
});
