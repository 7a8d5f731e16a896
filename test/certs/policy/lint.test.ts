import { describe, expect, it } from 'vitest';
import { policiesOf, type Role } from '#certs/policies.js';
import { lintPolicies } from '#certs/policy/lint.js';

const ARN = 'arn:aws:iot:eu-west-1:123456789012';
const THING = `\${iot:Connection.Thing.ThingName}`;

/** `rule at path` of each finding that is more than a note. */
function traps(...statements: object[]): string[] {
  const [findings] = lintPolicies([JSON.stringify({ Version: '2012-10-17', Statement: statements })]);
  return findings.filter(({ severity }) => severity !== 'note').map(({ rule, place }) => `${rule} at ${place.path}`);
}
const allow = (Action: string | string[], ...names: string[]) => ({
  Effect: 'Allow',
  Action,
  Resource: names.map((name) => `${ARN}:${name}`),
});
const deny = (Action: string, ...names: string[]) => ({ ...allow(Action, ...names), Effect: 'Deny' });

describe('traps', () => {
  it('a Deny of a subscription that a wider filter passes', () => {
    const wide = [allow('iot:Subscribe', 'topicfilter/a/*'), allow('iot:Receive', 'topic/a/*')];
    const trap = deny('iot:Subscribe', 'topicfilter/a/restricted/*');
    expect(traps(...wide, trap)).toEqual(['deny-subscribe-alone at Statement[2].Resource[0]']);
    expect(traps(...wide, trap, deny('iot:Receive', 'topic/a/restricted/*'))).toEqual([]);
    expect(traps(allow('iot:Subscribe', 'topicfilter/a/b'), allow('iot:Receive', 'topic/a/b'), trap)).toEqual([]);
    const notRestricted = {
      Effect: 'Allow',
      Action: 'iot:Receive',
      NotResource: `${ARN}:topic/a/restricted/*`,
    };
    expect(traps(wide[0], notRestricted, trap)).toEqual([]);
  });

  it('MQTT wildcards where topics are named', () => {
    expect(traps(allow('iot:Publish', 'topic/a/+', 'topic/a/#', 'topic/a/*'))).toEqual([
      'mqtt-wildcard-in-topic at Statement[0].Resource[0]',
      'mqtt-wildcard-in-topic at Statement[0].Resource[1]',
    ]);
    expect(traps(allow('iot:Subscribe', 'topicfilter/a/+'), allow('iot:Receive', 'topic/a/*'))).toEqual([]);
  });

  it('subscribing without receiving', () => {
    const subscribe = allow('iot:Subscribe', 'topicfilter/a/+/c', `topicfilter/b/${THING}`, 'topicfilter/$share/g/d');
    expect(traps(subscribe, allow('iot:Receive', 'topic/a/1/c', 'topic/d'))).toEqual([
      'receive-missing at Statement[0].Resource[1]',
    ]);
    expect(traps(subscribe, allow('iot:*', '*')).filter((trap) => trap.startsWith('receive'))).toEqual([]);
  });

  it('retained messages without publishing; publishing without retained messages is a note', () => {
    expect(traps(allow('iot:RetainPublish', 'topic/a'), allow('iot:Publish', 'topic/b'))).toEqual([
      'retain-without-publish at Statement[0].Resource[0]',
    ]);
    const [findings] = lintPolicies([
      JSON.stringify({ Version: '2012-10-17', Statement: allow('iot:Publish', 'topic/b') }),
    ]);
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['retain-missing', 'note']]);
  });

  it('any client id', () => {
    for (const name of ['client/*', '*']) expect(traps(allow('iot:Connect', name))).toHaveLength(1);
    expect(traps({ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' })).toEqual([
      'connect-any-client at Statement[0].Resource',
    ]);
    const attached = { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } };
    expect(traps({ ...allow('iot:Connect', 'client/*'), Condition: attached })).toEqual([]);
    expect(traps(allow('iot:Connect', `client/${THING}`, 'client/car-*'))).toEqual([]);
  });

  it('a client id in a filter, where it may be +', () => {
    const filter = [allow('iot:Subscribe', `topicfilter/my/\${iot:ClientId}`), allow('iot:Receive', 'topic/my/*')];
    expect(traps(...filter)).toEqual(['client-id-in-filter at Statement[0].Resource[0]']);
    expect(traps(...filter, allow('iot:Connect', `client/${THING}`))).toEqual([]);
  });

  it('a variable in a Deny', () => {
    expect(traps(deny('iot:Publish', `topic/${THING}/x`, `topic/\${iot:ClientId}`))).toEqual([
      'variable-in-deny at Statement[0].Resource[0]',
    ]);
  });

  it('variables in a policy that has none', () => {
    const [findings] = lintPolicies([JSON.stringify({ Statement: allow('iot:Connect', `client/${THING}`) })]);
    expect(findings.map(({ rule }) => rule)).toEqual(['version-without-variables']);
  });

  it('names that AWS IoT does not have', () => {
    expect(
      traps({
        ...allow(['iot:Publsh', 'iot:Publish', 'greengrass:Discover'], `topic/\${iot:Client}`),
        Condition: { DateLessThan: { 'aws:CurrentTime': '2026-06-01' } },
      }),
    ).toEqual([
      'unknown-action at Statement[0].Action[0]',
      'unknown-variable at Statement[0].Resource[0]',
      'unknown-condition-key at Statement[0].Condition.DateLessThan.aws:CurrentTime',
    ]);
  });

  it('a topic where a filter belongs', () => {
    expect(traps(allow(['iot:Publish', 'iot:Receive'], 'topicfilter/a', 'topic/a'))).toEqual([
      'wrong-resource at Statement[0].Resource[0]',
    ]);
  });

  it('a thing variable where only HTTP asks', () => {
    expect(traps(allow('iot:GetThingShadow', `thing/${THING}`, 'thing/car-1'))).toEqual([
      'variable-over-http at Statement[0].Resource[0]',
    ]);
  });

  it('everything on everything', () => {
    expect(traps({ Effect: 'Allow', Action: 'iot:*', Resource: '*' })).toContain('allow-everything at Statement[0]');
  });

  it('and what is no policy, by its code', () => {
    const [findings] = lintPolicies(['{"Statement": [{}]}']);
    expect(findings).toMatchObject([{ rule: 'PW-POLICY-GRAMMAR', severity: 'error', place: { line: 1, column: 16 } }]);
  });
});

describe('the product’s own policies', () => {
  const findings = (role: Role) =>
    lintPolicies(
      policiesOf(role, { region: 'eu-west-1', account: '123456789012' }).map(({ document }) =>
        JSON.stringify(document),
      ),
    )
      .flat()
      .filter(({ severity }) => severity !== 'note')
      .map(({ rule }) => rule);

  it.each<Role>(['car', 'trackside', 'claim'])('have no trap: %s', (role) => {
    expect(findings(role)).toEqual([]);
  });

  it('let the operator’s tools choose their client id, and nothing else', () => {
    expect(findings('operator')).toEqual(['connect-any-client']);
  });
});
