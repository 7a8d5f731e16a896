import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as iot from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../registry/helpers.js';
import { ControlPlaneHarness } from './harness.js';

let harness: ControlPlaneHarness;
let client: iot.IoTClient;
const arn = (kind: string, name: string) => `arn:aws:iot:eu-west-1:000000000000:${kind}/${name}`;
const refused = (call: Promise<unknown>) => refusal(() => call);

beforeAll(async () => {
  harness = await ControlPlaneHarness.start();
  client = harness.client;
});
afterAll(() => harness.stop());

/** A key, and a request or a certificate for it, by OpenSSL. */
function openssl(name: string, args: string[]): { keyPath: string; path: string; pem: string } {
  const keyPath = join(harness.folder.dir, `${name}.key`);
  const path = join(harness.folder.dir, `${name}.pem`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyPath, '-out', path];
  execFileSync('openssl', ['req', '-new', ...key, ...args], { stdio: 'pipe' });
  return { keyPath, path, pem: readFileSync(path, 'utf8') };
}

function signedBy(ca: { keyPath: string; path: string }, name: string, commonName: string): string {
  const request = openssl(name, ['-subj', `/CN=${commonName}`]);
  const args = [
    'x509',
    '-req',
    '-in',
    request.path,
    '-CA',
    ca.path,
    '-CAkey',
    ca.keyPath,
    '-CAcreateserial',
    '-days',
    '2',
  ];
  return execFileSync('openssl', args, { stdio: 'pipe' }).toString();
}

describe('things, by the AWS SDK as it is', () => {
  it('are created, described, changed, listed and deleted', async () => {
    const thingName = 'car-24';
    await client.send(new iot.CreateThingTypeCommand({ thingTypeName: 'gt3' }));
    const created = await client.send(
      new iot.CreateThingCommand({
        thingName,
        thingTypeName: 'gt3',
        attributePayload: { attributes: { team: 'red' } },
      }),
    );
    expect(created).toMatchObject({
      thingName,
      thingArn: arn('thing', thingName),
      thingId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    await client.send(
      new iot.UpdateThingCommand({
        thingName,
        attributePayload: { attributes: { wing: 'low' }, merge: true },
        expectedVersion: 1,
      }),
    );
    const described = await client.send(new iot.DescribeThingCommand({ thingName }));
    expect(described).toMatchObject({
      thingName,
      defaultClientId: thingName,
      thingTypeName: 'gt3',
      attributes: { team: 'red', wing: 'low' },
      version: 2,
    });
    const byType = await client.send(new iot.ListThingsCommand({ thingTypeName: 'gt3' }));
    expect(byType.things).toHaveLength(1);
    const byAttribute = await client.send(new iot.ListThingsCommand({ attributeName: 'team', attributeValue: 'blue' }));
    expect(byAttribute.things).toEqual([]);
    expect(await refused(client.send(new iot.UpdateThingCommand({ thingName, expectedVersion: 1 })))).toBe(
      'VersionConflictException',
    );
    const types = await client.send(new iot.ListThingTypesCommand({}));
    expect(types.thingTypes?.[0].thingTypeMetadata).toMatchObject({
      deprecated: false,
      creationDate: expect.any(Date),
    });
    await client.send(new iot.DeleteThingCommand({ thingName }));
    const gone = client.send(new iot.DescribeThingCommand({ thingName }));
    await expect(gone).rejects.toMatchObject({ name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } });
  });

  it('come in pages that things which come and go do not break', async () => {
    for (let i = 0; i < 7; i++) await client.send(new iot.CreateThingCommand({ thingName: `page-${i}` }));
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(new iot.ListThingsCommand({ maxResults: 3, nextToken }));
      names.push(...(page.things ?? []).map(({ thingName }) => thingName ?? ''));
      if (nextToken === undefined) await client.send(new iot.DeleteThingCommand({ thingName: 'page-2' }));
      ({ nextToken } = page);
    } while (nextToken !== undefined);
    expect(names).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `page-${i}`));
    const list = (input: iot.ListThingsCommandInput) => refused(client.send(new iot.ListThingsCommand(input)));
    expect(await list({ nextToken: '?' })).toBe('InvalidRequestException');
    expect(await list({ maxResults: 251 })).toBe('InvalidRequestException');
  });

  it('are of types, which are deprecated for five minutes before they go', async () => {
    const thingTypeName = 'gt4';
    await client.send(
      new iot.CreateThingTypeCommand({ thingTypeName, thingTypeProperties: { searchableAttributes: ['team'] } }),
    );
    await client.send(new iot.CreateThingCommand({ thingName: 'typed', thingTypeName }));
    const describe = () => client.send(new iot.DescribeThingTypeCommand({ thingTypeName }));
    expect(await describe()).toMatchObject({
      thingTypeProperties: { searchableAttributes: ['team'] },
      thingTypeMetadata: { deprecated: false },
    });
    await client.send(new iot.DeprecateThingTypeCommand({ thingTypeName }));
    expect((await describe()).thingTypeMetadata?.deprecated).toBe(true);
    const another = new iot.CreateThingCommand({ thingName: 'late', thingTypeName });
    expect(await refused(client.send(another))).toBe('InvalidRequestException');
    const deletion = new iot.DeleteThingTypeCommand({ thingTypeName });
    expect(await refused(client.send(deletion))).toBe('InvalidRequestException');
    await client.send(new iot.DeprecateThingTypeCommand({ thingTypeName, undoDeprecate: true }));
    expect((await describe()).thingTypeMetadata?.deprecated).toBe(false);
    await client.send(new iot.DeleteThingCommand({ thingName: 'typed' }));
  });

  it('are in groups', async () => {
    const thingName = 'page-0';
    await client.send(new iot.CreateThingGroupCommand({ thingGroupName: 'team' }));
    await client.send(new iot.CreateThingGroupCommand({ thingGroupName: 'garage', parentGroupName: 'team' }));
    await client.send(new iot.AddThingToThingGroupCommand({ thingName, thingGroupArn: arn('thinggroup', 'garage') }));
    const groups = await client.send(new iot.ListThingGroupsForThingCommand({ thingName }));
    expect(groups.thingGroups).toEqual([{ groupName: 'garage', groupArn: arn('thinggroup', 'garage') }]);
    const below = await client.send(new iot.ListThingsInThingGroupCommand({ thingGroupName: 'team', recursive: true }));
    expect(below.things).toEqual([thingName]);
    const described = await client.send(new iot.DescribeThingGroupCommand({ thingGroupName: 'garage' }));
    expect(described).toMatchObject({
      version: 1,
      thingGroupMetadata: { parentGroupName: 'team', rootToParentThingGroups: [{ groupName: 'team' }] },
    });
    const updated = await client.send(
      new iot.UpdateThingGroupCommand({ thingGroupName: 'team', thingGroupProperties: { thingGroupDescription: 'x' } }),
    );
    expect(updated.version).toBe(2);
    const roots = await client.send(new iot.ListThingGroupsCommand({ recursive: false }));
    expect(roots.thingGroups?.map(({ groupName }) => groupName)).toEqual(['team']);
    await client.send(new iot.RemoveThingFromThingGroupCommand({ thingName, thingGroupName: 'garage' }));
    const groupsOf = async () => {
      const listed = await client.send(new iot.ListThingGroupsForThingCommand({ thingName }));
      return listed.thingGroups?.map(({ groupName }) => groupName);
    };
    await client.send(new iot.UpdateThingGroupsForThingCommand({ thingName, thingGroupsToAdd: ['team'] }));
    expect(await groupsOf()).toEqual(['team']);
    await client.send(new iot.UpdateThingGroupsForThingCommand({ thingName, thingGroupsToRemove: ['team'] }));
    expect(await groupsOf()).toEqual([]);
    await client.send(new iot.DeleteThingGroupCommand({ thingGroupName: 'garage' }));
  });
});

describe('certificates, by the AWS SDK as it is', () => {
  it('CreateKeysAndCertificate gives a key that fits', async () => {
    const { certificatePem, keyPair, certificateId } = await client.send(
      new iot.CreateKeysAndCertificateCommand({ setAsActive: true }),
    );
    const certificate = new X509Certificate(certificatePem!);
    expect(certificate.checkPrivateKey(createPrivateKey(keyPair!.PrivateKey!))).toBe(true);
    expect(keyPair!.PublicKey).toContain('BEGIN PUBLIC KEY');
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(certificateId);
    const { certificateDescription } = await client.send(new iot.DescribeCertificateCommand({ certificateId }));
    expect(certificateDescription).toMatchObject({ status: 'ACTIVE', certificatePem });
    expect(certificateDescription?.validity?.notAfter?.getTime()).toBe(Date.parse(certificate.validTo));
  });

  it('CreateCertificateFromCsr: the key never left', async () => {
    const { keyPath, pem } = openssl('csr', ['-subj', '/CN=car-7']);
    const issued = await client.send(new iot.CreateCertificateFromCsrCommand({ certificateSigningRequest: pem }));
    const key = createPrivateKey(readFileSync(keyPath));
    expect(new X509Certificate(issued.certificatePem!).checkPrivateKey(key)).toBe(true);
    const lines = pem.trim().split('\n');
    const signature = lines[lines.length - 2];
    const broken = pem.replace(signature, `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`);
    expect(
      await refused(client.send(new iot.CreateCertificateFromCsrCommand({ certificateSigningRequest: broken }))),
    ).toBe('InvalidRequestException');
  });

  it('an authority is registered with the code of the account, and then its certificates', async () => {
    const ca = openssl('ca', ['-x509', '-days', '2', '-subj', '/CN=team authority']);
    const { registrationCode } = await client.send(new iot.GetRegistrationCodeCommand({}));
    const register = (verificationCertificate: string) =>
      client.send(
        new iot.RegisterCACertificateCommand({ caCertificate: ca.pem, verificationCertificate, setAsActive: true }),
      );
    expect(await refused(register(signedBy(ca, 'wrong', 'not-the-code')))).toBe('RegistrationCodeValidationException');
    const { certificateId: caCertificateId } = await register(signedBy(ca, 'right', registrationCode!));
    const certificatePem = signedBy(ca, 'car', 'car-9');
    const { certificateId } = await client.send(
      new iot.RegisterCertificateCommand({ certificatePem, caCertificatePem: ca.pem, status: 'ACTIVE' }),
    );
    const listed = await client.send(new iot.ListCertificatesByCACommand({ caCertificateId }));
    expect(listed.certificates).toMatchObject([{ certificateId, status: 'ACTIVE', certificateMode: 'DEFAULT' }]);
    const again = client.send(new iot.RegisterCertificateCommand({ certificatePem }));
    await expect(again).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
      resourceId: certificateId,
      resourceArn: arn('cert', certificateId!),
    });
    expect(await refused(client.send(new iot.DeleteCACertificateCommand({ certificateId: caCertificateId })))).toBe(
      'CertificateStateException',
    );
    await client.send(new iot.UpdateCACertificateCommand({ certificateId: caCertificateId, newStatus: 'INACTIVE' }));
    const next = client.send(new iot.RegisterCertificateCommand({ certificatePem: signedBy(ca, 'late', 'car-10') }));
    expect(await refused(next)).toBe('CertificateStateException');
    const { certificateDescription } = await client.send(
      new iot.DescribeCACertificateCommand({ certificateId: caCertificateId }),
    );
    expect(certificateDescription).toMatchObject({ status: 'INACTIVE', autoRegistrationStatus: 'DISABLE' });
    await client.send(new iot.DeleteRegistrationCodeCommand({}));
    const { registrationCode: another } = await client.send(new iot.GetRegistrationCodeCommand({}));
    expect(another).not.toBe(registrationCode);
  });

  it('RegisterCertificateWithoutCA takes any; just-in-time registration takes what it can follow', async () => {
    const { pem } = openssl('self', ['-x509', '-days', '2', '-subj', '/CN=self-made']);
    const { certificateId } = await client.send(
      new iot.RegisterCertificateWithoutCACommand({ certificatePem: pem, status: 'ACTIVE' }),
    );
    const { certificateDescription } = await client.send(new iot.DescribeCertificateCommand({ certificateId }));
    expect(certificateDescription?.certificateMode).toBe('SNI_ONLY');
    const automatic = (registrationConfig: iot.RegistrationConfig, allowAutoRegistration: boolean) =>
      client.send(
        new iot.RegisterCACertificateCommand({
          ...{ caCertificate: pem, certificateMode: 'SNI_ONLY', allowAutoRegistration, registrationConfig },
        }),
      );
    expect(await refused(automatic({ templateName: 'none' }, true))).toBe('ResourceNotFoundException');
    expect(await refused(automatic({ templateBody: '{}' }, true))).toBe('InvalidRequestException');
    expect(await refused(automatic({ templateBody: '{"Resources":{}}' }, false))).toBe('InvalidRequestException');
  });

  it('newest first, unless asked otherwise', async () => {
    const newest = await client.send(new iot.ListCertificatesCommand({ pageSize: 2 }));
    expect(newest.certificates).toHaveLength(2);
    const rest = await client.send(new iot.ListCertificatesCommand({ marker: newest.nextMarker }));
    const oldest = await client.send(new iot.ListCertificatesCommand({ ascendingOrder: true }));
    const ids = (page: iot.ListCertificatesCommandOutput) =>
      page.certificates!.map(({ certificateId }) => certificateId);
    expect([...ids(newest), ...ids(rest)].reverse()).toEqual(ids(oldest));
  });
});

describe('policies and attachments, by the AWS SDK as it is', () => {
  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }],
  });

  it('versions', async () => {
    const policyName = 'drive';
    const created = await client.send(new iot.CreatePolicyCommand({ policyName, policyDocument }));
    expect(created).toMatchObject({ policyArn: arn('policy', policyName), policyVersionId: '1', policyDocument });
    const second = await client.send(
      new iot.CreatePolicyVersionCommand({ policyName, policyDocument: '{}', setAsDefault: true }),
    );
    expect(second).toMatchObject({ policyVersionId: '2', isDefaultVersion: true });
    expect((await client.send(new iot.GetPolicyCommand({ policyName }))).policyDocument).toBe('{}');
    await client.send(new iot.SetDefaultPolicyVersionCommand({ policyName, policyVersionId: '1' }));
    const { policyVersions } = await client.send(new iot.ListPolicyVersionsCommand({ policyName }));
    expect(policyVersions).toMatchObject([
      { versionId: '1', isDefaultVersion: true },
      { versionId: '2', isDefaultVersion: false },
    ]);
    expect((await client.send(new iot.ListPoliciesCommand({}))).policies).toContainEqual({
      policyName,
      policyArn: arn('policy', policyName),
    });
    await client.send(new iot.DeletePolicyVersionCommand({ policyName, policyVersionId: '2' }));
    expect(await refused(client.send(new iot.GetPolicyVersionCommand({ policyName, policyVersionId: '2' })))).toBe(
      'ResourceNotFoundException',
    );
    expect(await refused(client.send(new iot.CreatePolicyCommand({ policyName: 'bad', policyDocument: '{' })))).toBe(
      'MalformedPolicyException',
    );
  });

  it('attach to a certificate, and a certificate to a thing', async () => {
    const { certificateArn: principal } = await client.send(new iot.CreateKeysAndCertificateCommand({}));
    const policyName = 'drive';
    const thingName = 'page-1';
    await client.send(new iot.AttachPolicyCommand({ policyName, target: principal }));
    const attached = await client.send(new iot.ListAttachedPoliciesCommand({ target: principal }));
    expect(attached.policies).toEqual([{ policyName, policyArn: arn('policy', policyName) }]);
    expect((await client.send(new iot.ListTargetsForPolicyCommand({ policyName }))).targets).toEqual([principal]);
    expect(await refused(client.send(new iot.DeletePolicyCommand({ policyName })))).toBe('DeleteConflictException');

    await client.send(
      new iot.AttachThingPrincipalCommand({ thingName, principal, thingPrincipalType: 'EXCLUSIVE_THING' }),
    );
    expect((await client.send(new iot.ListThingPrincipalsCommand({ thingName }))).principals).toEqual([principal]);
    const typed = await client.send(new iot.ListThingPrincipalsV2Command({ thingName }));
    expect(typed.thingPrincipalObjects).toEqual([{ principal, thingPrincipalType: 'EXCLUSIVE_THING' }]);
    const other = new iot.AttachThingPrincipalCommand({ thingName: 'page-3', principal });
    expect(await refused(client.send(other))).toBe('InvalidRequestException');
    expect((await client.send(new iot.ListPrincipalThingsCommand({ principal }))).things).toEqual([thingName]);
    const none = await client.send(
      new iot.ListPrincipalThingsV2Command({ principal, thingPrincipalType: 'NON_EXCLUSIVE_THING' }),
    );
    expect(none.principalThingObjects).toEqual([]);
    await client.send(new iot.DetachThingPrincipalCommand({ thingName, principal }));
    await client.send(new iot.DetachPolicyCommand({ policyName, target: principal }));
    await client.send(new iot.DeletePolicyCommand({ policyName }));
  });
});

describe('provisioning templates, by the AWS SDK as it is', () => {
  it('have versions like policies', async () => {
    const templateName = 'fleet';
    const templateBody = JSON.stringify({ Resources: { thing: { Type: 'AWS::IoT::Thing' } } });
    const provisioningRoleArn = 'arn:aws:iam::000000000000:role/provision';
    const input = { templateName, templateBody, provisioningRoleArn, enabled: true };
    const created = await client.send(new iot.CreateProvisioningTemplateCommand(input));
    expect(created).toMatchObject({ templateArn: arn('provisioningtemplate', templateName), defaultVersionId: 1 });
    const second = await client.send(
      new iot.CreateProvisioningTemplateVersionCommand({ templateName, templateBody: '{"Resources":{}}' }),
    );
    expect(second).toMatchObject({ versionId: 2, isDefaultVersion: false });
    await client.send(
      new iot.UpdateProvisioningTemplateCommand({ templateName, defaultVersionId: 2, description: 'x' }),
    );
    const described = await client.send(new iot.DescribeProvisioningTemplateCommand({ templateName }));
    expect(described).toMatchObject({
      defaultVersionId: 2,
      templateBody: '{"Resources":{}}',
      enabled: true,
      description: 'x',
    });
    const { versions } = await client.send(new iot.ListProvisioningTemplateVersionsCommand({ templateName }));
    expect(versions?.map(({ isDefaultVersion }) => isDefaultVersion)).toEqual([false, true]);
    const first = new iot.DescribeProvisioningTemplateVersionCommand({ templateName, versionId: 1 });
    expect(await client.send(first)).toMatchObject({ versionId: 1, templateBody, isDefaultVersion: false });
    const deletion = new iot.DeleteProvisioningTemplateCommand({ templateName });
    expect(await refused(client.send(deletion))).toBe('DeleteConflictException');
    await client.send(new iot.DeleteProvisioningTemplateVersionCommand({ templateName, versionId: 1 }));
    await client.send(deletion);
    expect((await client.send(new iot.ListProvisioningTemplatesCommand({}))).templates).toEqual([]);
  });
});

describe('the API', () => {
  it('tells its endpoints', async () => {
    const describe = (endpointType: string) => client.send(new iot.DescribeEndpointCommand({ endpointType }));
    expect((await describe('iot:Data-ATS')).endpointAddress).toBe('localhost:8883');
    expect((await describe('iot:Jobs')).endpointAddress).toBe('localhost:8443');
    expect(await refused(describe('iot:CredentialProvider'))).toBe('InvalidRequestException');
  });

  it('names what it does not serve', async () => {
    await expect(client.send(new iot.SearchIndexCommand({ queryString: '*' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('SearchIndex'),
    });
    const tagged = new iot.CreateThingGroupCommand({ thingGroupName: 'tagged', tags: [{ Key: 'a', Value: 'b' }] });
    await expect(client.send(tagged)).rejects.toMatchObject({ message: expect.stringContaining('Tags') });
  });

  it('refuses a wrong key', async () => {
    const thief = harness.clientWith('stolen');
    expect(await refused(thief.send(new iot.ListThingsCommand({})))).toBe('ForbiddenException');
    thief.destroy();
  });
});
