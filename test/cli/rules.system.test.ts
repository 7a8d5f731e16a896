/** The tools of the rules engine, as a user runs them, on one running system. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTopicRuleCommand,
  DeleteTopicRuleCommand,
  GetTopicRuleCommand,
  type IoTClient,
  ReplaceTopicRuleCommand,
  type TopicRulePayload,
} from '@aws-sdk/client-iot';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { createIotClient } from '#cloud/clients.js';
import { catalog } from '#rules/catalog.js';
import { has } from '../helpers/foreign-clients.js';
import { Desk, type Ended } from './command.js';

const desk = new Desk();
let ready: LocalReady;
let iot: IoTClient;
let operator: MqttClient;

beforeAll(async () => {
  ({ ready } = await desk.local(1));
  const { env, endpoints, mqtt } = ready;
  iot = await createIotClient({
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
    endpoints: { iot: endpoints.iot },
  });
  const { host, port, ca, cert, key, clientId } = mqtt;
  const pem = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
  operator = await connectAsync({ protocol: 'mqtts', host, port, clientId, ...pem });
});
afterAll(async () => {
  await operator?.endAsync(true);
  iot?.destroy();
  desk.close();
});

const run = (...argv: string[]): Promise<Ended> => desk.run(['rules', ...argv]);
const publish = (topic: string, payload: object) => operator.publishAsync(topic, JSON.stringify(payload), { qos: 1 });

async function storedRule(ruleName: string): Promise<TopicRulePayload> {
  const { rule } = await iot.send(new GetTopicRuleCommand({ ruleName }));
  const { sql, awsIotSqlVersion, description, actions, errorAction } = rule!;
  return { sql, awsIotSqlVersion, description, actions, errorAction, ruleDisabled: false };
}

interface Listed {
  rules: { name: string; matched: number; filtered: number; sent: number; failed: number; errorActions: number }[];
}

async function listed(name: string): Promise<Listed['rules'][number]> {
  const { rules } = await desk.json<Listed>('rules', 'list');
  return rules.find((rule) => rule.name === name)!;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

it('rules list has each rule with its counters: reached, filtered, sent', async () => {
  await publish('pitwall/v1/car-1/events', { type: 'summary' });
  await publish('pitwall/v1/car-1/events', { type: 'lap', lap: 1, eventTimeMs: 1_763_683_200_000, seq: 1 });
  await until(async () => (await listed('events_table')).sent === 1);
  const { code, out } = await run('list');
  expect(code).toBe(0);
  const [head, ...rows] = out
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  expect(rows.map(([name]) => name)).toEqual(catalog.map(({ name }) => name));
  const row = rows.find(([name]) => name === 'events_table')!;
  const counters = Object.fromEntries(head.map((name, i) => [name, row[i]]));
  expect(counters).toMatchObject({ matched: '2', filtered: '1', sent: '1', failed: '0', kept: '0' });
});

describe('rules tap', () => {
  it('shows message, verdict, each clause, templates and what became of the action', async () => {
    const tap = desk.start(['rules', 'tap', 'events_table', '--count', '2', '--timeout', '20']);
    await until(async () => tap.err().includes('Watching events_table'));
    await publish('pitwall/v1/car-1/events', { type: 'lap', lap: 7, eventTimeMs: 1_763_683_200_123, seq: 9 });
    await until(async () => tap.out().includes('sent'));
    await publish('pitwall/v1/car-1/events', { type: 'summary', lap: 7 });
    const { code, out, err } = await tap.ended;
    expect(code).toBe(0);
    const message = '{"type":"lap","lap":7,"eventTimeMs":1763683200123,"seq":9}';
    expect(out.split('\n').slice(0, 6)).toEqual([
      `✓ pitwall/v1/car-1/events from operator  ${message}`,
      "    WHERE type <> 'summary' → true",
      "    SELECT concat(parse_time('yyyyMMdd', eventTimeMs, 'UTC'), '#', type, '#', topic(3)) AS pk → \"20251121#lap#car-1\"",
      '    SELECT concat(eventTimeMs, \'#\', seq) AS sk → "1763683200123#9"',
      `    = ${message.replace('}', ',"pk":"20251121#lap#car-1","sk":"1763683200123#9"}')}`,
      '    DynamoDBv2Action pitwall-events: sent',
    ]);
    expect(out).toContain(
      '· pitwall/v1/car-1/events from operator  {"type":"summary","lap":7}\n    WHERE type <> \'summary\' → false',
    );
    expect(err).toContain('1 matched, 1 filtered, 0 ended with an error');
  });

  it('renders templates, as JSON too; ^C ends it with 130', async () => {
    const tap = desk.start(['rules', 'tap', 'health', '--json']);
    await until(async () => tap.err().includes('Watching health'));
    await publish('pitwall/v1/car-1/health', { ok: true });
    await until(async () => tap.out() !== '');
    tap.child.kill('SIGINT');
    const { code, out } = await tap.ended;
    expect(code).toBe(130);
    expect(JSON.parse(out)).toMatchObject({
      topic: 'pitwall/v1/car-1/health',
      payload: { ok: true },
      verdict: 'matched',
      actions: [{ outcome: 'sent', retries: 0, fields: { partitionKey: 'car-1' } }],
    });
  });

  it('ends with 4 for a rule that is not there, with 5 when nothing comes', async () => {
    const [unknown, quiet] = await Promise.all([run('tap', 'nothing'), run('tap', 'schema', '--timeout', '1')]);
    expect([unknown.code, unknown.err]).toEqual([4, expect.stringContaining("No rule 'nothing' runs here")]);
    expect([quiet.code, quiet.err]).toEqual([5, expect.stringContaining('No message reached schema for 1 s')]);
  });
});

describe('rules plan and apply', () => {
  it('shows the change, asks before it destroys, and leaves alone what is not ours', async () => {
    const health = await storedRule('health');
    const replaced = { ...health, sql: "SELECT a FROM 'pitwall/v1/+/health'" };
    await iot.send(new ReplaceTopicRuleCommand({ ruleName: 'health', topicRulePayload: replaced }));
    await iot.send(new CreateTopicRuleCommand({ ruleName: 'left_over', topicRulePayload: health }));
    await iot.send(
      new CreateTopicRuleCommand({ ruleName: 'theirs', topicRulePayload: { ...health, errorAction: undefined } }),
    );
    await iot.send(new DeleteTopicRuleCommand({ ruleName: 'timing' }));

    const plan = await run('plan');
    expect(plan.code).toBe(1);
    expect(plan.out).toBe(
      [
        "+ timing  SELECT * FROM 'pitwall/v1/+/timing'",
        '~ health',
        '    sql',
        `      - "SELECT a FROM 'pitwall/v1/+/health'"`,
        `      + "SELECT * FROM 'pitwall/v1/+/health'"`,
        "- left_over  SELECT * FROM 'pitwall/v1/+/health'",
        `3 to change, ${catalog.length - 2} as wanted; not pitwall's, left alone: theirs`,
        '',
      ].join('\n'),
    );
    const asked = await run('apply');
    expect([asked.code, asked.out]).toEqual([2, plan.out]);
    expect(asked.err).toContain('rules apply --yes');
    expect(await storedRule('health')).toMatchObject({ sql: replaced.sql });

    const applied = await run('apply', '--yes');
    expect([applied.code, applied.out]).toEqual([0, plan.out]);
    expect(applied.err).toBe('+ timing done\n~ health done\n- left_over done\n');
    expect(await storedRule('health')).toEqual(health);
    await iot.send(new DeleteTopicRuleCommand({ ruleName: 'theirs' }));
    expect(await run('plan')).toMatchObject({ code: 0, out: `0 to change, ${catalog.length} as wanted\n` });
  });

  const terminal = has('script', '--version');
  it.skipIf(!terminal)(
    `at a terminal no means no, yes means yes${terminal ? '' : ' (skipped: no script command; install bsdutils)'}`,
    async () => {
      const health = await storedRule('health');
      const topicRulePayload = { ...health, ruleDisabled: true };
      await iot.send(new ReplaceTopicRuleCommand({ ruleName: 'health', topicRulePayload }));
      expect(await atTerminal('no')).toMatchObject({ code: 1, out: expect.stringContaining('Nothing was changed.') });
      expect((await run('plan')).code).toBe(1);
      expect(await atTerminal('yes')).toMatchObject({ code: 0, out: expect.stringContaining('~ health done') });
      expect((await run('plan')).code).toBe(0);
    },
  );
});

/** `rules apply` on a pseudo-terminal, and the answer when it asks. */
async function atTerminal(answer: string): Promise<{ code: number | null; out: string }> {
  const { command, env } = desk.commandOf(['rules', 'apply']);
  const child = spawn('script', ['-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null'], { env });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (!out.includes('(yes/no)') && (out + chunk).includes('(yes/no)')) child.stdin.write(`${answer}\n`);
    out += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out };
}

describe('rules redrive', () => {
  it('replays what failed: 1 while it fails still, 0 once it went through', async () => {
    expect(await run('redrive')).toMatchObject({ code: 0, out: '0 found, 0 replayed\n' });
    const events = await storedRule('events_table');
    const replace = (sql: string) =>
      iot.send(new ReplaceTopicRuleCommand({ ruleName: 'events_table', topicRulePayload: { ...events, sql } }));
    await replace("SELECT *, topic(3) AS thing FROM 'pitwall/v1/+/events'");
    for (const seq of [1, 2, 3]) {
      await publish('pitwall/v1/car-1/events', { type: 'alarm', eventTimeMs: 1_763_683_300_000, seq });
    }
    await until(async () => (await listed('events_table')).errorActions === 3);

    const failing = await run('redrive');
    expect(failing).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^3 found, 0 replayed, 3 failed again \(.*key/),
    });
    await replace(events.sql!);
    expect(await desk.json('rules', 'redrive')).toMatchObject({ found: 3, replayed: 3, failed: 0 });
    expect(await run('redrive')).toMatchObject({ code: 0, out: '0 found, 0 replayed\n' });
  });
});

it('list, tap, redrive and plan end with 3 where nothing runs', async () => {
  const elsewhere = new Desk();
  const tools = [['list'], ['tap', 'health'], ['redrive'], ['plan']];
  const ended = await Promise.all(tools.map((argv) => elsewhere.run(['rules', ...argv])));
  elsewhere.close();
  expect(ended.map(({ code }) => code)).toEqual([3, 3, 3, 3]);
});

describe('rules test', () => {
  const file = (name: string, content: unknown): string => {
    const path = join(desk.folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const lap = { type: 'lap', lap: 7, eventTimeMs: 1_763_683_200_123, seq: 9 };
  const keys = { pk: '20251121#lap#car-1', sk: '1763683200123#9' };
  const topic = 'pitwall/v1/car-1/events';
  const passing = {
    rule: 'events_table',
    samples: [
      {
        name: 'a lap',
        topic,
        payload: lap,
        expect: { ...lap, ...keys },
        actions: [{ dynamoDBv2: { table: 'events' } }],
      },
      { name: 'a summary', topic, payload: { type: 'summary' }, expect: { noMatch: true } },
    ],
  };

  it('0 when everything is as expected', async () => {
    expect(await run('test', file('good.json', passing))).toEqual({
      code: 0,
      out: '✓ events_table: a lap\n✓ events_table: a summary\n2 passed, 0 failed\n',
      err: '',
    });
  });

  it('1 on a difference: what was expected, what came, and why; the other suites still run', async () => {
    const suites = [
      { rule: 'events_table', samples: [{ topic, payload: lap, expect: { ...lap, ...keys, lap: 8 } }] },
      { sql: "SELECT uper(a) AS b FROM 'x'", samples: [{ topic: 'x', payload: {}, expect: {} }] },
      { sql: "SELECT a FROM 'x' WHERE a > 3 AND b", samples: [{ topic: 'x', payload: { a: 1 }, expect: { a: 1 } }] },
      { sql: "SELECT a FROM 'x'", samples: [{ name: 'elsewhere', topic: 'y', payload: { a: 1 }, expect: { a: 1 } }] },
      passing,
    ];
    const { code, out } = await run('test', file('differing.json', suites));
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      '✗ events_table: sample 1',
      '    result.lap',
      '      expected 8',
      '      got      7',
      "    WHERE type <> 'summary' → true",
      expect.stringContaining('AS pk → "20251121#lap#car-1"'),
      expect.stringContaining('AS sk → "1763683200123#9"'),
      "✗ SELECT uper(a) AS b FROM 'x': sample 1",
      '    result',
      '      expected {}',
      '      got      {"error":true}',
      "    'uper' is no function of AWS IoT SQL (line 1, column 8)",
      '    Did you mean upper?',
      "✗ SELECT a FROM 'x' WHERE a > 3 AND b: sample 1",
      '    result',
      '      expected {"a":1}',
      '      got      {"noMatch":true}',
      '    WHERE (a > 3) AND b → undefined',
      '    WHERE a > 3 → false',
      '    WHERE b → undefined',
      '    SELECT a → 1',
      "✗ SELECT a FROM 'x': elsewhere",
      '    result',
      '      expected {"a":1}',
      '      got      {"noMatch":true}',
      "    FROM 'x' does not take y",
      '✓ events_table: a lap',
      '✓ events_table: a summary',
      '2 passed, 4 failed',
      '',
    ]);
    const json = await run('test', join(desk.folder, 'differing.json'), '--json');
    expect([json.code, JSON.parse(json.out)]).toEqual([1, expect.objectContaining({ passed: 2, failed: 4 })]);
  });

  it('2 for a file that is none, with what is wrong in it', async () => {
    const files: [content: unknown, said: string][] = [
      ['{', 'is not JSON'],
      [[{ rule: 'evnts_table', samples: passing.samples }], 'Did you mean events_table?'],
      [[passing, { sql: 'x', samples: [{ topic: 'a', payload: 1 }] }], 'suite 2, sample 1: expect is missing'],
      [[{ sql: 'x', samples: [] }], 'suite 1: samples'],
    ];
    const ended = await Promise.all([
      ...files.map(([content], i) => run('test', file(`broken-${i}.json`, content))),
      run('test', 'nowhere.json'),
    ]);
    expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    for (const [i, said] of [...files.map(([, each]) => each), 'no such file'].entries()) {
      expect(ended[i].err).toContain(said);
    }
  });
});

it('rules eval --why says on stderr why', async () => {
  const lines = [
    { id: 1, sql: "SELECT a FROM 't' WHERE a > 1", topic: 't', payload: { a: 1 } },
    { id: 2, sql: "SELECT uper(a) AS b FROM 't'", topic: 't', payload: {} },
  ];
  const { code, out, err } = await desk.run(
    ['rules', 'eval', '--why'],
    lines.map((line) => JSON.stringify(line)).join('\n'),
  );
  expect([code, out]).toEqual([0, '{"id":1,"result":{"noMatch":true}}\n{"id":2,"result":{"error":true}}\n']);
  expect(err).toContain('1: WHERE a > 1 → false\n');
  expect(err).toContain("2: 'uper' is no function of AWS IoT SQL (line 1, column 8)\n2: Did you mean upper?\n");
});
