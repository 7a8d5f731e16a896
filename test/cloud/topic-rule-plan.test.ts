import type { IoTClient, TopicRule } from '@aws-sdk/client-iot';
import { expect, it } from 'vitest';
import { applyPlan, planRules, type RulePlan } from '#cloud/topic-rule-plan.js';
import { rulesOf } from '#rules/catalog.js';

const ROLE = 'arn:aws:iam::123456789012:role/pitwall-rules';
const REGION = 'eu-west-1';
const catalog = rulesOf();

/** The control plane as the client sees it, three rules a page. */
class FakeIot {
  readonly rules = new Map<string, TopicRule>();
  readonly calls: string[] = [];
  readonly client = { send: async (command: object) => this.#answer(command) } as unknown as IoTClient;

  #answer(command: object): object {
    const { input } = command as { input: { ruleName: string; nextToken?: string; topicRulePayload?: object } };
    const operation = command.constructor.name.replace(/Command$/, '');
    const { ruleName, nextToken, topicRulePayload } = input;
    if (!/^(List|Get)/.test(operation)) this.calls.push(`${operation} ${ruleName}`);
    switch (operation) {
      case 'ListTopicRules': {
        const names = [...this.rules.keys()];
        const from = Number(nextToken ?? 0);
        const rules = names.slice(from, from + 3).map((name) => ({ ruleName: name }));
        return { rules, ...(from + 3 < names.length && { nextToken: String(from + 3) }) };
      }
      case 'GetTopicRule':
        return { rule: this.rules.get(ruleName), ruleArn: `arn:aws:iot:${REGION}:123456789012:rule/${ruleName}` };
      case 'DeleteTopicRule':
        this.rules.delete(ruleName);
        return {};
      default:
        // As it travels: what is undefined is not there afterwards.
        this.rules.set(ruleName, JSON.parse(JSON.stringify({ ruleName, ...topicRulePayload })));
        return {};
    }
  }

  plan(roleArn?: string): Promise<RulePlan> {
    return planRules(this.client, catalog, { region: REGION, roleArn });
  }

  async apply(roleArn?: string): Promise<void> {
    await applyPlan(this.client, await this.plan(roleArn), () => {});
    this.calls.length = 0;
  }
}

const pending = ({ changes }: RulePlan) => changes.filter(({ change }) => change !== 'none');

it('creates every rule where there is none, once', async () => {
  const iot = new FakeIot();
  const plan = await iot.plan(ROLE);
  expect(pending(plan)).toHaveLength(catalog.length);
  expect(iot.calls).toEqual([]);
  await applyPlan(iot.client, plan, () => {});
  expect(iot.calls).toEqual(catalog.map(({ name }) => `CreateTopicRule ${name}`));
  expect(pending(await iot.plan())).toEqual([]);
  expect(iot.rules.get('timing')).toMatchObject({
    ruleDisabled: false,
    actions: [{ kinesis: { streamName: 'pitwall-race', roleArn: ROLE } }],
    errorAction: { s3: { bucketName: 'pitwall-archive-123456789012-eu-west-1', roleArn: ROLE } },
  });
});

it('says which fields differ, and puts them back under the role that is there', async () => {
  const iot = new FakeIot();
  await iot.apply(ROLE);
  const stored = iot.rules.get('timing') as TopicRule;
  stored.sql = "SELECT 1 AS one FROM 'x'";
  (stored.actions ?? [])[0].kinesis!.streamName = 'other';
  const [change] = pending(await iot.plan());
  expect(change).toMatchObject({
    change: 'replace',
    name: 'timing',
    fields: [
      { path: 'sql', from: "SELECT 1 AS one FROM 'x'", to: "SELECT * FROM 'pitwall/v1/+/timing'" },
      { path: 'actions.0.kinesis.streamName', from: 'other', to: 'pitwall-race' },
    ],
  });
  await applyPlan(iot.client, await iot.plan(), () => {});
  expect(iot.calls).toEqual(['ReplaceTopicRule timing']);
  expect(pending(await iot.plan())).toEqual([]);
  expect((iot.rules.get('timing')?.actions ?? [])[0].kinesis?.roleArn).toBe(ROLE);
});

it('deletes what is pitwall’s and not wanted any more, and leaves what is somebody else’s', async () => {
  const iot = new FakeIot();
  await iot.apply(ROLE);
  const timing = iot.rules.get('timing') as TopicRule;
  iot.rules.set('old_rule', { ...timing, ruleName: 'old_rule' });
  iot.rules.set('theirs', { ruleName: 'theirs', sql: "SELECT * FROM 'x'", actions: [] });
  const plan = await iot.plan();
  expect(pending(plan)).toEqual([{ change: 'delete', name: 'old_rule', sql: timing.sql }]);
  expect(plan.foreign).toEqual(['theirs']);
  await applyPlan(iot.client, plan, () => {});
  expect(iot.calls).toEqual(['DeleteTopicRule old_rule']);
});

it('cannot create without a role', async () => {
  await expect(new FakeIot().plan()).rejects.toMatchObject({ code: 'PW-CONFIG-ROLE' });
});

it('a rule to be created takes the role that the others have, or one named as theirs are', async () => {
  const iot = new FakeIot();
  const roleOfTiming = async () => {
    iot.rules.delete('timing');
    const change = (await iot.plan()).changes.find(({ name }) => name === 'timing');
    return change?.change === 'create' ? change.rule.actions[0].kinesis?.roleArn : undefined;
  };
  await iot.apply(ROLE);
  expect(await roleOfTiming()).toBe(ROLE);
  for (const [name, rule] of iot.rules) {
    iot.rules.set(name, JSON.parse(JSON.stringify(rule).replaceAll(ROLE, `${ROLE}-${name}`)));
  }
  expect(await roleOfTiming()).toBe(`${ROLE}-timing`);
  iot.rules.set('health', JSON.parse(JSON.stringify(iot.rules.get('health')).replaceAll(`${ROLE}-health`, ROLE)));
  await expect(roleOfTiming()).rejects.toMatchObject({ code: 'PW-CONFIG-ROLE' });
});
