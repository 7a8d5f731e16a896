import * as iot from '@aws-sdk/client-iot';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { message } from '../../../../rules/helpers.js';
import { refusal } from '../registry/helpers.js';
import { ControlPlaneHarness } from './harness.js';

let harness: ControlPlaneHarness;
let client: iot.IoTClient;
const refused = (call: Promise<unknown>) => refusal(() => call);
const ARN = /^arn:aws:iot:eu-west-1:000000000000:ruledestination\/http\/[0-9a-f-]{36}$/;

const create = async (confirmationUrl: string) => {
  const destinationConfiguration = { httpUrlConfiguration: { confirmationUrl } };
  const answer = await client.send(new iot.CreateTopicRuleDestinationCommand({ destinationConfiguration }));
  return answer.topicRuleDestination!;
};
const get = async (arn: string | undefined) =>
  (await client.send(new iot.GetTopicRuleDestinationCommand({ arn }))).topicRuleDestination!;
const setStatus = (arn: string | undefined, status: iot.TopicRuleDestinationStatus) =>
  client.send(new iot.UpdateTopicRuleDestinationCommand({ arn, status }));
const confirm = (confirmationToken: string) =>
  client.send(new iot.ConfirmTopicRuleDestinationCommand({ confirmationToken }));
/** What the owner was sent last. */
const question = () => JSON.parse(Buffer.from(harness.posts.at(-1)!.body).toString());

beforeAll(async () => {
  harness = await ControlPlaneHarness.start();
  client = harness.client;
});
afterAll(() => harness.stop());
afterEach(() => {
  harness.answer = {};
});

describe('destinations of the action http, by the AWS SDK as it is', () => {
  it('are asked at their confirmation URL, enabled by the token, off and on, asked again, deleted', async () => {
    const { arn, ...made } = await create('https://pit.example/in');
    expect(arn).toMatch(ARN);
    expect(made).toMatchObject({
      status: 'IN_PROGRESS',
      httpUrlProperties: { confirmationUrl: 'https://pit.example/in' },
      createdAt: expect.any(Date),
      lastUpdatedAt: expect.any(Date),
    });
    const { confirmationToken } = question();
    expect(question()).toEqual({
      arn,
      confirmationToken,
      enableUrl: expect.stringMatching(new RegExp(`/confirmdestination/${confirmationToken}$`)),
      messageType: 'DestinationConfirmation',
    });
    expect(harness.posts.at(-1)).toMatchObject({
      url: `https://pit.example/in/?confirmationToken=${confirmationToken}`,
      headers: {
        'x-amz-rules-engine-message-type': 'DestinationConfirmation',
        'x-amz-rules-engine-destination-arn': arn,
      },
    });
    expect(await refused(setStatus(arn, 'ENABLED'))).toBe('InvalidRequestException');
    expect(await refused(confirm('guess'))).toBe('InvalidRequestException');
    await confirm(confirmationToken);
    expect((await get(arn)).status).toBe('ENABLED');
    expect(await refused(confirm(confirmationToken))).toBe('InvalidRequestException');
    await setStatus(arn, 'DISABLED');
    expect((await get(arn)).status).toBe('DISABLED');
    await setStatus(arn, 'ENABLED');
    await setStatus(arn, 'IN_PROGRESS');
    expect(question().confirmationToken).not.toBe(confirmationToken);
    await client.send(new iot.DeleteTopicRuleDestinationCommand({ arn }));
    expect(await refused(get(arn))).toBe('UnauthorizedException');
  });

  it('are confirmed by whoever has the token, without keys, at the address that was sent', async () => {
    const { arn } = await create('https://browser.example/');
    const { enableUrl } = question();
    expect((await fetch(enableUrl)).status).toBe(200);
    expect((await get(arn)).status).toBe('ENABLED');
    expect((await fetch(`${enableUrl}x`)).status).toBe(400);
    // Nothing else of the API is open.
    expect((await fetch(enableUrl.replace(/confirmdestination.*/, 'destinations'))).status).toBe(403);
    await client.send(new iot.DeleteTopicRuleDestinationCommand({ arn }));
  });

  it('that cannot be asked are in ERROR, with the reason', async () => {
    harness.answer = { errorCode: 'Http404', errorMessage: 'it answered 404' };
    const { arn } = await create('https://gone.example/');
    await vi.waitFor(async () =>
      expect(await get(arn)).toMatchObject({ status: 'ERROR', statusReason: 'it answered 404' }),
    );
    await client.send(new iot.DeleteTopicRuleDestinationCommand({ arn }));
  });

  it.each(['http://pit.example/', 'https://pit.example:444/', 'https://me@pit.example/', 'no URL'])(
    '%s is refused',
    async (url) => {
      expect(await refused(create(url))).toBe('InvalidRequestException');
    },
  );

  it('in a VPC are refused by name', async () => {
    const vpcConfiguration = { subnetIds: ['s'], vpcId: 'v', roleArn: 'arn:aws:iam::000000000000:role/r' };
    const destinationConfiguration = { vpcConfiguration };
    const call = client.send(new iot.CreateTopicRuleDestinationCommand({ destinationConfiguration }));
    await expect(call).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  it('are listed by pages', async () => {
    for (const n of [1, 2, 3]) await create(`https://pit.example/${n}`);
    const listed: string[] = [];
    let nextToken: string | undefined;
    do {
      const page: iot.ListTopicRuleDestinationsCommandOutput = await client.send(
        new iot.ListTopicRuleDestinationsCommand({ maxResults: 2, nextToken }),
      );
      for (const { httpUrlSummary } of page.destinationSummaries ?? []) listed.push(httpUrlSummary!.confirmationUrl!);
      nextToken = page.nextToken;
    } while (nextToken);
    expect(listed.sort()).toEqual([1, 2, 3].map((n) => `https://pit.example/${n}`));
    expect(await refused(create('https://pit.example/1'))).toBe('ConflictingResourceUpdateException');
  });

  it('are made by a rule that posts to them; nothing is posted before they are confirmed', async () => {
    const url = 'https://rule.example/laps';
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of AWS IoT SQL
    const http = { url: `${url}/\${lap}`, confirmationUrl: url, headers: [{ key: 'x-lap', value: '${lap}' }] };
    const topicRulePayload = { sql: "SELECT lap FROM 'tests/+'", awsIotSqlVersion: '2016-03-23', actions: [{ http }] };
    await client.send(new iot.CreateTopicRuleCommand({ ruleName: 'web', topicRulePayload }));
    const { confirmationToken } = question();
    const publish = async () => {
      await harness.rules.ingest(message('tests/a', { lap: 7 }));
      await harness.rules.flush();
    };
    await publish();
    expect(harness.rules.stats().rules.web).toMatchObject({ matched: 1, failed: 1, sent: 0 });
    await confirm(confirmationToken);
    await publish();
    expect(harness.rules.stats().rules.web).toMatchObject({ matched: 2, failed: 1, sent: 1 });
    expect(harness.posts.at(-1)).toMatchObject({
      url: `${url}/7`,
      headers: { 'content-type': 'application/json', 'x-lap': '7' },
      body: Buffer.from('{"lap":7}'),
    });
    // It is there already for another rule.
    const before = harness.posts.length;
    await client.send(new iot.CreateTopicRuleCommand({ ruleName: 'web2', topicRulePayload }));
    expect(harness.posts).toHaveLength(before);
  });
});
