import { describe, expect, test } from 'vitest';
import { claimClientId } from '#certs/claim.js';
import { CAR_TEMPLATE, policiesOf, type Role } from '#certs/policies.js';
import { POLICY_LIMITS } from '#certs/policy/document.js';
import { decideRequest } from '#certs/policy/request.js';
import { shadowTopic, topics } from '#wire/topics.js';

const scope = { region: 'us-gov-west-1', account: '123456789012', partition: 'aws-us-gov' };
const ARN = `arn:aws-us-gov:iot:us-gov-west-1:123456789012`;
/** Asked by the thing itself, connected under its own name. */
function allows(role: Role, thing: string, action: string, resource: string): boolean {
  const policies = policiesOf(role, scope).map(({ document }) => document);
  const context = { clientId: thing, attachedThings: [{ name: thing }] };
  return decideRequest({ policies, context, action, resource: `${ARN}:${resource}` }).decision === 'allowed';
}

describe('policiesOf', () => {
  test.each<Role>(['car', 'trackside', 'operator', 'claim'])('%s: each document fits the quota of AWS IoT', (role) => {
    for (const { document } of policiesOf(role, scope)) {
      expect(JSON.stringify(document).length).toBeLessThanOrEqual(POLICY_LIMITS.documentChars);
    }
  });

  test('a car may publish to its own topics and to nobody else’s', () => {
    const own = [
      topics.frames('car-1', 'live'),
      topics.frames('car-1', 'backfill'),
      topics.schema('car-1'),
      topics.events('car-1'),
      topics.health('car-1'),
      topics.callsAck('car-1'),
      `${shadowTopic('car-1', 'setup')}/update`,
      `${shadowTopic('car-1', 'campaign')}/get`,
    ];
    for (const topic of own) {
      expect(allows('car', 'car-1', 'iot:Publish', `topic/${topic}`), topic).toBe(true);
      expect(allows('car', 'car-2', 'iot:Publish', `topic/${topic}`), topic).toBe(false);
    }
    expect(allows('car', 'car-1', 'iot:Publish', `topic/${topics.timing('car-1')}`)).toBe(false);
    expect(allows('car', 'car-1', 'iot:Publish', `topic/${topics.acks('car-1')}`)).toBe(false);
    expect(allows('car', 'car-1', 'iot:Publish', `topic/${shadowTopic('car-1', 'other')}/update`)).toBe(false);
  });

  test('a car may hear what is for it: acknowledgements, calls, sheets and its shadows', () => {
    for (const topic of [
      topics.acks('car-1'),
      topics.calls('car-1'),
      `${shadowTopic('car-1', 'setup')}/update/delta`,
    ]) {
      expect(allows('car', 'car-1', 'iot:Subscribe', `topicfilter/${topic}`), topic).toBe(true);
      expect(allows('car', 'car-1', 'iot:Receive', `topic/${topic}`), topic).toBe(true);
      expect(allows('car', 'car-2', 'iot:Receive', `topic/${topic}`), topic).toBe(false);
    }
    expect(allows('car', 'car-1', 'iot:Subscribe', 'topicfilter/pitwall/v1/#')).toBe(false);
  });

  test('a car asks for its own jobs and tells how they went', () => {
    const jobs = '$aws/things/car-1/jobs';
    for (const verb of ['get', 'start-next', '$next/get', 'upload-7/get', 'upload-7/update']) {
      expect(allows('car', 'car-1', 'iot:Publish', `topic/${jobs}/${verb}`), verb).toBe(true);
      expect(allows('car', 'car-2', 'iot:Publish', `topic/${jobs}/${verb}`), verb).toBe(false);
    }
    for (const filter of ['notify', 'notify-next', 'start-next/accepted', '+/update/rejected']) {
      expect(allows('car', 'car-1', 'iot:Subscribe', `topicfilter/${jobs}/${filter}`), filter).toBe(true);
      expect(allows('car', 'car-2', 'iot:Subscribe', `topicfilter/${jobs}/${filter}`), filter).toBe(false);
    }
    expect(allows('car', 'car-1', 'iot:Publish', `topic/${jobs}/notify`)).toBe(false);
  });

  test('a claim asks for a certificate and to become a car, under no thing’s name', () => {
    const may = (action: string, resource: string) => allows('claim', 'claim-car-1', action, resource);
    const [csr, provision] = [
      '$aws/certificates/create-from-csr/json',
      `$aws/provisioning-templates/${CAR_TEMPLATE}/provision/json`,
    ];
    for (const topic of [csr, provision]) {
      expect(may('iot:Publish', `topic/${topic}`)).toBe(true);
      expect(may('iot:Subscribe', `topicfilter/${topic}/accepted`)).toBe(true);
      expect(may('iot:Receive', `topic/${topic}/rejected`)).toBe(true);
    }
    expect(may('iot:Connect', `client/${claimClientId('car-1')}`)).toBe(true);
    expect(may('iot:Connect', 'client/car-1')).toBe(false);
    expect(may('iot:Publish', 'topic/$aws/certificates/create/json')).toBe(false);
    expect(may('iot:Publish', 'topic/$aws/provisioning-templates/other/provision/json')).toBe(false);
    expect(may('iot:Publish', `topic/${topics.health('car-1')}`)).toBe(false);
    expect(may('iot:Subscribe', 'topicfilter/#')).toBe(false);
  });

  test('each connects under its own name only', () => {
    for (const role of ['car', 'trackside'] as const) {
      expect(allows(role, 'car-1', 'iot:Connect', 'client/car-1')).toBe(true);
      expect(allows(role, 'car-1', 'iot:Connect', 'client/car-2')).toBe(false);
    }
  });

  test('trackside publishes timing and hears its acknowledgements, and cannot pose as a car', () => {
    expect(allows('trackside', 'timing', 'iot:Publish', `topic/${topics.timing('timing')}`)).toBe(true);
    expect(allows('trackside', 'timing', 'iot:Subscribe', `topicfilter/${topics.acks('timing')}`)).toBe(true);
    expect(allows('trackside', 'timing', 'iot:Publish', `topic/${topics.frames('timing', 'live')}`)).toBe(false);
  });

  test('an operator may do everything', () => {
    expect(allows('operator', 'x', 'iot:Subscribe', 'topicfilter/#')).toBe(true);
    expect(allows('operator', 'x', 'iot:Publish', 'topic/pitwall/v1/car-1/acks')).toBe(true);
  });
});
