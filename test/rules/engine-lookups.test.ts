// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of AWS IoT SQL, not of JavaScript
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_LOOKUP_LIMITS } from '#rules/bounded-lookups.js';
import type { RuleDefinition } from '#rules/definition.js';
import { type EngineLimits, RuleEngine } from '#rules/engine.js';
import type { Lookups } from '#rules/sql/lookups.js';
import type { Value } from '#rules/sql/values.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { message, RecordingSenders, RecordingSink, refused, rule, stored } from './helpers.js';

const toRace = { kinesis: { stream: 'race', partitionKey: 'k' } } as const;

function start(rules: readonly RuleDefinition[], lookups: Lookups, limits: Partial<EngineLimits> = {}) {
  const senders = new RecordingSenders();
  const outbox = new RecordingSink();
  const engine = new RuleEngine({
    catalog: rules,
    senders: senders.all(),
    outbox,
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    lookups,
    limits: { lingerMs: 0, retry: { attempts: 1, backoffMs: 1, backoffMsMax: 1 }, ...limits },
  });
  return { engine, senders, outbox };
}

/** A function whose answers are given by the test, in any order. */
function held() {
  const open: ((value: Value) => void)[] = [];
  const lambda: Lookups['lambda'] = () => new Promise((resolve) => open.push(resolve));
  return { lambda, open };
}

const asks = (name: string, filter: string) => rule(name, `SELECT VALUE aws_lambda('f', n) FROM '${filter}'`, [toRace]);
const turns = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

afterEach(() => {
  vi.useRealTimers();
});

describe('a statement that looks something up', () => {
  it('acts when the answer is there; the rules beside it act at once', async () => {
    const { lambda, open } = held();
    const { engine, senders } = start([asks('slow', 'a'), rule('quick', "SELECT VALUE n FROM 'a'", [toRace])], {
      lambda,
    });
    expect(engine.ingest(message('a', { n: 1 }))).toBeUndefined();
    await vi.waitFor(() => expect(senders.texts('race')).toEqual(['1']));
    open[0]('answer');
    await engine.flush();
    expect(senders.texts('race')).toEqual(['1', '"answer"']);
    expect(engine.stats().rules.slow).toMatchObject({ matched: 1, sent: 1, failed: 0 });
  });

  it('is overtaken by what it need not wait for: no order is kept, as AWS keeps none', async () => {
    const { lambda, open } = held();
    const { engine, senders } = start([asks('slow', '#')], { lambda });
    for (const n of [1, 2, 3]) void engine.ingest(message('a', { n }));
    for (const n of [2, 0, 1]) open[n](n + 1);
    await engine.flush();
    expect(senders.texts('race')).toEqual(['3', '1', '2']);
  });

  it('takes room while it waits: a full queue withholds the PUBACK, and its answer gives the room back', async () => {
    const { lambda, open } = held();
    const { engine, senders } = start([asks('slow', '#')], { lambda }, { queueRecords: 2 });
    expect(engine.ingest(message('a', { n: 1 }))).toBeUndefined();
    expect(engine.ingest(message('a', { n: 2 }))).toBeUndefined();
    let acknowledged = false;
    const third = Promise.resolve(engine.ingest(message('a', { n: 3 }))).then(() => {
      acknowledged = true;
    });
    await turns();
    expect(acknowledged).toBe(false);
    expect(open).toHaveLength(2);
    expect(engine.stats()).toMatchObject({ queued: 2, waiting: 1, lookups: { lambda: { underWay: 2 } } });
    open[0](1);
    await third;
    open[1](2);
    await vi.waitFor(() => expect(open).toHaveLength(3));
    open[2](3);
    await engine.flush();
    expect(senders.texts('race')).toHaveLength(3);
    expect(engine.queueShare()).toBe(0);
  });

  it('ends without actions when the look-up fails; the room is given back, the others go on', async () => {
    const lambda = async () => Promise.reject(new Error('no such function'));
    const { engine, senders, outbox } = start([asks('slow', '#'), rule('quick', "SELECT VALUE n FROM 'a'", [toRace])], {
      lambda,
    });
    void engine.ingest(message('a', { n: 1 }));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['1']);
    expect(outbox.messages).toEqual([]);
    expect(engine.stats()).toMatchObject({
      queued: 0,
      rules: { slow: { failed: 1, errorActions: 0 } },
      lookups: { lambda: { asked: 1, failed: 1 } },
    });
  });

  it.each([
    ["get_dynamodb('t', 'k', 1, 'r')", /get_dynamodb has nothing to ask/],
    ["get_thing_shadow('t', 'r')", /get_thing_shadow/],
    ["get_registry_data('DescribeThing', 't', 'r')", /get_registry_data/],
    ["aws_lambda('f', 1)", /aws_lambda/],
    ["get_secret('s', 'SecretString', 'r')", /get_secret/],
    ["machinelearning_predict('m', 'r', 1)", /machinelearning_predict/],
    ["decode(*, 'proto', 'b', 'k', 'f', 'm')", /proto/],
  ])('%s is refused at creation where nobody answers it, in the statement and in a template', (expression, text) => {
    const { engine } = start([], {});
    const create = (definition: RuleDefinition) => () => engine.setRule(definition);
    const code = expect.objectContaining({ code: 'PW-RULE-NO-SENDER', message: expect.stringMatching(text) });
    expect(create(rule('r', `SELECT VALUE ${expression} FROM 'a'`, [toRace]))).toThrow(code);
    if (expression.includes('proto')) return;
    const templated = { kinesis: { stream: 'race', partitionKey: `\${${expression}}` } } as const;
    expect(create(rule('r', "SELECT * FROM 'a'", [templated]))).toThrow(code);
  });
});

describe('a template that looks something up', () => {
  const keyed = (partitionKey: string) =>
    rule('r', "SET @car = topic(1) SELECT VALUE n FROM '#'", [{ kinesis: { stream: 'race', partitionKey } }, toRace]);
  const shadow: Lookups['shadow'] = async ({ thing, shadow }) => ({ state: { team: `${thing}/${shadow}` } });

  it('is rendered before the actions run, with the variables of SET', async () => {
    const { engine, senders } = start([keyed("team ${get_thing_shadow(@car, 'setup', 'r').state.team}!")], { shadow });
    void engine.ingest(message('car-24', { n: 7 }));
    await engine.flush();
    const keys = senders.records.get('race')?.map(({ partitionKey }) => partitionKey);
    expect(keys).toEqual(['team car-24/setup!', 'k']);
  });

  it('is rendered once a message, however often its action reads it', async () => {
    const dynamodb = vi.fn<NonNullable<Lookups['dynamodb']>>(async () => ({ id: 'pit' }));
    const operation = "${get_or_default(get_dynamodb('t', 'k', 1, 'r').op, 'SET')}";
    const spec = { table: 'events', hashKeyField: 'pk', hashKeyValue: 'a', operation } as const;
    const { engine, outbox } = start([rule('r', "SELECT * FROM 'a'", [{ dynamoDB: spec }])], { dynamodb });
    void engine.ingest(message('a', { n: 1 }));
    await engine.flush();
    expect(dynamodb).toHaveBeenCalledTimes(1);
    expect(outbox.messages[0].message.failures[0].errorMessage).toMatch(/operation is 'SET'/);
  });

  it('fails its action alone when the look-up does: to the error action, and by a replay to its target', async () => {
    let away = true;
    const fails: Lookups['shadow'] = (request) => (away ? Promise.reject(new Error('no shadow')) : shadow!(request));
    const { engine, senders, outbox } = start([keyed("${get_thing_shadow('t', 's', 'r').state.team}")], {
      shadow: fails,
    });
    void engine.ingest(message('car-24', { n: 7 }));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['7']);
    const [kept] = outbox.messages;
    expect(kept.message.failures).toEqual([
      {
        failedAction: 'KinesisAction',
        failedResource: 'race',
        errorMessage: expect.stringContaining('get_thing_shadow failed: no shadow'),
      },
    ]);
    away = false;
    expect(await engine.replay(kept)).toEqual({ kind: 'sent' });
    expect(senders.records.get('race')?.at(-1)?.partitionKey).toBe('t/s');
  });

  it('is replayed with what the message said beside its payload', async () => {
    const definition = rule(
      'r',
      "SELECT VALUE get_mqtt_property('content_type') FROM '#' WHERE get_user_properties('a') = ['b']",
      [toRace],
    );
    const { engine, senders, outbox } = start([definition], {});
    senders.answer = (entries) => entries.map(() => refused);
    const properties = { mqttProperties: { content_type: 'text/plain' }, userProperties: [['a', 'b']] as const };
    void engine.ingest(message('car-1', 1, properties));
    await engine.flush();
    senders.answer = stored;
    const kept = JSON.parse(JSON.stringify(outbox.messages[0]));
    expect(await engine.replay(kept)).toEqual({ kind: 'sent' });
    expect(senders.texts('race')).toEqual(['"text/plain"']);
  });

  it('may name the object of the error action; where that cannot be rendered, the message is kept under the template', async () => {
    const key = "errors/${get_thing_shadow(topic(1), 's', 'r').state.team}";
    const definition = { ...rule('r', "SELECT * FROM '#'", [toRace]), errorAction: { s3: { bucket: 'archive', key } } };
    let away = false;
    const { engine, senders, outbox } = start([definition as RuleDefinition], {
      shadow: (request) => (away ? Promise.reject(new Error('no shadow')) : shadow!(request)),
    });
    senders.answer = (entries) => entries.map(() => refused);
    void engine.ingest(message('car-1', 1));
    await engine.flush();
    away = true;
    void engine.ingest(message('car-2', 2));
    await engine.flush();
    expect(outbox.messages.map((kept) => kept.key)).toEqual(['errors/car-1/s', key]);
    expect(engine.stats().rules.r).toMatchObject({ errorActions: 2, errorActionsLost: 0 });
  });
});

describe('the bounds of look-ups', () => {
  const bounded = (limits: Partial<EngineLimits['lookups']>) => ({ lookups: { ...DEFAULT_LOOKUP_LIMITS, ...limits } });

  it('so many under way at a time, the others in the order of their coming', async () => {
    const { lambda, open } = held();
    const { engine } = start([asks('slow', '#')], { lambda }, bounded({ concurrency: 2 }));
    for (let n = 0; n < 5; n++) void engine.ingest(message('a', { n }));
    expect(open).toHaveLength(2);
    expect(engine.stats().lookups.lambda).toMatchObject({ underWay: 2, waiting: 3 });
    open[0](0);
    await vi.waitFor(() => expect(open).toHaveLength(3));
    for (let n = 1; n < 5; n++) {
      await vi.waitFor(() => expect(open.length).toBeGreaterThan(n));
      open[n](n);
    }
    await engine.flush();
    expect(engine.stats().lookups.lambda).toEqual({
      asked: 5,
      underWay: 0,
      waiting: 0,
      failed: 0,
      late: 0,
      refused: 0,
    });
  });

  it('a kind that hangs takes no turns of another', async () => {
    const { lambda } = held();
    const rules = [asks('slow', 'a'), rule('r', "SELECT VALUE get_dynamodb('t', 'k', n, 'r') FROM 'b'", [toRace])];
    const { engine, senders } = start(rules, { lambda, dynamodb: async () => 'item' }, bounded({ concurrency: 1 }));
    void engine.ingest(message('a', { n: 1 }));
    void engine.ingest(message('b', { n: 1 }));
    await vi.waitFor(() => expect(senders.texts('race')).toEqual(['"item"']));
  });

  it('no answer in two seconds, no turn in five: the rule ends, and the queue is empty again', async () => {
    vi.useFakeTimers();
    const { lambda } = held();
    const { engine } = start([asks('slow', '#')], { lambda }, bounded({ concurrency: 1 }));
    for (let n = 0; n < 5; n++) void engine.ingest(message('a', { n }));
    // Three have a turn, one after the other; the other two have waited too long by then.
    await vi.advanceTimersByTimeAsync(6_000);
    expect(engine.stats()).toMatchObject({ queued: 0, rules: { slow: { matched: 5, failed: 5 } } });
    expect(engine.stats().lookups.lambda).toMatchObject({ asked: 3, failed: 3, late: 3, refused: 2, underWay: 0 });
  });

  it('more than may wait fail at once', async () => {
    const { lambda, open } = held();
    const { engine } = start([asks('slow', '#')], { lambda }, bounded({ concurrency: 1, waiting: 1 }));
    for (let n = 0; n < 4; n++) void engine.ingest(message('a', { n }));
    await vi.waitFor(() => expect(engine.stats().rules.slow.failed).toBe(2));
    expect(engine.stats().lookups.lambda).toMatchObject({ refused: 2 });
    open[0](1);
    await vi.waitFor(() => expect(open).toHaveLength(2));
    open[1](1);
    await engine.flush();
  });

  it('a closing engine waits for them as for retries, then ends what has no turn yet', async () => {
    const { lambda } = held();
    const limits = { ...bounded({ concurrency: 1, answerMs: 50 }), closeMs: 1 };
    const { engine } = start([asks('slow', '#')], { lambda }, limits);
    for (let n = 0; n < 3; n++) void engine.ingest(message('a', { n }));
    await engine.close();
    expect(engine.stats().rules.slow.failed).toBe(3);
    expect(engine.stats().lookups.lambda).toMatchObject({ asked: 1, late: 1, refused: 2 });
  });

  it('secrets are asked for once in a quarter of an hour', async () => {
    const secret = vi.fn(async () => '{"user":"anna"}');
    const definition = rule('r', "SELECT VALUE get_secret('s', 'SecretString', 'user', 'r') FROM '#'", [toRace]);
    const { engine, senders } = start([definition], { secret });
    for (let n = 0; n < 3; n++) void engine.ingest(message('a', { n }));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['"anna"', '"anna"', '"anna"']);
    expect(secret).toHaveBeenCalledTimes(1);
  });
});
