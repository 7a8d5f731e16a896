/** Statements, templates and patterns that nobody would write, with payloads that nobody expects. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Evaluation } from '#rules/sql/evaluation.js';
import { FUNCTION_NAMES } from '#rules/sql/functions/index.js';
import { writeJson } from '#rules/sql/json.js';
import type { Lookups } from '#rules/sql/lookups.js';
import { compileStatement } from '#rules/sql/statement.js';
import { compileTemplate } from '#rules/template.js';
import { PitwallError } from '#wire/errors.js';
import { seededRandom } from '#wire/random.js';

/** Answers, fails, or answers something else, by what is asked. */
const answer = async (request: object) => {
  const text = JSON.stringify(request);
  if (text.length % 5 === 0) throw new Error('failed');
  return { asked: text.length, list: [1, '2', null] };
};
const lookups: Lookups = {
  dynamodb: answer,
  shadow: answer,
  registry: answer,
  lambda: answer,
  model: answer,
  secret: async (request) => JSON.stringify(await answer(request)),
  descriptors: async () => Uint8Array.of(1, 2, 3),
};

/** What a statement makes of a payload, as text; its own errors are answers too. Anything else is thrown. */
async function answerTo(sql: string, payload: Uint8Array, template?: string): Promise<string> {
  try {
    const statement = compileStatement(sql);
    const message = { topic: 'a/b', payload, timestampMs: 1_763_683_200_123, clientId: 'c' };
    const environment = { random: seededRandom(7), lookups };
    const { scope, outcome } = await statement.evaluate(new Evaluation(message, environment));
    if (template !== undefined) return compileTemplate(template, statement.variables)(scope);
    return outcome.kind === 'value' ? `value ${writeJson(outcome.value)}` : outcome.kind;
  } catch (error) {
    if (error instanceof PitwallError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const name = fc.constantFrom('a', 'b', 'list', 'deep', 'text', '__proto__', 'value', 'n');
const literal = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => String(Math.abs(value))),
  fc.constantFrom(
    "'x'",
    "''",
    '"1E3"',
    'null',
    'TRUE',
    "'(a|b)*+c'",
    "'base64'",
    "'yyyy-MM'",
    "'UTC'",
    '9E999',
    '1E-999',
  ),
  fc.string({ maxLength: 8 }).map((text) => `'${text.replaceAll("'", "''")}'`),
);

/** Statements that follow the grammar, most of them sensible enough to be evaluated. */
const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression');
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'sql' },
      literal,
      name,
      fc.tuple(name, name).map(([a, b]) => `${a}.${b}`),
      fc
        .tuple(inner, fc.constantFrom('+', '-', '*', '/', '%', '=', '<>', '<', '>=', 'AND', 'OR', 'IN'), inner)
        .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
      fc
        .tuple(fc.constantFrom(...FUNCTION_NAMES), fc.array(inner, { maxLength: 4 }))
        .map(([call, args]) => `${call}(${args.join(', ')})`),
      fc
        .tuple(inner, fc.constantFrom('Int', 'Decimal', 'String', 'Bool'))
        .map(([value, type]) => `cast(${value} AS ${type})`),
      fc
        .tuple(inner, inner, inner)
        .map(([subject, when, then]) => `CASE ${subject} WHEN ${when} THEN ${then} ELSE a END`),
      fc.array(inner, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      inner.map((value) => `{'k': ${value}, '__proto__': 1}`),
      fc
        .tuple(inner, inner, inner)
        .map(([item, from, where]) => `(SELECT VALUE ${item} FROM ${from} AS e WHERE ${where})`),
      inner.map((from) => `EXISTS (SELECT * FROM ${from})`),
      fc.tuple(inner, inner).map(([of, index]) => `(${of})[${index}]`),
      inner.map((value) => `NOT ${value}`),
      inner.map((value) => `-${value}`),
      fc.constantFrom("encode(*, 'base64')", 'aws_lambda("f", *)', "get_dynamodb('t', 'k', a, 'r').list", 'newuuid()'),
    ),
  };
});

const statement = fc
  .tuple(fc.option(expression), fc.array(expression, { minLength: 1, maxLength: 3 }), fc.option(expression))
  .map(([set, items, where]) => {
    const selected = items.map((item, i) => `${item} AS i${i}`).join(', ');
    return `${set === null ? '' : `SET @v = ${set} `}SELECT ${selected} FROM 'a/#'${where === null ? '' : ` WHERE ${where}`}`;
  });

const TOKENS =
  "SELECT FROM WHERE SET AS VALUE CASE WHEN THEN END EXISTS IN AND NOT ( ) [ ] { } , . : * + - = <> 'x' \" @v 1.5 1E a upper(".split(
    ' ',
  );
const soup = fc.array(fc.constantFrom(...TOKENS), { maxLength: 30 }).map((tokens) => tokens.join(' '));

const payload = fc.oneof(
  fc
    .record({ a: fc.jsonValue(), b: fc.jsonValue(), list: fc.array(fc.jsonValue()), text: fc.string(), n: fc.double() })
    .map((value) => Buffer.from(JSON.stringify(value))),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 64 }),
  fc.string({ maxLength: 40 }).map((text) => Buffer.from(text)),
);

/** Far above what a statement's work may take on a busy machine; what hangs takes longer. */
const HANGS_MS = 10_000;

/** Parser and evaluator throw nothing but their own errors, answer the same twice, and answer soon. */
export function describeFuzz(seed: number, numRuns: number): void {
  const options = { seed, numRuns, timeout: HANGS_MS };
  describe(`whatever is given, only our own errors come, and the same twice (${numRuns} runs, seed ${seed})`, () => {
    it.each([
      ['statements', statement],
      ['tokens in any order', soup],
      ['any text', fc.string({ unit: 'binary', maxLength: 60 })],
      ['any text after SELECT', fc.string({ maxLength: 40 }).map((text) => `SELECT ${text} FROM 'a'`)],
    ])('%s', async (_title, sql) => {
      await fc.assert(
        fc.asyncProperty(sql, payload, async (text, bytes) => {
          expect(await answerTo(text, bytes)).toBe(await answerTo(text, bytes));
        }),
        options,
      );
    });

    it('most of the statements that follow the grammar are evaluated', async () => {
      let evaluated = 0;
      for (const sql of fc.sample(statement, { seed, numRuns: 500 })) {
        const text = await answerTo(
          sql,
          Buffer.from('{"a":1,"b":"2","list":[1,{"a":2}],"deep":{"a":{"b":3}},"text":"x"}'),
        );
        if (/^(value|filtered|bytes)/.test(text)) evaluated++;
      }
      expect(evaluated).toBeGreaterThan(250);
    });

    it('templates', async () => {
      const template = fc.oneof(
        expression.map((value) => `x/\${${value}}/y`),
        fc.string({ maxLength: 30 }).map((text) => `\${${text}`),
        fc.string({ maxLength: 30 }),
      );
      await fc.assert(
        fc.asyncProperty(template, payload, async (text, bytes) => {
          const answer = () => answerTo("SELECT * FROM 'a'", bytes, text);
          try {
            expect(await answer()).toBe(await answer());
          } catch (error) {
            // A template that looks something up has to be settled; here nobody waits for it.
            expect(error).toMatchObject({ answered: expect.any(Promise) });
          }
        }),
        options,
      );
    });

    it.each(['regexp_matches(t, p)', "regexp_replace(t, p, '$1')", 'parse_time(p, 0, t)', 'time_to_epoch(t, p)'])(
      'patterns of %s',
      async (call) => {
        const piece = fc.constantFrom(
          ...'( ) [ ] { } ? * + | ^ $ . \\ \\p{L} \\b (?= (?<n> (?i) a b 1 - & & y M d H m s S z V X '.split(' '),
          "'",
          '\n',
          'é',
          '😀',
        );
        const pattern = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));
        await fc.assert(
          fc.asyncProperty(pattern, fc.string({ maxLength: 20 }), async (p, t) => {
            const bytes = Buffer.from(JSON.stringify({ p, t }));
            const sql = `SELECT ${call} AS r FROM 'a'`;
            expect(await answerTo(sql, bytes)).toBe(await answerTo(sql, bytes));
          }),
          options,
        );
      },
    );
  });
}
