import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arnOf, nameInArn } from '#cloud/local/iot-core/registry/arns.js';
import { enrol } from '#cloud/local/iot-core/registry/enrolment.js';
import { account, RegistryFolder, refusal } from './helpers.js';

let folder: RegistryFolder;
const registry = () => folder.registry;
const idOf = (arn: string) => nameInArn(arn, 'cert')!;

beforeEach(async () => {
  folder = await RegistryFolder.open();
});
afterEach(() => folder.remove());

describe('things', () => {
  it('are made once: again with the same properties is the same thing, with others a conflict', async () => {
    const { things } = registry();
    const first = await things.create('car-1', undefined, { team: 'red' });
    expect((await things.create('car-1', undefined, { team: 'red' })).id).toBe(first.id);
    expect(await refusal(() => things.create('car-1', undefined, { team: 'blue' }))).toBe(
      'ResourceAlreadyExistsException',
    );
  });

  it('count versions; an update of another version is refused', async () => {
    const { things } = registry();
    await things.create('car-1');
    await things.update('car-1', { attributes: { team: 'red', tub: '7' } });
    const merged = await things.update('car-1', {
      attributes: { tub: '', wing: 'low' },
      merge: true,
      expectedVersion: 2,
    });
    expect(merged).toMatchObject({ version: 3, attributes: { team: 'red', wing: 'low' } });
    expect(merged.attributes).not.toHaveProperty('tub');
    expect(await refusal(() => things.update('car-1', { expectedVersion: 1 }))).toBe('VersionConflictException');
    expect(await refusal(() => things.delete('car-1', 1))).toBe('VersionConflictException');
  });

  it('without a type have three attributes at most, with a type fifty', async () => {
    const { things, types } = registry();
    const four = { a: '1', b: '2', c: '3', d: '4' };
    expect(await refusal(() => things.create('car-1', undefined, four))).toBe('InvalidRequestException');
    await types.create('gt3', { searchableAttributes: [] });
    expect(await refusal(() => things.create('car-1', 'gt3', four))).toBe('ok');
    expect(await refusal(() => things.update('car-1', { removeType: true }))).toBe('InvalidRequestException');
  });

  for (const [what, name, attributes] of [
    ['a name with a space', 'car 1', {}],
    ['a name of 129 characters', 'c'.repeat(129), {}],
    ['a value with an umlaut', 'car-1', { driver: 'Müller' }],
    ['a value of 801 characters', 'car-1', { driver: 'x'.repeat(801) }],
  ] as const) {
    it(`are refused with ${what}`, async () => {
      expect(await refusal(() => registry().things.create(name, undefined, attributes))).toBe(
        'InvalidRequestException',
      );
    });
  }

  it('stay while a principal is attached; deleting one that is not there is fine', async () => {
    const { things, principals } = registry();
    await things.create('car-1');
    const certificate = await folder.certificate();
    await principals.attach('car-1', certificate, 'NON_EXCLUSIVE_THING');
    expect(await refusal(() => things.delete('car-1'))).toBe('InvalidRequestException');
    await principals.detach('car-1', certificate);
    await things.delete('car-1');
    await things.delete('car-1');
    expect(await refusal(() => things.get('car-1'))).toBe('ResourceNotFoundException');
  });
});

describe('thing types', () => {
  it('take no new thing when deprecated, and go five minutes later, when no thing has them', async () => {
    const { things, types } = registry();
    await types.create('gt3', { searchableAttributes: ['team'] });
    await things.create('car-1', 'gt3');
    expect(await refusal(() => types.delete('gt3'))).toBe('InvalidRequestException');
    await types.deprecate('gt3', false);
    expect(await refusal(() => things.create('car-2', 'gt3'))).toBe('InvalidRequestException');
    folder.clock.advance(4 * 60_000);
    await things.update('car-1', { removeType: true });
    expect(await refusal(() => types.delete('gt3'))).toBe('InvalidRequestException');
    folder.clock.advance(60_000);
    await types.delete('gt3');
    expect(await refusal(() => types.get('gt3'))).toBe('ResourceNotFoundException');
  });
});

describe('thing groups', () => {
  beforeEach(async () => {
    const { groups, things } = registry();
    await groups.create('team', undefined, {});
    await groups.create('gt3', 'team', {});
    await groups.create('gt4', 'team', {});
    await things.create('car-1');
  });

  it('a thing is in one group of a tree', async () => {
    const { groups } = registry();
    await groups.addThing('car-1', 'gt3');
    expect(await refusal(() => groups.addThing('car-1', 'gt4'))).toBe('InvalidRequestException');
    expect(groups.things('team', false)).toEqual([]);
    expect(groups.things('team', true)).toEqual(['car-1']);
  });

  it('are seven deep, and go before the groups above them', async () => {
    const { groups } = registry();
    const names = ['gt3', 'a3', 'a4', 'a5', 'a6', 'a7'];
    for (let i = 1; i < names.length; i++) await groups.create(names[i], names[i - 1], {});
    expect(await refusal(() => groups.create('a8', 'a7', {}))).toBe('InvalidRequestException');
    expect(await refusal(() => groups.delete('team'))).toBe('InvalidRequestException');
    await groups.delete('gt4');
    expect(registry().state.descendants('team')).not.toContain('gt4');
  });

  it('give their policies to the things in them and below', async () => {
    const { groups, policies, principals } = registry();
    const certificate = await folder.certificate();
    await principals.attach('car-1', certificate, 'NON_EXCLUSIVE_THING');
    await groups.addThing('car-1', 'gt3');
    await policies.create('drive', '{"a":1}');
    const changed: string[][] = [];
    registry().onChange((ids) => changed.push([...ids]));
    await policies.attach('drive', arnOf(account, 'thinggroup', 'team'));
    expect(registry().find(idOf(certificate))?.policies).toEqual(['{"a":1}']);
    await groups.removeThing('car-1', 'gt3');
    expect(registry().find(idOf(certificate))?.policies).toEqual([]);
    expect(changed).toEqual([[idOf(certificate)], [idOf(certificate)]]);
  });
});

describe('certificates', () => {
  it('are deleted inactive, of no thing, and with policies only by force', async () => {
    const { certificates, policies, principals, things } = registry();
    const certificate = await folder.certificate();
    const id = idOf(certificate);
    await policies.create('drive', '{}');
    await policies.attach('drive', certificate);
    await things.create('car-1');
    await principals.attach('car-1', certificate, 'NON_EXCLUSIVE_THING');
    expect(await refusal(() => certificates.delete(id, false))).toBe('CertificateStateException');
    await certificates.setStatus(id, 'INACTIVE');
    expect(await refusal(() => certificates.delete(id, true))).toBe('DeleteConflictException');
    await principals.detach('car-1', certificate);
    expect(await refusal(() => certificates.delete(id, false))).toBe('DeleteConflictException');
    await certificates.delete(id, true);
    expect(registry().find(id)).toBeUndefined();
    expect(policies.targets('drive')).toEqual([]);
  });

  it('are registered when a registered, active authority has signed them', async () => {
    const { certificates, authorities } = registry();
    const pem = await readFile((await folder.authority.thing('car-1')).certPath, 'utf8');
    expect(await refusal(() => certificates.register(pem, undefined, 'ACTIVE'))).toBe('CertificateValidationException');
    const caId = await authorities.trust(await folder.caPem());
    await authorities.setStatus(caId, 'INACTIVE');
    expect(await refusal(() => certificates.register(pem, undefined, 'ACTIVE'))).toBe('CertificateStateException');
    await authorities.setStatus(caId, 'ACTIVE');
    const id = await certificates.register(pem, undefined, 'ACTIVE');
    expect(certificates.get(id)).toMatchObject({ status: 'ACTIVE', caId, mode: 'DEFAULT' });
    expect(await refusal(() => certificates.register(pem, undefined, 'ACTIVE'))).toBe('ResourceAlreadyExistsException');
    expect(await refusal(() => certificates.register('no pem', undefined, 'ACTIVE'))).toBe(
      'CertificateValidationException',
    );
  });

  it('change to what the API lets a caller set, and say so', async () => {
    const { certificates } = registry();
    const id = idOf(await folder.certificate());
    const changed: string[] = [];
    const stop = registry().onChange((ids) => changed.push(...ids));
    await certificates.setStatus(id, 'REVOKED');
    await certificates.setStatus(id, 'REVOKED');
    expect(changed).toEqual([id]);
    expect(registry().find(id)?.status).toBe('REVOKED');
    expect(await refusal(() => certificates.setStatus(id, 'PENDING_TRANSFER'))).toBe('InvalidRequestException');
    stop();
    await certificates.setStatus(id, 'ACTIVE');
    expect(changed).toEqual([id]);
  });
});

describe('principals', () => {
  it('an exclusive thing is the only one of its certificate', async () => {
    const { principals, things } = registry();
    await things.create('car-1');
    await things.create('car-2');
    const certificate = await folder.certificate();
    await principals.attach('car-1', certificate, 'EXCLUSIVE_THING');
    expect(registry().find(idOf(certificate))?.things).toMatchObject([{ thingName: 'car-1', exclusive: true }]);
    for (const type of ['EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING'] as const) {
      expect(await refusal(() => principals.attach('car-2', certificate, type))).toBe('InvalidRequestException');
    }
    await principals.detach('car-1', certificate);
    await principals.attach('car-1', certificate, 'NON_EXCLUSIVE_THING');
    await principals.attach('car-2', certificate, 'NON_EXCLUSIVE_THING');
    expect(principals.thingsOf(certificate).map(({ thingName }) => thingName)).toEqual(['car-1', 'car-2']);
  });
});

describe('policies', () => {
  it('have five versions; the default decides and cannot go', async () => {
    const { policies } = registry();
    await policies.create('drive', '{"v":1}');
    const certificate = await folder.certificate();
    await policies.attach('drive', certificate);
    for (let v = 2; v <= 5; v++) await policies.createVersion('drive', `{"v":${v}}`, v === 5);
    expect(await refusal(() => policies.createVersion('drive', '{}', false))).toBe('VersionsLimitExceededException');
    expect(registry().find(idOf(certificate))?.policies).toEqual(['{"v":5}']);
    await policies.setDefaultVersion('drive', '2');
    expect(registry().find(idOf(certificate))?.policies).toEqual(['{"v":2}']);
    expect(await refusal(() => policies.deleteVersion('drive', '2'))).toBe('DeleteConflictException');
    await policies.deleteVersion('drive', '5');
    expect((await policies.createVersion('drive', '{}', false)).versionId).toBe(6);
  });

  it('are refused malformed, ten to a principal, and stay while attached', async () => {
    const { policies } = registry();
    const certificate = await folder.certificate();
    expect(await refusal(() => policies.create('broken', '{'))).toBe('MalformedPolicyException');
    for (let i = 0; i < 11; i++) await policies.create(`p-${i}`, '{}');
    for (let i = 0; i < 10; i++) await policies.attach(`p-${i}`, certificate);
    expect(await refusal(() => policies.attach('p-10', certificate))).toBe('LimitExceededException');
    expect(await refusal(() => policies.delete('p-0'))).toBe('DeleteConflictException');
    expect(await refusal(() => policies.attach('p-10', 'arn:aws:iot:x:y:thing/car-1'))).toBe('InvalidRequestException');
  });
});

describe('enrolment', () => {
  const policy = (v: number) => ({ name: 'drive', document: { v } });
  const enrolCar = async (v = 1, revoked = false) => {
    const certificatePem = await readFile((await folder.authority.thing('car-1')).certPath, 'utf8');
    await enrol(registry(), await folder.caPem(), [{ certificatePem, thing: 'car-1', policies: [policy(v)], revoked }]);
    return idOf(registry().principals.ofThing('car-1')[0].principal);
  };

  it('undoes nothing that a person has changed', async () => {
    const id = await enrolCar();
    expect(registry().find(id)).toMatchObject({ status: 'ACTIVE', policies: ['{"v":1}'] });
    await registry().certificates.setStatus(id, 'REVOKED');
    await registry().policies.createVersion('drive', '{"mine":1}', true);
    await enrolCar();
    expect(registry().find(id)).toMatchObject({ status: 'REVOKED', policies: ['{"mine":1}'] });
  });

  it('learns what the authority has revoked meanwhile', async () => {
    const id = await enrolCar();
    await enrolCar(1, true);
    expect(registry().find(id)?.status).toBe('REVOKED');
  });

  it('makes a new document of the product the default, however many there were', async () => {
    const id = await enrolCar(1);
    for (let v = 2; v <= 7; v++) await enrolCar(v);
    expect(registry().find(id)?.policies).toEqual(['{"v":7}']);
    expect(registry().policies.get('drive').versions).toHaveLength(5);
  });

  it('takes no certificate of a foreign authority', async () => {
    const other = await RegistryFolder.open();
    const certificatePem = await readFile((await other.authority.thing('car-1')).certPath, 'utf8');
    const call = async () =>
      enrol(registry(), await folder.caPem(), [{ certificatePem, thing: 'car-1', policies: [], revoked: false }]);
    expect(await refusal(call)).toBe('CertificateValidationException');
    await other.remove();
  });
});
