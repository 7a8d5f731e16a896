// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of AWS IoT SQL, not of JavaScript
import { expect, it } from 'vitest';
import type { Service } from '#rules/actions/senders.js';
import type { RuleAction } from '#rules/definition.js';
import { RuleEngine } from '#rules/engine.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { message, RecordingSenders, RecordingSink, rule } from '../helpers.js';

const SERVICES: Service[] = [
  'firehose',
  's3',
  'lambda',
  'republish',
  'sqs',
  'sns',
  'cloudwatchMetric',
  'cloudwatchAlarm',
  'cloudwatchLogs',
  'http',
];

interface Ran {
  /** What the target got. */
  got: unknown[];
  /** Why the action failed. */
  failures: string[];
}

/** Runs one action on one message. */
async function run(action: RuleAction, payload: unknown, { sql = "SELECT * FROM 'a/+'", hops = 0 } = {}): Promise<Ran> {
  const senders = new RecordingSenders();
  const outbox = new RecordingSink();
  const engine = new RuleEngine({
    catalog: [rule('r', sql, [action])],
    senders: senders.all(...SERVICES),
    outbox,
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    limits: { lingerMs: 0 },
  });
  void engine.ingest(message('a/b', payload, hops > 0 ? { hops } : {}));
  await engine.flush();
  const got = [...senders.records.values(), ...senders.writes.values(), ...senders.entries.values()].flat();
  const plain = got.map((entry) =>
    Object.fromEntries(
      Object.entries(entry as object).map(([key, value]) => [
        key,
        value instanceof Uint8Array ? Buffer.from(value).toString() : value,
      ]),
    ),
  );
  const failures = outbox.messages.flatMap(({ message: { failures: all } }) => all.map((one) => one.errorMessage));
  return { got: plain, failures };
}

const BYTES = new Uint8Array([0xff, 0xfe]);
const lap = { lap: 7, n: 1.5, pk: 'p', sk: 's' };
const LAP = JSON.stringify(lap);

const table = { table: 'events', hashKeyField: 'pk', hashKeyValue: '${topic(1)}' } as const;
const ranged = { ...table, rangeKeyField: 'sk', rangeKeyValue: '${lap}' } as const;

it.each<[string, RuleAction, unknown, unknown[]]>([
  ['firehose: the message', { firehose: { deliveryStream: 'd' } }, lap, [{ data: LAP }]],
  ['firehose: a separator', { firehose: { deliveryStream: 'd', separator: '\n' } }, lap, [{ data: `${LAP}\n` }]],
  [
    'firehose: each element',
    { firehose: { deliveryStream: 'd', batchMode: true, separator: ',' } },
    [1, { a: 2 }],
    [{ data: '1,' }, { data: '{"a":2},' }],
  ],
  ['firehose: no array, one record', { firehose: { deliveryStream: 'd', batchMode: true } }, lap, [{ data: LAP }]],
  [
    'dynamoDB: the message as a document in one column',
    { dynamoDB: ranged },
    lap,
    [{ operation: 'put', item: { pk: 'a', sk: '7', payload: lap } }],
  ],
  [
    'dynamoDB: what is no JSON as bytes',
    { dynamoDB: { ...ranged, rangeKeyValue: 'x', payloadField: '${topic(2)}' } },
    BYTES,
    [{ operation: 'put', item: { pk: 'a', sk: 'x', b: BYTES } }],
  ],
  [
    'dynamoDB: an update',
    { dynamoDB: { ...ranged, operation: '${"UPDATE"}' } },
    lap,
    [{ operation: 'update', key: { pk: 'a', sk: '7' }, set: { payload: lap } }],
  ],
  [
    'dynamoDB: a deletion',
    { dynamoDB: { ...ranged, operation: 'DELETE' } },
    lap,
    [{ operation: 'delete', key: { pk: 'a', sk: '7' } }],
  ],
  ['dynamoDBv2: a column each', { dynamoDBv2: { table: 'events' } }, lap, [{ operation: 'put', item: lap }]],
  [
    's3: an object',
    { s3: { bucket: 'archive', key: 'x/${topic(2)}-${lap}.json', cannedAcl: 'private' } },
    lap,
    [{ key: 'x/b-7.json', body: LAP, cannedAcl: 'private' }],
  ],
  ['lambda: an event', { lambda: { functionArn: 'f' } }, lap, [{ payload: LAP }]],
  [
    'republish: to a topic of its own',
    { republish: { topic: 'out/${topic(2)}', qos: 1 } },
    lap,
    [{ topic: 'out/b', payload: LAP, qos: 1, hops: 1 }],
  ],
  [
    'republish: to a reserved topic',
    { republish: { topic: '$$aws/things/${topic(2)}/shadow/update' } },
    lap,
    [{ topic: '$aws/things/b/shadow/update', payload: LAP, qos: 0, hops: 1 }],
  ],
  [
    'republish: with headers, each a template, without those that come to nothing',
    {
      republish: {
        topic: 'out',
        headers: {
          payloadFormatIndicator: 'UTF8_DATA',
          contentType: 'lap/${lap}',
          responseTopic: '${nothing}',
          correlationData: "${encode(topic(2), 'base64')}",
          messageExpiry: '${lap}',
          userProperties: [{ key: 'car', value: '${topic(2)}' }],
        },
      },
    },
    lap,
    [
      {
        topic: 'out',
        payload: LAP,
        qos: 0,
        hops: 1,
        expiryMs: 7000,
        properties: {
          mqttProperties: { format_indicator: 'UTF8_DATA', content_type: 'lap/7', correlation_data: 'Yg==' },
          userProperties: [['car', 'b']],
        },
      },
    ],
  ],
  ['sqs: text', { sqs: { queueUrl: 'q' } }, lap, [{ messageBody: LAP }]],
  [
    'sqs: base64 when asked',
    { sqs: { queueUrl: 'q', useBase64: true } },
    lap,
    [{ messageBody: Buffer.from(LAP).toString('base64') }],
  ],
  ['sqs: base64 for what is no text', { sqs: { queueUrl: 'q' } }, BYTES, [{ messageBody: '//4=' }]],
  ['sns: raw', { sns: { targetArn: 't' } }, lap, [{ message: LAP, messageFormat: 'RAW' }]],
  [
    'sns: a text per protocol',
    { sns: { targetArn: 't', messageFormat: 'JSON' } },
    { default: 'x' },
    [{ message: '{"default":"x"}', messageFormat: 'JSON' }],
  ],
  [
    'cloudwatchMetric: a value',
    {
      cloudwatchMetric: {
        metricNamespace: 'cars',
        metricName: '${topic(2)}',
        metricUnit: 'Count',
        metricValue: '${n * 2}',
        metricTimestamp: '${1763683200}',
      },
    },
    lap,
    [{ namespace: 'cars', name: 'b', unit: 'Count', value: 3, timestampMs: 1_763_683_200_000 }],
  ],
  [
    'cloudwatchAlarm: a state',
    {
      cloudwatchAlarm: {
        alarmName: 'hot',
        stateValue: "${CASE lap WHEN 7 THEN 'ALARM' ELSE 'OK' END}",
        stateReason: 'lap ${lap}',
      },
    },
    lap,
    [{ stateValue: 'ALARM', stateReason: 'lap 7' }],
  ],
  [
    'cloudwatchLogs: an event',
    { cloudwatchLogs: { logGroupName: 'g' } },
    lap,
    [{ timestampMs: 1_763_683_200_123, message: LAP }],
  ],
  [
    'cloudwatchLogs: each of several',
    { cloudwatchLogs: { logGroupName: 'g', batchMode: true } },
    [
      { timestamp: 1, message: 'a' },
      { timestamp: 2, message: 'b' },
    ],
    [
      { timestampMs: 1, message: 'a' },
      { timestampMs: 2, message: 'b' },
    ],
  ],
  [
    'http: a POST',
    {
      http: {
        url: 'https://pit.example/in/${topic(2)}',
        confirmationUrl: 'https://pit.example/in/',
        headers: [{ key: 'X-Lap', value: '${lap}' }],
      },
    },
    lap,
    [
      {
        url: 'https://pit.example/in/b',
        confirmationUrl: 'https://pit.example/in/',
        headers: { 'content-type': 'application/json', 'x-lap': '7' },
        body: LAP,
      },
    ],
  ],
])('%s', async (_title, action, payload, expected) => {
  const { got, failures } = await run(action, payload);
  expect(failures).toEqual([]);
  expect(got).toEqual(expected);
});

const metric = { metricNamespace: 'n', metricName: 'm', metricUnit: 'Count', metricValue: '${x}' };

it.each<[string, RuleAction, unknown, string]>([
  [
    'dynamoDB: a key that is no number',
    { dynamoDB: { ...table, hashKeyType: 'NUMBER' } },
    lap,
    "is 'a', which is no number",
  ],
  [
    'dynamoDB: an operation of no name',
    { dynamoDB: { ...ranged, operation: 'MERGE' } },
    lap,
    "The operation is 'MERGE'",
  ],
  ['dynamoDB: a key too few', { dynamoDB: table }, lap, 'lacks a key of the table events'],
  ['s3: a key of no letters', { s3: { bucket: 'archive', key: '${x}' } }, lap, 'The key has 0 bytes'],
  [
    's3: a key of too many',
    { s3: { bucket: 'archive', key: '${x}' } },
    { x: 'k'.repeat(1025) },
    'The key has 1025 bytes',
  ],
  ['lambda: what is no JSON', { lambda: { functionArn: 'f' } }, BYTES, 'is no JSON'],
  ['republish: a filter', { republish: { topic: 'a/+' } }, lap, "'a/+' is no topic"],
  ['republish: to jobs', { republish: { topic: '$$aws/things/x/jobs/get' } }, lap, 'reserved for jobs'],
  ...(
    [
      [{ payloadFormatIndicator: 'LATIN1' }, "The payload format is 'LATIN1'"],
      [{ responseTopic: 'a/#' }, "'a/#' has a wildcard"],
      [{ correlationData: '?' }, 'no base64'],
      [{ messageExpiry: '604801' }, "'604801'; wanted seconds, at most 604800"],
      [{ messageExpiry: 'soon' }, "'soon'; wanted seconds"],
    ] as const
  ).map(([headers, why]): [string, RuleAction, unknown, string] => [
    `republish: headers ${JSON.stringify(headers)}`,
    { republish: { topic: 'out', headers } },
    lap,
    why,
  ]),
  ['sns: no default', { sns: { targetArn: 't', messageFormat: 'JSON' } }, lap, "a text 'default'"],
  ['cloudwatchMetric: no number', { cloudwatchMetric: metric }, lap, "The value is ''"],
  [
    'cloudwatchAlarm: no state',
    { cloudwatchAlarm: { alarmName: 'a', stateValue: 'HOT', stateReason: '' } },
    lap,
    "The state is 'HOT'",
  ],
  [
    'cloudwatchLogs: no events',
    { cloudwatchLogs: { logGroupName: 'g', batchMode: true } },
    [1],
    'is no array of {timestamp, message}',
  ],
  [
    'firehose: too many elements',
    { firehose: { deliveryStream: 'd', batchMode: true } },
    Array(501).fill(1),
    'has 501 elements',
  ],
  [
    'http: a template that leaves the confirmed place',
    { http: { url: 'https://pit.example/in/${x}', confirmationUrl: 'https://pit.example/in/' } },
    { x: '../out' },
    'is not below the confirmed',
  ],
])('fails the action alone. %s', async (_title, action, payload, why) => {
  const { got, failures } = await run(action, payload);
  expect(got).toEqual([]);
  expect(failures).toEqual([expect.stringContaining(why)]);
});

it('an array without elements is sent: there is nothing to send', async () => {
  const { got, failures } = await run({ firehose: { deliveryStream: 'd', batchMode: true } }, []);
  expect([got, failures]).toEqual([[], []]);
});

it('a message that rules have republished too often ends there', async () => {
  const action: RuleAction = { republish: { topic: 'a/c' } };
  expect((await run(action, lap, { hops: 7 })).got).toEqual([{ topic: 'a/c', payload: LAP, qos: 0, hops: 8 }]);
  expect((await run(action, lap, { hops: 8 })).failures).toEqual([expect.stringContaining('a loop ends here')]);
});

it('SELECT VALUE of nothing is empty; a result of 128 KiB and one byte is refused', async () => {
  const action: RuleAction = { sqs: { queueUrl: 'q' } };
  expect((await run(action, lap, { sql: "SELECT VALUE nothing FROM 'a/+'" })).got).toEqual([{ messageBody: '' }]);
  const { failures } = await run(action, 'x'.repeat(131_071));
  expect(failures).toEqual([expect.stringContaining('131073 bytes')]);
});

const start = (action: RuleAction, senders = new RecordingSenders().all(...SERVICES)) =>
  new RuleEngine({
    catalog: [rule('r', "SELECT * FROM 'a'", [action])],
    senders,
    outbox: new RecordingSink(),
    wallClock,
    random: seededRandom(1),
    log: silentLog,
  });

it.each<[string, RuleAction, string]>([
  ['a template where none is served', { sqs: { queueUrl: '${q}' } }, 'PW-RULE-UNSERVED'],
  ['an action of another kind', { timestream: {} } as never, 'PW-RULE-UNSERVED'],
  ['a web address without TLS', { http: { url: 'http://pit.example/' } }, 'PW-RULE-DEFINITION'],
  ['a port that AWS does not call', { http: { url: 'https://pit.example:9000/' } }, 'PW-RULE-DEFINITION'],
  [
    'a URL beyond its confirmation',
    { http: { url: 'https://a/', confirmationUrl: 'https://b/' } },
    'PW-RULE-DEFINITION',
  ],
  ['a URL that is a template, unconfirmed', { http: { url: 'https://a/${x}' } }, 'PW-RULE-UNSERVED'],
])('is refused when the rule is created: %s', (_title, action, code) => {
  expect(() => start(action)).toThrow(expect.objectContaining({ code, message: expect.stringContaining('Rule r: ') }));
});

it('a rule whose service has no sender is refused at start, and one that is off is not', () => {
  const action: RuleAction = { firehose: { deliveryStream: 'd' } };
  const senders = new RecordingSenders().all();
  expect(() => start(action, senders)).toThrow(expect.objectContaining({ code: 'PW-RULE-NO-SENDER' }));
  const off = { ...rule('r', "SELECT * FROM 'a'", [action]), enabled: false };
  const options = { outbox: new RecordingSink(), wallClock, random: seededRandom(1), log: silentLog };
  expect(new RuleEngine({ ...options, catalog: [off], senders }).definitions).toEqual([off]);
});
