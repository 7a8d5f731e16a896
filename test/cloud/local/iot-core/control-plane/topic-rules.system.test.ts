// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of AWS IoT SQL, not of JavaScript
import * as iot from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TopicRuleDestinations } from '#cloud/local/iot-core/topic-rules/destinations.js';
import { TopicRules } from '#cloud/local/iot-core/topic-rules/service.js';
import { streams, tables } from '#cloud/resources.js';
import { catalog } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { message, RecordingSenders, RecordingSink } from '../../../../rules/helpers.js';
import { refusal } from '../registry/helpers.js';
import { ControlPlaneHarness } from './harness.js';

let harness: ControlPlaneHarness;
let client: iot.IoTClient;
const refused = (call: Promise<unknown>) => refusal(() => call);
const roleArn = 'arn:aws:iam::000000000000:role/rules';
const toRace: iot.Action = { kinesis: { roleArn, streamName: 'pitwall-race', partitionKey: '${topic(2)}' } };

function payload(sql: string, more: Partial<iot.TopicRulePayload> = {}): iot.TopicRulePayload {
  return { sql, actions: [toRace], awsIotSqlVersion: '2016-03-23', ...more };
}

const create = (ruleName: string, topicRulePayload: iot.TopicRulePayload) =>
  client.send(new iot.CreateTopicRuleCommand({ ruleName, topicRulePayload }));

/** What the stream of the race has got from a message on `tests/a`. */
async function publish(): Promise<string[]> {
  harness.senders.records.clear();
  await harness.rules.ingest(message('tests/a', { lap: 7 }));
  await harness.rules.flush();
  return harness.senders.texts('race');
}

beforeAll(async () => {
  harness = await ControlPlaneHarness.start();
  client = harness.client;
});
afterAll(() => harness.stop());

describe('topic rules, by the AWS SDK as it is', () => {
  it('run from their creation on, off and on, replaced, and no more when deleted', async () => {
    const ruleName = 'laps';
    expect(await publish()).toEqual([]);
    await create(ruleName, payload("SELECT lap FROM 'tests/+'"));
    expect(await publish()).toEqual(['{"lap":7}']);
    await client.send(new iot.DisableTopicRuleCommand({ ruleName }));
    expect(await publish()).toEqual([]);
    await client.send(new iot.EnableTopicRuleCommand({ ruleName }));
    const topicRulePayload = payload("SELECT lap + 1 AS next FROM 'tests/+'", { description: 'second' });
    await client.send(new iot.ReplaceTopicRuleCommand({ ruleName, topicRulePayload }));
    expect(await publish()).toEqual(['{"next":8}']);
    const { rule, ruleArn } = await client.send(new iot.GetTopicRuleCommand({ ruleName }));
    expect(ruleArn).toBe('arn:aws:iot:eu-west-1:000000000000:rule/laps');
    expect(rule).toMatchObject({ ...topicRulePayload, ruleName, ruleDisabled: false, createdAt: expect.any(Date) });
    expect(await refused(create(ruleName, topicRulePayload))).toBe('ResourceAlreadyExistsException');
    await client.send(new iot.DeleteTopicRuleCommand({ ruleName }));
    expect(await publish()).toEqual([]);
    // AWS does not tell a rule that is not there from one that is somebody else's.
    expect(await refused(client.send(new iot.GetTopicRuleCommand({ ruleName })))).toBe('UnauthorizedException');
  });

  it('the product’s own are among them', async () => {
    const { rules } = await client.send(new iot.ListTopicRulesCommand({ maxResults: 100 }));
    expect(rules?.map(({ ruleName }) => ruleName)).toEqual(catalog.map(({ name }) => name).sort());
    const byTopic = await client.send(new iot.ListTopicRulesCommand({ topic: 'pitwall/v1/car-1/timing' }));
    expect(byTopic.rules).toMatchObject([
      { ruleName: 'timing', topicPattern: 'pitwall/v1/+/timing', ruleDisabled: false },
    ]);
  });

  it('a statement that is not SQL is refused with the place', async () => {
    await expect(create('bad', payload("SELECT lap FORM 'tests/+'"))).rejects.toMatchObject({
      name: 'SqlParseException',
      message: expect.stringMatching(/line 1, column \d+/),
    });
    expect(await refused(client.send(new iot.GetTopicRuleCommand({ ruleName: 'bad' })))).toBe('UnauthorizedException');
  });

  for (const [what, actions, text] of [
    [
      'an action that is not served',
      [{ timestream: { roleArn, databaseName: 'd', tableName: 't', dimensions: [] } }],
      'timestream',
    ],
    ['a stream of somebody else', [{ kinesis: { roleArn, streamName: 'other', partitionKey: 'a' } }], 'other'],
    ['a service that nobody sends to', [{ sqs: { roleArn, queueUrl: 'https://sqs' } }], 'sqs'],
    ['no action', [], 'no action'],
    ['a broken template', [{ kinesis: { roleArn, streamName: 'pitwall-race', partitionKey: '${(' } }], 'column'],
  ] as const) {
    it(`${what} is refused by name`, async () => {
      const rule = payload("SELECT * FROM 'tests/+'", { actions: actions as unknown as iot.Action[] });
      await expect(create('bad', rule)).rejects.toMatchObject({
        name: 'InvalidRequestException',
        message: expect.stringContaining(text),
      });
    });
  }

  it('are there after a restart: made, replaced and switched off', async () => {
    await create('mine', payload("SELECT VALUE 1 FROM 'tests/+'"));
    await client.send(new iot.DisableTopicRuleCommand({ ruleName: 'timing' }));
    const senders = new RecordingSenders();
    const rules = new RuleEngine({
      catalog,
      senders: senders.all(),
      outbox: new RecordingSink(),
      wallClock,
      random: seededRandom(1),
      log: silentLog,
    });
    const { state } = harness.folder.registry;
    const targets = { streams, tables, bucket: 'pitwall-archive' };
    const destinations = new TopicRuleDestinations({
      state,
      post: async () => ({}),
      enableUrl: () => '',
      log: silentLog,
    });
    await TopicRules.open({ state, rules, targets, destinations, log: silentLog });
    await rules.ingest(message('tests/a', 0));
    await rules.flush();
    expect(senders.texts('race')).toEqual(['1']);
    expect(rules.definitions.find(({ name }) => name === 'timing')?.enabled).toBe(false);
    await rules.close();
  });
});
