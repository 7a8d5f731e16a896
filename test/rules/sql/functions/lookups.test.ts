import { describe, expect, it, vi } from 'vitest';
import { keepSlowAnswers, type LookupKind, type Lookups } from '#rules/sql/lookups.js';
import { compileStatement } from '#rules/sql/statement.js';
import { compileTemplate } from '#rules/template.js';
import { evaluated, lookedUp, outcomeOf } from '../evaluate.js';

const failing = async () => {
  throw new Error('not allowed');
};
const ends = (code: string) => expect.objectContaining({ code });

describe('what is asked, and what is made of the answer', () => {
  it('get_dynamodb with one key and with two', async () => {
    const dynamodb = vi.fn<NonNullable<Lookups['dynamodb']>>(async () => ({ place: 'Bay 4' }));
    const given = { payload: { id: 7 }, lookups: { dynamodb } };
    expect(await lookedUp("get_dynamodb('T', 'id', id, 'role').place", given)).toBe('Bay 4');
    expect(await lookedUp("get_dynamodb('T', 'id', id, 'at', 'x', 'role').place", given)).toBe('Bay 4');
    expect(dynamodb.mock.calls).toEqual([
      [{ table: 'T', keys: [{ name: 'id', value: 7 }], roleArn: 'role' }],
      [
        {
          table: 'T',
          keys: [
            { name: 'id', value: 7 },
            { name: 'at', value: 'x' },
          ],
          roleArn: 'role',
        },
      ],
    ]);
  });

  it('get_thing_shadow, classic and named', async () => {
    const shadow = vi.fn<NonNullable<Lookups['shadow']>>(async () => ({ state: 1 }));
    expect(await lookedUp("get_thing_shadow(topic(1), 'r').state", { lookups: { shadow } })).toBe(1);
    expect(await lookedUp("get_thing_shadow('t', 'setup', 'r').state", { lookups: { shadow } })).toBe(1);
    expect(shadow.mock.calls).toEqual([
      [{ thing: 'a', shadow: undefined, roleArn: 'r' }],
      [{ thing: 't', shadow: 'setup', roleArn: 'r' }],
    ]);
  });

  it('aws_lambda with a value, and with the message', async () => {
    const lambda: Lookups['lambda'] = async ({ payload }) => ({ got: payload });
    expect(await lookedUp("aws_lambda('f', {'n': n + 1})", { payload: { n: 1 }, lookups: { lambda } })).toEqual({
      got: { n: 2 },
    });
    expect(await lookedUp("aws_lambda('f', *)", { payload: { n: 1 }, lookups: { lambda } })).toEqual({ got: { n: 1 } });
  });

  it('get_registry_data', async () => {
    const registry: Lookups['registry'] = async (request) => ({ ...request });
    expect(await lookedUp("get_registry_data('ListThingGroupsForThing', 't', 'r')", { lookups: { registry } })).toEqual(
      {
        operation: 'ListThingGroupsForThing',
        thing: 't',
        roleArn: 'r',
      },
    );
  });

  it.each([
    ["get_secret('s', 'SecretString', 'r')", '{"user":"anna","n":1.50}'],
    ["get_secret('s', 'SecretString', 'user', 'r')", 'anna'],
    ["get_secret('s', 'SecretString', 'n', 'r')", 1.5],
    ["get_secret('s', 'SecretString', 'none', 'r')", undefined],
  ])('%s: %j', async (expression, value) => {
    const secret = async () => '{"user":"anna","n":1.50}';
    expect(await lookedUp(expression, { lookups: { secret } })).toEqual(value);
  });

  it('machinelearning_predict', async () => {
    const model: Lookups['model'] = async ({ modelId, record }) => ({ modelId, record });
    expect(await lookedUp("machinelearning_predict('m', 'r', {'x': 1})", { lookups: { model } })).toEqual({
      modelId: 'm',
      record: { x: 1 },
    });
  });
});

describe('Undefined, and what ends a rule', () => {
  const lookups: Lookups = {
    dynamodb: async () => undefined,
    shadow: failing,
    registry: failing,
    lambda: failing,
    secret: async () => 'plain',
    model: failing,
  };

  it('an item that is not there is Undefined', async () => {
    expect(await lookedUp("get_dynamodb('T', 'id', 1, 'r').a", { lookups })).toBeUndefined();
  });

  it.each([
    "get_dynamodb('T', 'id', missing, 'r')",
    "get_dynamodb('T', missing, 1, 'r')",
    "get_thing_shadow('t', 'r')",
    'get_thing_shadow(missing, "r")',
    'get_thing_shadow(null, "r")',
    "aws_lambda('f', 1)",
    "aws_lambda('f', missing)",
    "get_registry_data('DescribeThing', 't', 'r')",
    "get_secret('s', 'SecretString', 'key', 'r')",
    "get_secret('s', 'SecretBinary', 'key', 'r')",
    "machinelearning_predict('m', 'r', missing)",
  ])('%s ends the rule; get_or_default helps', async (expression) => {
    await expect((async () => lookedUp(expression, { lookups }))()).rejects.toEqual(ends('PW-RULE-EVALUATION'));
    expect(await lookedUp(`get_or_default(${expression}, 'd')`, { lookups })).toBe('d');
  });

  it.each([
    "get_dynamodb('T', 'id', 1)",
    'get_dynamodb()',
    "get_thing_shadow('t')",
    "aws_lambda('f')",
    "get_registry_data('DescribeThing')",
    "get_secret('s')",
    "machinelearning_predict('m')",
  ])('%s has another number of arguments: Undefined, and nothing is asked', (expression) => {
    expect(evaluated(expression)).toBeUndefined();
  });

  it('get_dynamodb twice ends the rule, whatever is around it', async () => {
    const twice =
      "get_or_default(get_dynamodb('T', 'id', 1, 'r'), 1) + get_or_default(get_dynamodb('T', 'id', 2, 'r'), 1)";
    await expect(lookedUp(twice, { lookups })).rejects.toEqual(ends('PW-RULE-LIMIT'));
  });

  it('where there is nothing to ask', async () => {
    await expect((async () => lookedUp("get_thing_shadow('t', 'r')", {}))()).rejects.toEqual(
      ends('PW-RULE-EVALUATION'),
    );
  });
});

describe('waiting', () => {
  it('a statement without look-ups is evaluated at once', () => {
    const statement = compileStatement("SELECT 1 AS one FROM 't'");
    expect([...statement.lookups]).toEqual([]);
  });

  it('each look-up is asked once, in order, however often the statement runs', async () => {
    const asked: string[] = [];
    const lambda: Lookups['lambda'] = async ({ functionArn, payload }) => {
      asked.push(functionArn);
      return payload;
    };
    const sql =
      "SET @a = aws_lambda('one', 1) SELECT aws_lambda('three', @a + 2) AS c, newuuid() AS id, rand() AS r FROM 'a' " +
      "WHERE aws_lambda('two', @a) = 1";
    expect([...compileStatement(sql).lookups]).toEqual(['lambda']);
    const first = await outcomeOf(sql, { lookups: { lambda } });
    expect(asked).toEqual(['one', 'two', 'three']);
    expect(first).toMatchObject({ kind: 'value', value: { c: 3 } });
    expect(await outcomeOf(sql, { lookups: { lambda } })).toEqual(first);
  });

  it('chance is drawn once: what depends on it is asked for once', async () => {
    const asked: unknown[] = [];
    const lambda: Lookups['lambda'] = async ({ payload }) => {
      asked.push(payload);
      return 1;
    };
    const outcome = await outcomeOf("SELECT VALUE [newuuid(), aws_lambda('f', newuuid())] FROM 'a'", {
      lookups: { lambda },
    });
    expect(asked).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: 'value', value: [expect.not.stringContaining(String(asked[0])), 1] });
  });

  it('one for each element of an array, up to a bound', async () => {
    const lambda: Lookups['lambda'] = async ({ payload }) => payload;
    const sql = "SELECT VALUE (SELECT VALUE aws_lambda('f', n) FROM list AS n) FROM 'a'";
    const of = (length: number) => ({ payload: { list: Array.from({ length }, (_, i) => i) }, lookups: { lambda } });
    expect(await outcomeOf(sql, of(5))).toEqual({ kind: 'value', value: [0, 1, 2, 3, 4] });
    await expect(outcomeOf(sql, of(1000))).rejects.toEqual(ends('PW-RULE-LIMIT'));
  });

  it('says which look-ups a template makes', () => {
    const lookups = new Set<LookupKind>();
    compileTemplate(`\${get_thing_shadow(topic(3), 'r').state}`, [], { lookups });
    expect([...lookups]).toEqual(['shadow']);
  });
});

it('secrets and descriptor sets are kept for a quarter of an hour; failures are not', async () => {
  let nowMs = 0;
  const secret = vi.fn(async () => 'hush');
  const descriptors = vi.fn(failing);
  const lambda = vi.fn(async () => 1);
  const kept = keepSlowAnswers({ secret, descriptors, lambda }, { nowMs: () => nowMs });
  const request = { id: 's', type: 'SecretString', roleArn: 'r' } as const;
  await kept.secret?.(request);
  nowMs = 14 * 60_000;
  await kept.secret?.(request);
  expect(secret).toHaveBeenCalledTimes(1);
  await kept.secret?.({ ...request, id: 'other' });
  nowMs = 15 * 60_000;
  await kept.secret?.(request);
  expect(secret).toHaveBeenCalledTimes(3);
  for (let i = 0; i < 2; i++)
    await expect(kept.descriptors?.({ bucket: 'b', key: 'k' })).rejects.toThrow('not allowed');
  expect(descriptors).toHaveBeenCalledTimes(2);
});
