import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { outcomeOf, type Vector } from '../rules/sql/vector.js';
import { Desk } from './command.js';

const vectors: Vector[] = JSON.parse(readFileSync(new URL('../fixtures/iot-sql.json', import.meta.url), 'utf8'));
const desk = new Desk();
afterAll(() => desk.close());

async function answersTo(lines: string[]): Promise<unknown[]> {
  const { code, out, err } = await desk.run(['rules', 'eval'], `${lines.join('\n')}\n`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

it(`pitwall rules eval passes all of ${vectors.length} documented cases`, async () => {
  const answers = await answersTo(vectors.map((vector) => JSON.stringify(vector)));
  const differing = vectors.filter((vector, i) => {
    const answer = answers[i] as { id: string; result?: unknown; text?: string };
    return answer.id !== vector.id || outcomeOf(vector, answer) === 'different';
  });
  expect(differing.map(({ id }) => id)).toEqual([]);
});

it('a line that cannot be served is answered with an error, and the next one is served', async () => {
  const rest = '"sql":"SELECT VALUE n FROM \'t\'","topic":"t"';
  const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
  const { out } = await desk.run(
    ['rules', 'eval'],
    [
      'no json',
      '{"id":1}',
      `{"id":2,${rest}}`,
      `{"id":3,${rest},"payload":{"n":12345678901234567890.5}}`,
      `{"id":4,${rest},"payload":{"n":${deep}}}`,
      `{"id":5,${rest},"payload":{"n":1},"context":{"timestamp":"now"}}`,
      `{"id":6,"sql":"SELECT n + 1 FROM 't'","topic":"t","payload":{"n":1}}`,
      `{"id":7,"sql":"SELEC n FROM 't'","topic":"t","payload":{"n":1}}`,
      `{"id":8,"sql":"SELECT length(n) AS l FROM 't'","sqlVersion":"2015-10-08","topic":"t","payload":{"n":1}}`,
      `{"id":9,${rest},"payload":{"base64":"${Buffer.from(`{"n":${deep}}`).toString('base64')}"}}`,
    ].join('\n'),
  );
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { id: null, error: { code: 'PW-USAGE-LINE' } },
    { id: 1, error: { code: 'PW-USAGE-LINE', message: expect.stringContaining('sql') } },
    { id: 2, error: { code: 'PW-USAGE-LINE', message: expect.stringContaining('payload') } },
    { id: 3, result: expect.any(Number) },
    { id: 4, error: { code: 'PW-RULE-LIMIT' } },
    { id: 5, error: { code: 'PW-USAGE-LINE', message: expect.stringContaining('timestamp') } },
    { id: 6, error: { code: 'PW-RULE-UNSERVED' } },
    { id: 7, result: { error: true } },
    { id: 8, result: { error: true } },
    { id: 9, result: { error: true } },
  ]);
  expect(lines[3]).toBe('{"id":3,"result":12345678901234567890.5}');
});

it('time, chance and look-ups', async () => {
  const base = { topic: 'a/b', payload: { n: 2 } };
  const context = { externals: { secrets: { s: '{"k":1}' }, models: { m: { p: 0.5 } }, lambda_: { f: { y: 1 } } } };
  const answers = await answersTo(
    [
      { sql: "SELECT timestamp() > 1700000000000 AS late, rand() < 1 AS r, newuuid() = newuuid() AS same FROM 'a/+'" },
      { sql: "SELECT get_secret('s', 'SecretString', 'k', 'r') AS k, aws_lambda('f', n) AS l FROM 'a/+'", context },
      { sql: "SELECT machinelearning_predict('m', 'r', {'n': n}).p AS p FROM 'a/+'", context },
      {
        sql: "SET @k = get_secret('s', 'SecretString', 'k', 'r') SELECT * FROM 'z'",
        context,
        template: `\${@k}/\${topic(2)}`,
      },
    ].map((line, id) => JSON.stringify({ id, ...base, ...line })),
  );
  expect(answers).toEqual([
    { id: 0, result: { late: true, r: true, same: false } },
    { id: 1, result: { k: 1, l: { y: 1 } } },
    { id: 2, result: { p: 0.5 } },
    { id: 3, text: '1/b' },
  ]);
});
