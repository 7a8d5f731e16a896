import { execFile, execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as iot from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policiesOf } from '#certs/policies.js';
import { ControlPlane } from '#cloud/local/iot-core/control-plane/control-plane.js';
import { registryOperations } from '#cloud/local/iot-core/control-plane/operations/index.js';
import { DeviceServices } from '#cloud/local/iot-core/device-services.js';
import { arnOf } from '#cloud/local/iot-core/registry/arns.js';
import { enrol } from '#cloud/local/iot-core/registry/enrolment.js';
import { Registry } from '#cloud/local/iot-core/registry/registry.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { topics } from '#wire/topics.js';
import { closed, credentials, Harness, inbox, until } from './harness.js';

const account = { region: 'eu-west-1', accountId: '000000000000' };
const TEMPLATE = 'cars';
const CREATE = '$aws/certificates/create/json';
const PROVISION = `$aws/provisioning-templates/${TEMPLATE}/provision/json`;

const arn = (resource: string) => `arn:aws:iot:${account.region}:${account.accountId}:${resource}`;
const THING = `\${iot:Connection.Thing.ThingName}`;
const allow = (action: string | string[], resource: string[]) => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource.map(arn),
});

/** Least privilege of a claim (developer guide, "Provisioning by claim"). */
const claimPolicy = {
  name: 'claim',
  document: {
    Version: '2012-10-17',
    Statement: [
      allow('iot:Connect', ['client/claim-*']),
      allow(
        ['iot:Publish', 'iot:Receive'],
        ['topic/$aws/certificates/create*', `topic/$aws/provisioning-templates/${TEMPLATE}/provision/*`],
      ),
      allow('iot:Subscribe', [
        'topicfilter/$aws/certificates/create*',
        `topicfilter/$aws/provisioning-templates/${TEMPLATE}/provision/*`,
      ]),
    ],
  },
};
const jobsPolicy = {
  name: 'jobs',
  document: {
    Version: '2012-10-17',
    Statement: [
      allow('iot:Connect', [`client/${THING}`]),
      allow(['iot:Publish', 'iot:Receive'], [`topic/$aws/things/${THING}/jobs/*`]),
      allow('iot:Subscribe', [`topicfilter/$aws/things/${THING}/jobs/*`]),
    ],
  },
};
const carPolicies = policiesOf('car', { region: account.region, account: account.accountId });

let harness: Harness;
let registry: Registry;
let services: DeviceServices;
let cloud: iot.IoTClient;

beforeAll(async () => {
  harness = await Harness.prepare();
  const { authority, dir } = harness;
  registry = await Registry.open({
    path: join(dir, 'registry'),
    account,
    wallClock,
    issuer: authority,
    checkPolicy: (document) => void JSON.parse(document),
  });
  const pem = async (name: string) => readFile((await authority.thing(name)).certPath, 'utf8');
  await enrol(registry, await readFile(authority.caPath, 'utf8'), [
    { certificatePem: await pem('claim'), policies: [claimPolicy] },
    { certificatePem: await pem('car-1'), thing: 'car-1', policies: [...carPolicies, jobsPolicy] },
    { certificatePem: await pem('car-2'), thing: 'car-2', policies: [jobsPolicy] },
  ]);
  services = await DeviceServices.open({
    dataDir: join(dir, 'iot'),
    registry,
    announce: (topic, payload) => harness.iot.announce(topic, payload),
    raceClock: wallClock,
    wallClock,
    log: silentLog,
  });
  const operations = registryOperations(registry, () => ({ data: '', http: '' }));
  await harness.startIotCore({
    account,
    directory: registry,
    services,
    planes: [new ControlPlane([...operations, ...services.operations]), services.dataPlane],
  });
  cloud = new iot.IoTClient({
    endpoint: `http://127.0.0.1:${harness.iot.dataPlanePort}`,
    region: account.region,
    credentials,
    maxAttempts: 1,
  });
  await cloud.send(
    new iot.CreateProvisioningTemplateCommand({
      templateName: TEMPLATE,
      enabled: true,
      provisioningRoleArn: 'arn:aws:iam::000000000000:role/provisioning',
      templateBody: JSON.stringify({
        Parameters: { SerialNumber: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
        Resources: {
          certificate: {
            Type: 'AWS::IoT::Certificate',
            Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
          },
          policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: carPolicies[0].name } },
          thing: {
            Type: 'AWS::IoT::Thing',
            Properties: { ThingName: { 'Fn::Join': ['', ['car-', { Ref: 'SerialNumber' }]] } },
          },
        },
        DeviceConfiguration: { pits: 'north' },
      }),
    }),
  );
});
afterAll(async () => {
  cloud.destroy();
  await harness.stop();
  await services.close();
  await registry.close();
});

async function runSdk(script: string, argument: object): Promise<Record<string, unknown>> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, JSON.stringify(argument)], {
    timeout: 40_000,
  });
  return JSON.parse(stdout);
}

const createJob = (jobId: string, thing: string) =>
  cloud.send(
    new iot.CreateJobCommand({ jobId, targets: [arnOf(account, 'thing', thing)], document: '{"upload":"run 7"}' }),
  );

describe('jobs', () => {
  it('are done by a car on the AWS IoT device SDK', async () => {
    await createJob('upload-1', 'car-1');
    const identity = await harness.authority.thing('car-1');
    const seen = await runSdk('./sdk-jobs-client.mjs', { port: harness.iot.mqttPort, ...identity, thing: 'car-1' });
    const succeeded = { status: 'SUCCEEDED', statusDetails: { step: 'zip' }, versionNumber: 3 };
    expect(seen).toEqual({
      queued: ['upload-1'],
      execution: { jobId: 'upload-1', status: 'IN_PROGRESS', jobDocument: { upload: 'run 7' } },
      rejected: { code: 'VersionMismatch', executionState: { ...succeeded, status: 'IN_PROGRESS', versionNumber: 2 } },
      executionState: succeeded,
      terminal: 'TerminalStateReached',
      nothing: null,
      lists: [['IN_PROGRESS'], []],
      nexts: [null],
    });
    const { job } = await cloud.send(new iot.DescribeJobCommand({ jobId: 'upload-1' }));
    expect(job?.status).toBe('COMPLETED');
  });

  it('answer whoever asked and nobody else, subscribed or not; rules see neither', async () => {
    const car = await harness.connect('car-1');
    const operator = await harness.connect('operator');
    const [heard, overheard] = [inbox(car), inbox(operator)];
    await operator.subscribeAsync('$aws/things/car-1/jobs/#', { qos: 1 });
    const rulesSaw = harness.rules.messages.length;
    await car.publishAsync('$aws/things/car-1/jobs/get', '{"clientToken":"t"}', { qos: 1 });
    await until(() => heard.length === 1);
    expect(heard[0].topic).toBe('$aws/things/car-1/jobs/get/accepted');
    expect(JSON.parse(heard[0].text)).toMatchObject({ clientToken: 't', inProgressJobs: [], queuedJobs: [] });
    await createJob('upload-2', 'car-1');
    await until(() => overheard.length === 2);
    expect(overheard.map(({ topic }) => topic.split('/').at(-1))).toEqual(['notify', 'notify-next']);
    expect(harness.rules.messages.slice(rulesSaw).map(({ topic }) => topic.split('/').at(-1))).toEqual([
      'notify',
      'notify-next',
    ]);
    for (const client of [car, operator]) await client.endAsync();
  });

  it.each(['$aws/things/car-1/jobs/get', '$aws/things/car-1/jobs/upload-2/update'])(
    'of another car are out of reach: %s',
    async (topic) => {
      const car = await harness.connect('car-2');
      const end = closed(car);
      car.publish(topic, '{"status":"FAILED"}', { qos: 1 });
      await end;
      const execution = await cloud.send(
        new iot.DescribeJobExecutionCommand({ jobId: 'upload-2', thingName: 'car-1' }),
      );
      expect(execution.execution?.status).toBe('QUEUED');
    },
  );
});

describe('fleet provisioning', () => {
  const claim = async () => ({ identity: await harness.authority.thing('claim') });

  it('takes a car on the AWS IoT device SDK from its claim to its first publish, its key never leaving it', async () => {
    const [keyPath, csrPath] = ['key', 'csr'].map((name) => join(harness.dir, `new-car.${name}`));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyPath];
    execFileSync('openssl', ['req', '-new', ...key, '-out', csrPath, '-subj', '/CN=new car'], { stdio: 'pipe' });
    const { caPath, certPath, keyPath: claimKeyPath } = await harness.authority.thing('claim');
    const seen = await runSdk('./sdk-provisioning-client.mjs', {
      port: harness.iot.mqttPort,
      caPath,
      claim: { certPath, keyPath: claimKeyPath, clientId: 'claim-1' },
      csrPath,
      keyPath,
      template: TEMPLATE,
      parameters: { SerialNumber: '24' },
      topic: topics.health('{thing}'),
    });
    expect(seen).toEqual({
      certificateId: expect.stringMatching(/^[0-9a-f]{64}$/),
      refused: { statusCode: 400, errorCode: 'InvalidParameters' },
      thingName: 'car-24',
      deviceConfiguration: { pits: 'north' },
    });
    expect(harness.rules.messages.at(-1)).toMatchObject({
      topic: topics.health('car-24'),
      clientId: 'car-24',
      principal: seen.certificateId,
    });
    const { certificateDescription } = await cloud.send(
      new iot.DescribeCertificateCommand({ certificateId: seen.certificateId as string }),
    );
    expect(certificateDescription?.status).toBe('ACTIVE');
  });

  it('lets a certificate connect only when its thing is registered', async () => {
    const claiming = await harness.connect('claim-2', await claim());
    const heard = inbox(claiming);
    claiming.publish(CREATE, '', { qos: 1 });
    await until(() => heard.length === 1);
    const created = JSON.parse(heard[0].text);
    const fresh = {
      ca: await readFile(harness.authority.caPath),
      cert: created.certificatePem,
      key: created.privateKey,
    };
    await expect(harness.connect('car-25', fresh)).rejects.toThrow();
    const body = { certificateOwnershipToken: created.certificateOwnershipToken, parameters: { SerialNumber: '25' } };
    claiming.publish(PROVISION, JSON.stringify(body), { qos: 1 });
    await until(() => heard.length === 2);
    expect(JSON.parse(heard[1].text).thingName).toBe('car-25');
    await (await harness.connect('car-25', fresh)).endAsync();
    await claiming.endAsync();
  });

  it.each([
    topics.health('car-24'),
    '$aws/things/car-24/jobs/get',
    '$aws/things/car-24/shadow/update',
    '$aws/provisioning-templates/others/provision/json',
    '$aws/certificates/create/cbor',
  ])('gives a claim no more than to claim: %s ends it', async (topic) => {
    const claiming = await harness.connect('claim-3', await claim());
    const end = closed(claiming);
    claiming.publish(topic, '{}', { qos: 1 });
    await end;
  });

  it('gives a claim no client id of a car, and no ear for cars', async () => {
    await expect(harness.connect('car-24', await claim())).rejects.toThrow();
    const claiming = await harness.connect('claim-4', await claim());
    const end = closed(claiming);
    claiming.subscribe('pitwall/v1/car-24/#');
    await end;
  });
});
