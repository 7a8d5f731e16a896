import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as iot from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Identity, openAuthority } from '#certs/authority.js';
import { certificateIdOf } from '#certs/issuing.js';
import { Administration } from '#cloud/local/iot-core/administration.js';
import { streams, tables } from '#cloud/resources.js';
import type { RuleDefinition } from '#rules/definition.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { closed, credentials, Harness, until } from './harness.js';

const account = { region: 'eu-west-1', accountId: '000000000000' };
const policyName = 'connect';
const connectAsThing = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: `arn:aws:iot:eu-west-1:000000000000:client/\${iot:Connection.Thing.ThingName}`,
    },
  ],
});
/** This test is about connections. */
const noRules = { definitions: [] as RuleDefinition[], setRule: () => {}, removeRule: () => false };

let harness: Harness;
let administration: Administration;
let cloud: iot.IoTClient;

beforeAll(async () => {
  harness = await Harness.prepare();
  const { authority, dir } = harness;
  administration = await Administration.open({
    dataDir: join(dir, 'iot'),
    account,
    issuer: authority,
    caPem: await readFile(authority.caPath, 'utf8'),
    enrolments: [],
    rules: noRules,
    targets: { streams, tables, bucket: 'pitwall-archive' },
    postToDestination: async () => ({}),
    endpoints: () => ({
      data: `localhost:${harness.iot.mqttPort}`,
      http: `localhost:${harness.iot.dataPlanePort}`,
    }),
    announce: (topic, payload) => harness.iot.announce(topic, payload),
    raceClock: wallClock,
    wallClock,
    log: silentLog,
  });
  const { registry: directory, services, planes } = administration;
  await harness.startIotCore({ account, directory, services, planes });
  cloud = new iot.IoTClient({
    endpoint: `http://127.0.0.1:${harness.iot.dataPlanePort}`,
    region: account.region,
    credentials,
    maxAttempts: 1,
  });
  await cloud.send(new iot.CreatePolicyCommand({ policyName, policyDocument: connectAsThing }));
});
afterAll(async () => {
  cloud.destroy();
  await harness.stop();
  await administration.close();
});

const DAY_MS = 86_400_000;

/** Certificate of another authority, which gives them for a year from `daysAgo` on. */
async function foreign(name: string, daysAgo = 0): Promise<Identity & { pem: string }> {
  const now = new ManualClock(wallClock.nowMs() - daysAgo * DAY_MS);
  const identity = await (await openAuthority(join(harness.dir, `foreign-${name}`), { now })).thing(name);
  return { ...identity, caPath: harness.authority.caPath, pem: await readFile(identity.certPath, 'utf8') };
}

/** Registers a thing for a certificate, with the right to connect as it. */
async function admit(thingName: string, certificatePem: string): Promise<{ principal: string; certificateId: string }> {
  const { certificateArn: principal, certificateId } = await cloud.send(
    new iot.RegisterCertificateWithoutCACommand({ certificatePem, status: 'ACTIVE' }),
  );
  await cloud.send(new iot.CreateThingCommand({ thingName }));
  await cloud.send(new iot.AttachThingPrincipalCommand({ thingName, principal }));
  await cloud.send(new iot.AttachPolicyCommand({ policyName, target: principal }));
  return { principal: principal!, certificateId: certificateId! };
}

describe('who may connect, as the control plane says', () => {
  it('a certificate from a request, as soon as it has a thing and a policy; its revocation ends the connection', async () => {
    const thingName = 'car-1';
    const keyPath = join(harness.dir, 'car-1.key');
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyPath];
    const csr = execFileSync('openssl', ['req', '-new', ...key, '-subj', '/CN=car-1'], { stdio: 'pipe' }).toString();
    const issued = await cloud.send(
      new iot.CreateCertificateFromCsrCommand({ certificateSigningRequest: csr, setAsActive: true }),
    );
    const certPath = join(harness.dir, 'car-1.crt');
    await writeFile(certPath, issued.certificatePem!);
    const identity = { caPath: harness.authority.caPath, certPath, keyPath };

    await expect(harness.connect(thingName, { identity })).rejects.toThrow();
    await cloud.send(new iot.CreateThingCommand({ thingName }));
    await cloud.send(new iot.AttachThingPrincipalCommand({ thingName, principal: issued.certificateArn }));
    await cloud.send(new iot.AttachPolicyCommand({ policyName, target: issued.certificateArn }));
    const client = await harness.connect(thingName, { identity });
    const ended = closed(client);
    await cloud.send(new iot.UpdateCertificateCommand({ certificateId: issued.certificateId, newStatus: 'REVOKED' }));
    await ended;
    await expect(harness.connect(thingName, { identity })).rejects.toThrow();
  });

  it('nobody with a certificate of the authority that is not registered', async () => {
    await expect(harness.connect('car-2')).rejects.toThrow();
  });

  it('a registered certificate of another authority, but none that is not registered', async () => {
    const identity = await foreign('car-3');
    await expect(harness.connect('car-3', { identity })).rejects.toThrow();
    await admit('car-3', identity.pem);
    const client = await harness.connect('car-3', { identity });
    expect(client.connected).toBe(true);
  });

  it('no certificate that has expired, registered or not', async () => {
    const identity = await foreign('car-4', 400);
    await admit('car-4', identity.pem);
    const before = harness.iot.stats().refused.tls ?? 0;
    await expect(harness.connect('car-4', { identity })).rejects.toThrow();
    expect(harness.iot.stats().refused.tls).toBe(before + 1);
  });

  it('nobody whose certificate was detached from the thing and deleted', async () => {
    const identity = await foreign('car-5');
    const { principal, certificateId } = await admit('car-5', identity.pem);
    const client = await harness.connect('car-5', { identity });
    const ended = closed(client);
    await cloud.send(new iot.UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
    await ended;
    await cloud.send(new iot.DetachThingPrincipalCommand({ thingName: 'car-5', principal }));
    await cloud.send(new iot.DeleteCertificateCommand({ certificateId, forceDelete: true }));
    await expect(harness.connect('car-5', { identity })).rejects.toThrow();
  });
});

describe('a certificate of a registered authority that is open for it, at its first connection', () => {
  /** Registers the authority that `foreign` makes for this name. */
  async function open(name: string, config?: iot.RegistrationConfig): Promise<string> {
    const caCertificate = await readFile(join(harness.dir, `foreign-${name}`, 'ca.crt'), 'utf8');
    const { certificateId } = await cloud.send(
      new iot.RegisterCACertificateCommand({
        ...{ caCertificate, certificateMode: 'SNI_ONLY', setAsActive: true },
        ...{ allowAutoRegistration: true, registrationConfig: config },
      }),
    );
    return certificateId!;
  }
  const statusOf = async (certificateId: string) =>
    (await cloud.send(new iot.DescribeCertificateCommand({ certificateId }))).certificateDescription?.status;
  const idOf = (pem: string) => certificateIdOf(new X509Certificate(pem).raw);
  const CN = 'AWS::IoT::Certificate::CommonName';
  const template = JSON.stringify({
    Parameters: { [CN]: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
    Resources: {
      thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: { Ref: CN } } },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE' },
      },
      policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: policyName } },
    },
  });

  it('waits for somebody to activate it, who is told', async () => {
    const identity = await foreign('car-6');
    const caId = await open('car-6');
    await expect(harness.connect('car-6', { identity })).rejects.toThrow();
    const topic = `$aws/events/certificates/registered/${caId}`;
    await until(() => harness.rules.events.some((event) => event.topic === topic));
    const event = harness.rules.events.find((each) => each.topic === topic)!;
    const certificateId = idOf(identity.pem);
    expect(JSON.parse(Buffer.from(event.payload).toString())).toMatchObject({
      ...{ certificateId, caCertificateId: caId, certificateStatus: 'PENDING_ACTIVATION' },
      awsAccountId: account.accountId,
    });
    expect(await statusOf(certificateId)).toBe('PENDING_ACTIVATION');
    await expect(harness.connect('car-6', { identity })).rejects.toThrow();
    const principal = `arn:aws:iot:${account.region}:${account.accountId}:cert/${certificateId}`;
    await cloud.send(new iot.CreateThingCommand({ thingName: 'car-6' }));
    await cloud.send(new iot.AttachThingPrincipalCommand({ thingName: 'car-6', principal }));
    await cloud.send(new iot.AttachPolicyCommand({ policyName, target: principal }));
    await cloud.send(new iot.UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
    expect((await harness.connect('car-6', { identity })).connected).toBe(true);
  });

  it.each(['body', 'name'])('becomes what the template says, given by its %s, and comes back as that', async (by) => {
    const name = `car-7-${by}`;
    const identity = await foreign(name);
    const templateName = 'garage';
    if (by === 'name') {
      await cloud.send(
        new iot.CreateProvisioningTemplateCommand({
          ...{ templateName, templateBody: template, type: 'JITP', enabled: true },
          provisioningRoleArn: 'arn:aws:iam::000000000000:role/provisioning',
        }),
      );
    }
    const caId = await open(name, by === 'name' ? { templateName } : { templateBody: template });
    await expect(harness.connect(name, { identity })).rejects.toThrow();
    const certificateId = idOf(identity.pem);
    await vi.waitUntil(async () => (await statusOf(certificateId).catch(() => undefined)) === 'ACTIVE');
    expect((await harness.connect(name, { identity })).connected).toBe(true);
    const described = await cloud.send(new iot.DescribeCACertificateCommand({ certificateId: caId }));
    expect(described.certificateDescription?.autoRegistrationStatus).toBe('ENABLE');
    const { certificates } = await cloud.send(new iot.ListCACertificatesCommand({ templateName }));
    expect(certificates).toHaveLength(by === 'name' ? 1 : 0);
  });

  it('stays unknown when the authority is closed for it, or the template wants what it has not', async () => {
    const identity = await foreign('car-8');
    const caId = await open('car-8');
    await cloud.send(new iot.UpdateCACertificateCommand({ certificateId: caId, newAutoRegistrationStatus: 'DISABLE' }));
    await expect(harness.connect('car-8', { identity })).rejects.toThrow();
    await expect(statusOf(idOf(identity.pem))).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const templateBody = template.replaceAll('CommonName', 'Country');
    await cloud.send(
      new iot.UpdateCACertificateCommand({
        ...{ certificateId: caId, newAutoRegistrationStatus: 'ENABLE', registrationConfig: { templateBody } },
      }),
    );
    await expect(harness.connect('car-8', { identity })).rejects.toThrow();
    await vi.waitUntil(() => statusOf(idOf(identity.pem)).catch(() => undefined));
    expect(await statusOf(idOf(identity.pem))).toBe('PENDING_ACTIVATION');
  });
});

it('endpoints are those that listen, and jobs are served beside the registry', async () => {
  const { endpointAddress } = await cloud.send(new iot.DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  expect(endpointAddress).toBe(`localhost:${harness.iot.mqttPort}`);
  expect((await cloud.send(new iot.ListJobsCommand({}))).jobs).toEqual([]);
});

it('a policy that is none is refused with the place', async () => {
  const policy = new iot.CreatePolicyCommand({
    policyName: 'bad',
    policyDocument: '{"Statement":[{"Effect":"Alow"}]}',
  });
  await expect(cloud.send(policy)).rejects.toMatchObject({ name: 'MalformedPolicyException' });
});
