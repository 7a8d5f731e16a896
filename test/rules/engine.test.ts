// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of AWS IoT SQL, not of JavaScript
import { describe, expect, it, vi } from 'vitest';
import { catalog } from '#rules/catalog.js';
import type { RuleDefinition } from '#rules/definition.js';
import { type EngineLimits, RuleEngine } from '#rules/engine.js';
import { wallClock } from '#wire/clock.js';
import { type Log, silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { topics } from '#wire/topics.js';
import { message, RecordingSenders, RecordingSink, refused, rule, stored, throttled } from './helpers.js';

const quick: Partial<EngineLimits> = { lingerMs: 0, retry: { attempts: 3, backoffMs: 1, backoffMsMax: 2 } };

function start(rules: readonly RuleDefinition[], limits: Partial<EngineLimits> = {}) {
  const senders = new RecordingSenders();
  const outbox = new RecordingSink();
  const warnings: string[] = [];
  const log: Log = { info: () => {}, warn: (text) => warnings.push(text), error: (text) => warnings.push(text) };
  const engine = new RuleEngine({
    catalog: rules,
    senders: senders.all(),
    outbox,
    wallClock,
    random: seededRandom(1),
    log,
    limits: { ...quick, ...limits },
  });
  return { engine, senders, outbox, warnings };
}

const toRace = { kinesis: { stream: 'race', partitionKey: '${topic(2)}' } } as const;
const toLive = { kinesis: { stream: 'framesLive', partitionKey: '${topic(2)}' } } as const;
const toEvents = { dynamoDBv2: { table: 'events' } } as const;

describe('the catalog', () => {
  const event = (type: string, seq: number) => ({
    v: 1,
    thing: 'car-24',
    boot: '1-0123456789abcdef',
    seq,
    prev: seq - 1,
    eventTimeMs: 1_763_683_200_123,
    kind: 'event',
    type,
  });

  it('puts an alarm into the race stream as it came, and into the table under exact keys', async () => {
    const { engine, senders } = start(catalog);
    const alarm = event('alarm', 123_456_789);
    void engine.ingest(message(topics.events('car-24'), alarm));
    await engine.flush();
    expect(senders.records.get('race')).toEqual([{ data: Buffer.from(JSON.stringify(alarm)), partitionKey: 'car-24' }]);
    expect(senders.items('events')).toEqual([{ ...alarm, pk: '20251121#alarm#car-24', sk: '1763683200123#123456789' }]);
  });

  it('keeps summaries out of the table', async () => {
    const { engine, senders } = start(catalog);
    void engine.ingest(message(topics.events('car-24'), event('summary', 1)));
    await engine.flush();
    expect(senders.texts('race')).toHaveLength(1);
    expect(senders.items('events')).toEqual([]);
    expect(engine.stats().rules.events_table).toMatchObject({ matched: 1, filtered: 1, undefined: 0 });
  });

  it('routes frames by the rule that Basic Ingest names, bytes untouched and never decoded', async () => {
    const { engine, senders } = start(catalog);
    // Valid JSON, so that decoding it and writing it again would show.
    const payload = Buffer.from('{ "n": 1.0 }');
    const topic = 'pitwall/v1/car-24/frames';
    void engine.ingest(message(topic, payload, { rule: 'frames_backfill' }));
    await engine.flush();
    expect(senders.records.get('framesBackfill')).toEqual([{ data: payload, partitionKey: 'car-24' }]);
    expect(senders.records.has('framesLive')).toBe(false);
  });

  it('puts channel tables into both frame streams', async () => {
    const { engine, senders } = start(catalog);
    void engine.ingest(message(topics.schema('car-24'), { kind: 'schema' }));
    await engine.flush();
    expect([...senders.records.keys()].sort()).toEqual(['framesBackfill', 'framesLive']);
  });

  it('sends every other topic of the product to the race stream', async () => {
    const { engine, senders } = start(catalog);
    for (const topic of [topics.timing('track'), topics.callsAck('car-24'), topics.health('car-24')]) {
      void engine.ingest(message(topic, { topic }));
    }
    void engine.ingest(message(topics.calls('car-24'), {}));
    await engine.flush();
    expect(senders.texts('race')).toHaveLength(3);
    expect(engine.stats().unmatched).toBe(1);
  });
});

describe('what a rule may do to a message', () => {
  it('runs every rule that matches, whatever becomes of the others', async () => {
    const { engine, senders, warnings, outbox } = start([
      rule('broken', "SELECT *, 1 AS one FROM 'a/#'", [toRace]),
      rule('fine', "SELECT a AS b FROM 'a/+'", [toRace]),
    ]);
    void engine.ingest(message('a/x', Buffer.from([1, 2, 3])));
    void engine.ingest(message('a/x', { a: 5 }));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['{}', '{"a":5,"one":1}', '{"b":5}']);
    expect(engine.stats().rules.broken).toMatchObject({ matched: 2, failed: 1, sent: 1 });
    expect(warnings).toEqual(['a rule was ended by its statement']);
    // SQL failures have no error action (iot-sql §8).
    expect(outbox.messages).toEqual([]);
  });

  it('counts a WHERE that is Undefined', async () => {
    const { engine } = start([rule('r', "SELECT * FROM 'a' WHERE lapp > 3", [toRace])]);
    void engine.ingest(message('a', { lap: 5 }));
    expect(engine.stats().rules.r).toMatchObject({ matched: 1, filtered: 1, undefined: 1, sent: 0 });
  });

  it('tells of Basic Ingest to a rule that does not exist', () => {
    const { engine, warnings } = start([rule('r', "SELECT * FROM 'a'", [toRace])]);
    void engine.ingest(message('a', {}, { rule: 'q' }));
    expect(engine.stats()).toMatchObject({ ruleNotFound: 1, queued: 0 });
    expect(warnings).toHaveLength(1);
  });

  it('runs a rule without FROM by Basic Ingest only', async () => {
    const { engine, senders } = start([rule('r', 'SELECT 1 AS one', [toRace])]);
    void engine.ingest(message('a', {}));
    void engine.ingest(message('a', {}, { rule: 'r' }));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['{"one":1}']);
  });

  it('fails an action whose result a table or stream cannot take', async () => {
    const { engine, outbox } = start([
      rule('no_key', "SELECT a FROM 'k'", [toEvents]),
      rule('no_object', "SELECT VALUE a FROM 'o'", [toEvents]),
      rule('big', "SELECT *, 1 AS one FROM 'b'", [toRace]),
    ]);
    void engine.ingest(message('k', { a: 1 }));
    void engine.ingest(message('o', { a: 1 }));
    void engine.ingest(message('b', { text: 'x'.repeat(128 * 1024 - 12) }));
    await engine.flush();
    expect(outbox.messages.map(({ message: { ruleName, failures } }) => [ruleName, failures[0].errorMessage])).toEqual([
      ['no_key', 'The result lacks a key of the table events'],
      ['no_object', 'The result is no JSON object, so it has no columns'],
      ['big', 'The result has 131079 bytes; an action receives at most 131072'],
    ]);
  });
});

describe('when a service fails', () => {
  it('one message with all failures goes to the error action', async () => {
    const { engine, senders, outbox, warnings } = start([rule('r', "SELECT a FROM '+/x'", [toRace, toLive, toEvents])]);
    senders.answer = (entries) => entries.map(() => refused);
    void engine.ingest(message('t/x', { a: 1 }, { clientId: 'car-7' }));
    await engine.flush();
    expect(outbox.messages).toEqual([
      {
        key: 'errors/r/t.json',
        message: {
          ruleName: 'r',
          topic: 't/x',
          cloudwatchTraceId: expect.stringMatching(
            /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
          ),
          clientId: 'car-7',
          base64OriginalPayload: Buffer.from('{"a":1}').toString('base64'),
          failures: expect.arrayContaining([
            {
              failedAction: 'KinesisAction',
              failedResource: 'race',
              errorMessage: 'AccessDeniedException: not allowed (attempt 1)',
            },
            expect.objectContaining({ failedAction: 'KinesisAction', failedResource: 'framesLive' }),
            expect.objectContaining({ failedAction: 'DynamoDBv2Action', failedResource: 'events' }),
          ]),
        },
        replay: { clientId: 'car-7', principal: 'p', timestampMs: 1_763_683_200_123 },
      },
    ]);
    expect(engine.stats().rules.r).toMatchObject({ matched: 1, failed: 1, sent: 0, errorActions: 1 });
    expect(warnings).toEqual(['an action failed for good']);
  });

  it('retries what may pass, then gives up, and says how often', async () => {
    const { engine, senders, outbox } = start([rule('r', "SELECT * FROM '#'", [toRace])]);
    let calls = 0;
    senders.answer = (entries) => (++calls <= 2 ? entries.map(() => throttled) : stored(entries));
    void engine.ingest(message('a/b', 1));
    await engine.flush();
    expect(engine.stats().rules.r).toMatchObject({ sent: 1, retried: 2, failed: 0 });
    senders.answer = (entries) => entries.map(() => throttled);
    void engine.ingest(message('a/b', 2));
    await engine.flush();
    expect(outbox.messages[0].message.failures[0].errorMessage).toContain('(attempt 3)');
  });

  it('counts and tells what even the outbox cannot keep', async () => {
    const { engine, senders, outbox, warnings } = start([rule('r', "SELECT * FROM '#'", [toRace])]);
    senders.answer = (entries) => entries.map(() => refused);
    outbox.full = true;
    void engine.ingest(message('a', 1));
    await engine.flush();
    expect(engine.stats().rules.r).toMatchObject({ errorActions: 0, errorActionsLost: 1 });
    expect(warnings).toContain('a message whose actions failed could not be kept');
  });

  it('a sender that throws, against its contract, fails its batch and not the engine', async () => {
    const { engine, senders, outbox } = start([rule('r', "SELECT * FROM '#'", [toRace])]);
    senders.answer = () => Promise.reject(new Error('bug'));
    void engine.ingest(message('a', 1));
    await engine.flush();
    expect(outbox.messages[0].message.failures[0].errorMessage).toContain('SenderFailed: Error: bug');
  });
});

describe('when the queue is full', () => {
  it('makes publishers wait, in order, and lets them go when there is room', async () => {
    const { engine, senders } = start([rule('r', "SELECT * FROM '#'", [toRace])], { queueRecords: 2 });
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    senders.answer = async (entries) => {
      await gate;
      return stored(entries);
    };
    expect(engine.ingest(message('a', 1))).toBeUndefined();
    expect(engine.ingest(message('a', 2))).toBeUndefined();
    const let_go: number[] = [];
    const waits = [3, 4, 5].map((n) => Promise.resolve(engine.ingest(message('a', n))).then(() => let_go.push(n)));
    expect(engine.stats()).toMatchObject({ queued: 2, waiting: 3 });
    expect(engine.queueShare()).toBe(1);
    await Promise.resolve();
    expect(let_go).toEqual([]);
    open();
    await Promise.all(waits);
    await engine.flush();
    expect(let_go).toEqual([3, 4, 5]);
    expect(senders.texts('race')).toEqual(['1', '2', '3', '4', '5']);
    expect(engine.queueShare()).toBe(0);
  });

  it('takes each waiting message once, also when its error action fails on the spot', async () => {
    const grow = Array.from({ length: 20 }, () => 'a').join(', ');
    const small = rule('r', "SELECT VALUE n FROM '#'", [toRace]);
    const key = `\${concat(${grow})}`;
    const definition: RuleDefinition = {
      ...small,
      actions: [{ kinesis: { stream: 'race', partitionKey: key } }],
    };
    const { engine, senders, outbox } = start([definition], { queueRecords: 1 });
    // Before the call returns, not in a promise.
    outbox.put = () => {
      throw new Error('full');
    };
    const heavy = { a: 'x'.repeat(100_000) };
    const waits = Array.from({ length: 6 }, async (_, n) =>
      engine.ingest(message('t', n % 2 ? { n, ...heavy } : { n, a: 'k' })),
    );
    await Promise.all(waits);
    await engine.flush();
    expect(senders.texts('race')).toEqual(['0', '2', '4']);
    expect(engine.stats().rules.r).toMatchObject({ matched: 6, sent: 3, failed: 3, errorActionsLost: 3 });
  });

  it('bounds bytes too', () => {
    const { engine } = start([rule('r', "SELECT * FROM '#'", [toRace])], { queueBytes: 100, lingerMs: 1000 });
    expect(engine.ingest(message('a', 'x'.repeat(200)))).toBeUndefined();
    expect(engine.ingest(message('a', 'y'))).toBeInstanceOf(Promise);
  });

  it('refuses when too many wait, and never acknowledges those', async () => {
    const limits = { queueRecords: 1, waitingMessages: 1, lingerMs: 10_000 };
    const { engine } = start([rule('r', "SELECT * FROM '#'", [toRace])], limits);
    void engine.ingest(message('a', 1));
    void engine.ingest(message('a', 2));
    await expect(engine.ingest(message('a', 3))).rejects.toMatchObject({ code: 'PW-RULE-OVERLOAD', retriable: true });
    expect(engine.stats().refused).toBe(1);
  });
});

describe('what must not hold up the others', () => {
  it('a service that hangs: beyond its own bound its actions fail at once, streams go on', async () => {
    const senders = new RecordingSenders();
    const outbox = new RecordingSink();
    const catalog = [
      rule('web', "SELECT * FROM 'a'", [{ sqs: { queueUrl: 'q' } }]),
      rule('r', "SELECT * FROM 'a'", [toRace]),
    ];
    const engine = new RuleEngine({
      catalog,
      senders: senders.all('sqs'),
      outbox,
      wallClock,
      random: seededRandom(1),
      log: silentLog,
      limits: { lingerMs: 0 },
    });
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    senders.answer = async (entries, _call, resource) => {
      if (resource === 'sqs q') await gate;
      return stored(entries);
    };
    for (let n = 0; n < 1_500; n++) expect(engine.ingest(message('a', n))).toBeUndefined();
    await vi.waitFor(() => expect(senders.texts('race')).toHaveLength(1_500));
    // One is under way, a thousand wait.
    await vi.waitFor(() => expect(outbox.messages).toHaveLength(499));
    expect(outbox.messages[0].message.failures[0].errorMessage).toMatch(/^QueueFull: 1000 /);
    open();
    await engine.flush();
    expect(engine.stats().rules.web).toMatchObject({ sent: 1_001, failed: 499, errorActions: 499 });
  });

  it('what a rule republished while the queue is full: refused, and tried again, or it would wait for itself', async () => {
    const { engine } = start([rule('r', "SELECT * FROM '#'", [toRace])], { queueRecords: 1, lingerMs: 10_000 });
    expect(engine.ingest(message('a', 1, { hops: 1 }))).toBeUndefined();
    const again = engine.ingest(message('a', 2, { hops: 1 }));
    await expect(again).rejects.toMatchObject({ code: 'PW-RULE-OVERLOAD', retriable: true });
  });
});

it('a rule that is off is not run, and Basic Ingest to it finds no rule', async () => {
  const off = { ...rule('off', "SELECT * FROM 'a'", [toRace]), enabled: false };
  const { engine, senders } = start([off]);
  void engine.ingest(message('a', 1));
  void engine.ingest(message('a', 1, { rule: 'off' }));
  await engine.flush();
  expect(senders.texts('race')).toEqual([]);
  expect(engine.stats()).toMatchObject({
    unmatched: 1,
    ruleNotFound: 1,
    rules: { off: { enabled: false, matched: 0 } },
  });
});

it('counts how long messages took, those without actions not', async () => {
  const { engine } = start([rule('r', "SELECT * FROM 'a' WHERE n > 1", [toRace])]);
  for (const n of [1, 2, 3]) void engine.ingest(message('a', { n }));
  await engine.flush();
  const { latency, sentTo } = engine.stats().rules.r;
  expect(sentTo).toEqual({ race: 2 });
  expect(latency.count).toBe(2);
  expect(Object.values(latency.buckets).reduce((sum, count) => sum + count, 0)).toBe(2);
  expect(latency.p99Ms).toBeGreaterThanOrEqual(latency.p50Ms ?? 0);
});

describe('close', () => {
  it('stores what was taken and takes nothing more', async () => {
    const { engine, senders } = start([rule('r', "SELECT * FROM '#'", [toRace])], { lingerMs: 5 });
    void engine.ingest(message('a', 1));
    await engine.close();
    expect(senders.texts('race')).toEqual(['1']);
    await expect(engine.ingest(message('a', 2))).rejects.toMatchObject({ code: 'PW-RULE-CLOSED' });
  });

  it('does not wait for a service that is away: what is left ends in the outbox', async () => {
    const retry = { attempts: 1_000_000, backoffMs: 60_000, backoffMsMax: 60_000 };
    const { engine, senders, outbox } = start([rule('r', "SELECT * FROM '#'", [toRace])], { retry, closeMs: 5 });
    senders.answer = (entries) => entries.map(() => throttled);
    for (let n = 0; n < 600; n++) void engine.ingest(message('a', n));
    await engine.close();
    expect(outbox.messages).toHaveLength(600);
    expect(engine.stats().queued).toBe(0);
  });
});

describe('a catalog that cannot be served is refused whole', () => {
  const build =
    (...rules: RuleDefinition[]) =>
    () =>
      start(rules);

  it.each([
    ['an unknown function', rule('r', "SELECT nope(a) AS b FROM 'a'", [toRace]), 'PW-RULE-FUNCTION', 'Rule r: '],
    [
      'a bad template',
      rule('r', "SELECT * FROM 'a'", [{ kinesis: { stream: 'race', partitionKey: '${(' } }]),
      'PW-RULE-SYNTAX',
      'Rule r: ',
    ],
    ['a bad name', rule('a-b', "SELECT * FROM 'a'", [toRace]), 'PW-RULE-DEFINITION', "'a-b'"],
    ['no action', rule('r', "SELECT * FROM 'a'", []), 'PW-RULE-DEFINITION', 'no action'],
  ])('%s', (_title, definition, code, text) => {
    expect(build(definition)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }));
  });

  it('two rules of one name', () => {
    const twice = rule('r', "SELECT * FROM 'a'", [toRace]);
    expect(build(twice, twice)).toThrow(expect.objectContaining({ code: 'PW-RULE-DEFINITION' }));
  });
});

it('remembers no more topics than it may', async () => {
  const { engine, senders } = start([rule('r', "SELECT VALUE topic() FROM 'a/#'", [toRace])], { cachedTopics: 2 });
  for (const topic of ['a/1', 'a/2', 'a/3', 'a/1', 'b']) void engine.ingest(message(topic, 0));
  await engine.flush();
  expect(senders.texts('race')).toEqual(['"a/1"', '"a/2"', '"a/3"', '"a/1"']);
  expect(engine.stats().unmatched).toBe(1);
});

describe('rules change while they run', () => {
  const one = rule('r', "SELECT VALUE 1 FROM 'a/+'", [toRace]);

  it('a new one runs from the next message on', async () => {
    const { engine, senders } = start([]);
    void engine.ingest(message('a/1', 0));
    engine.setRule(one);
    void engine.ingest(message('a/1', 0));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['1']);
    expect(engine.definitions).toEqual([one]);
  });

  it('one in the place of another: its filter, its statement, and the counters go on', async () => {
    const { engine, senders } = start([one]);
    void engine.ingest(message('a/1', 0));
    engine.setRule(rule('r', "SELECT VALUE 2 FROM 'b/#'", [toRace]));
    void engine.ingest(message('a/1', 0));
    void engine.ingest(message('b/1', 0));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['1', '2']);
    expect(engine.stats().rules.r).toMatchObject({ matched: 2, sent: 2 });
  });

  it('one that cannot be served leaves the one before', async () => {
    const { engine, senders } = start([one]);
    expect(() => engine.setRule(rule('r', "SELECT nope(a) AS b FROM 'a/+'", [toRace]))).toThrow(/Rule r/);
    void engine.ingest(message('a/1', 0));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['1']);
  });

  it('switched off, neither by topic nor by Basic Ingest; and on again', async () => {
    const { engine, senders } = start([one]);
    engine.setRule({ ...one, enabled: false });
    void engine.ingest(message('a/1', 0));
    void engine.ingest(message('x', 0, { rule: 'r' }));
    engine.setRule(one);
    void engine.ingest(message('a/1', 0));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['1']);
    expect(engine.stats()).toMatchObject({ ruleNotFound: 1, unmatched: 1 });
  });

  it('a removed one is gone, what it took is delivered', async () => {
    const { engine, senders } = start([one], { lingerMs: 5 });
    void engine.ingest(message('a/1', 0));
    expect([engine.removeRule('r'), engine.removeRule('r')]).toEqual([true, false]);
    void engine.ingest(message('a/1', 0));
    await engine.flush();
    expect(senders.texts('race')).toEqual(['1']);
    expect(engine.definitions).toEqual([]);
  });
});
