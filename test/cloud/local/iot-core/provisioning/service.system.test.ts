import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PreProvisioningHook } from '#cloud/local/iot-core/provisioning/hook.js';
import { registryDirectory } from '#cloud/local/iot-core/provisioning/registry-directory.js';
import { ProvisioningService } from '#cloud/local/iot-core/provisioning/service.js';
import { parseProvisioningTopic } from '#cloud/local/iot-core/provisioning/topics.js';
import { silentLog } from '#wire/log.js';
import { RegistryFolder } from '../registry/helpers.js';

const CREATE = '$aws/certificates/create/json';
const FROM_CSR = '$aws/certificates/create-from-csr/json';
const PROVISION = '$aws/provisioning-templates/cars/provision/json';
const HOUR_MS = 3_600_000;

const template = (overrides?: object) =>
  JSON.stringify({
    Parameters: { SerialNumber: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
    Resources: {
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'car' } },
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: {
          ThingName: { 'Fn::Join': ['-', ['car', { Ref: 'SerialNumber' }]] },
          AttributePayload: { serial: { Ref: 'SerialNumber' } },
          ThingGroups: ['field'],
        },
        OverrideSettings: overrides,
      },
    },
    DeviceConfiguration: { pits: 'north' },
  });

let folder: RegistryFolder;
let service: ProvisioningService;
let hook: PreProvisioningHook | undefined;

async function open(): Promise<void> {
  service = await ProvisioningService.open({
    path: join(folder.dir, 'provisioning'),
    directory: registryDirectory(folder.registry),
    hook: hook && ((request, arn) => hook!(request, arn)),
    wallClock: folder.clock,
    log: silentLog,
  });
}

async function ask(
  topic: string,
  body: object | string = {},
): Promise<{ last: string; payload: Record<string, string> }> {
  const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const claimant = { clientId: 'claim-1', principal: 'c'.repeat(64) };
  const answer = await service.answer(topic, parseProvisioningTopic(topic)!, payload, claimant);
  expect(answer.topic.startsWith(`${topic}/`)).toBe(true);
  return { last: answer.topic.split('/').at(-1)!, payload: answer.payload as Record<string, string> };
}

async function createTemplate(overrides?: object, hookArn?: string): Promise<void> {
  await folder.registry.templates.create('cars', template(overrides), {
    type: 'FLEET_PROVISIONING',
    description: '',
    enabled: true,
    provisioningRoleArn: 'arn:aws:iam::000000000000:role/none',
    hook: hookArn === undefined ? undefined : { targetArn: hookArn, payloadVersion: '2020-04-01' },
  });
}

const register = (token: unknown, parameters: object = { SerialNumber: '24' }) =>
  ask(PROVISION, { certificateOwnershipToken: token, parameters });

beforeEach(async () => {
  hook = undefined;
  folder = await RegistryFolder.open();
  await folder.registry.policies.create('car', '{"Version":"2012-10-17","Statement":[]}');
  await folder.registry.groups.create('field', undefined, {});
  await open();
});
afterEach(async () => {
  await service.close();
  await folder.remove();
});

describe('fleet provisioning', () => {
  it('hands out a certificate that is pending, then makes it the certificate of a thing', async () => {
    await createTemplate();
    const { last, payload } = await ask(CREATE, '');
    expect(last).toBe('accepted');
    expect(new X509Certificate(payload.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase()).toBe(
      payload.certificateId,
    );
    expect(payload.privateKey).toContain('PRIVATE KEY');
    expect(folder.registry.find(payload.certificateId)?.status).toBe('PENDING_ACTIVATION');

    expect(await register(payload.certificateOwnershipToken)).toEqual({
      last: 'accepted',
      payload: { deviceConfiguration: { pits: 'north' }, thingName: 'car-24' },
    });
    expect(folder.registry.find(payload.certificateId)).toMatchObject({
      status: 'ACTIVE',
      policies: ['{"Version":"2012-10-17","Statement":[]}'],
      things: [{ thingName: 'car-24', attributes: { serial: '24' }, exclusive: false }],
    });
    expect(folder.registry.groups.things('field', false)).toEqual(['car-24']);
  });

  it('signs requests, and keeps no key', async () => {
    const rejected = await ask(FROM_CSR, { certificateSigningRequest: 'nonsense' });
    expect(rejected).toMatchObject({ last: 'rejected', payload: { statusCode: 400 } });
    expect(await ask(FROM_CSR)).toMatchObject({
      payload: { errorCode: 'InvalidCertificateSigningRequest' },
    });
  });

  it('is asked again by a device that missed the answer, with the same result', async () => {
    await createTemplate();
    const { payload } = await ask(CREATE);
    const first = await register(payload.certificateOwnershipToken);
    expect(await register(payload.certificateOwnershipToken)).toEqual(first);
    expect(folder.registry.find(payload.certificateId)?.things).toHaveLength(1);
  });

  it('replaces a certificate: the thing stays, both speak for it until one is revoked', async () => {
    await createTemplate();
    for (let i = 0; i < 2; i++) await register((await ask(CREATE)).payload.certificateOwnershipToken);
    expect(folder.registry.principals.ofThing('car-24')).toHaveLength(2);
  });

  it.each([
    ['an unknown token', 'nonsense', 'InvalidCertificateOwnershipToken'],
    ['no token', undefined, 'InvalidCertificateOwnershipToken'],
  ])('refuses %s', async (_, token, errorCode) => {
    await createTemplate();
    expect(await register(token)).toMatchObject({ last: 'rejected', payload: { statusCode: 400, errorCode } });
  });

  it('refuses what the template cannot be filled with, and leaves nothing behind', async () => {
    await createTemplate();
    const { certificateOwnershipToken: token, certificateId } = (await ask(CREATE)).payload;
    expect((await register(token, {})).payload.errorCode).toBe('InvalidParameters');
    expect((await register(token, { SerialNumber: 24 })).payload.errorCode).toBe('InvalidParameters');
    await folder.registry.groups.delete('field');
    expect((await register(token)).payload).toMatchObject({ statusCode: 404, errorCode: 'ResourceNotFound' });
    expect(folder.registry.state.things.size).toBe(0);
    expect(folder.registry.find(certificateId)).toMatchObject({ status: 'PENDING_ACTIVATION', things: [] });
  });

  it('refuses without a template, and with one that is not enabled', async () => {
    const { certificateOwnershipToken: token } = (await ask(CREATE)).payload;
    expect((await register(token)).payload.errorCode).toBe('ResourceNotFound');
    await createTemplate();
    await folder.registry.templates.update('cars', { enabled: false });
    expect((await register(token)).payload).toMatchObject({ statusCode: 403, errorCode: 'AccessDenied' });
  });

  it('refuses what is not JSON', async () => {
    expect(await ask(PROVISION, '{')).toMatchObject({ last: 'rejected', payload: { errorCode: 'InvalidJson' } });
    expect(await ask(CREATE, '[]')).toMatchObject({ last: 'rejected', payload: { errorCode: 'InvalidJson' } });
  });
});

describe('an ownership token', () => {
  it('is good for an hour; then its certificate is deleted, unless it is active', async () => {
    await createTemplate();
    const used = (await ask(CREATE)).payload;
    const unused = (await ask(CREATE)).payload;
    await register(used.certificateOwnershipToken);
    folder.clock.advance(HOUR_MS);
    expect((await register(unused.certificateOwnershipToken)).payload.errorCode).toBe(
      'InvalidCertificateOwnershipToken',
    );
    await service.dropExpired();
    expect(folder.registry.find(unused.certificateId)).toBeUndefined();
    expect(folder.registry.find(used.certificateId)?.status).toBe('ACTIVE');
  });

  it('is good after a restart, and its hour is not forgotten', async () => {
    await createTemplate();
    const { certificateOwnershipToken: token } = (await ask(CREATE)).payload;
    const unused = (await ask(CREATE)).payload;
    await service.close();
    await folder.reopen();
    await open();
    expect((await register(token)).last).toBe('accepted');
    folder.clock.advance(HOUR_MS);
    await service.dropExpired();
    expect(folder.registry.find(unused.certificateId)).toBeUndefined();
  });
});

describe('a thing that is there already', () => {
  const provision = async () => (await register((await ask(CREATE)).payload.certificateOwnershipToken)).payload;
  const attributes = () => folder.registry.things.get('car-24').attributes;

  it.each([
    [undefined, { serial: 'old', color: 'red' }],
    [{ AttributePayload: 'MERGE' }, { serial: '24', color: 'red' }],
    [{ AttributePayload: 'REPLACE' }, { serial: '24' }],
  ])('is overridden as %j says', async (overrides, expected) => {
    await folder.registry.things.create('car-24', undefined, { serial: 'old', color: 'red' });
    await createTemplate(overrides);
    expect((await provision()).thingName).toBe('car-24');
    expect(attributes()).toEqual(expected);
    expect(folder.registry.groups.things('field', false)).toEqual([]);
  });

  it('refuses where the template says FAIL', async () => {
    await folder.registry.things.create('car-24', undefined, { serial: 'old' });
    await createTemplate({ AttributePayload: 'FAIL' });
    expect(await provision()).toMatchObject({ statusCode: 409, errorCode: 'ResourceConflict' });
  });
});

describe('a pre-provisioning hook', () => {
  const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:gate';
  const tryOnce = async () => {
    await createTemplate(undefined, ARN);
    return register((await ask(CREATE)).payload.certificateOwnershipToken);
  };
  const reopenWith = async (next: PreProvisioningHook) => {
    hook = next;
    await service.close();
    await open();
  };

  it('sees who asks for what, and may change the parameters', async () => {
    const seen: unknown[] = [];
    await reopenWith((request, arn) => {
      seen.push({ ...request, certificatePem: '', certificateId: '' }, arn);
      return { allowProvisioning: true, parameterOverrides: { SerialNumber: '7' } };
    });
    expect((await tryOnce()).payload.thingName).toBe('car-7');
    expect(seen).toEqual([
      {
        claimCertificateId: 'c'.repeat(64),
        certificateId: '',
        certificatePem: '',
        templateArn: 'arn:aws:iot:eu-west-1:000000000000:provisioningtemplate/cars',
        clientId: 'claim-1',
        parameters: { SerialNumber: '24' },
      },
      ARN,
    ]);
  });

  it.each<[string, PreProvisioningHook | undefined]>([
    ['refuses', () => ({ allowProvisioning: false })],
    ['fails', () => Promise.reject(new Error('no'))],
    ['is named and not there', undefined],
  ])('that %s ends in AccessDenied, and nothing is registered', async (_, next) => {
    if (next) await reopenWith(next);
    expect(await tryOnce()).toMatchObject({
      last: 'rejected',
      payload: { statusCode: 403, errorCode: 'AccessDenied' },
    });
    expect(folder.registry.state.things.size).toBe(0);
  });
});
