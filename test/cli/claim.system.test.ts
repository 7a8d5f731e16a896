/** Fleet provisioning by claim, as people do it: a claim from the pit wall, a car that becomes somebody with it. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateJobCommand, DescribeJobExecutionCommand } from '@aws-sdk/client-iot';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { createIotClient } from '#cloud/clients.js';
import { shadowTopic, topics } from '#wire/topics.js';
import { Desk, type Running } from './command.js';

interface Told {
  thing: string;
  certificateId: string;
  certPath: string;
  keyPath: string;
}

const desk = new Desk();
afterAll(() => desk.close());

/** Connected, or refused; `heard` has what came, `closed` resolves at the end. */
function connect(
  { mqtt: { host, port, ca } }: LocalReady,
  { certPath, keyPath }: Pick<Told, 'certPath' | 'keyPath'>,
  clientId: string,
) {
  const [caPem, cert, key] = [ca, certPath, keyPath].map((path) => readFileSync(path));
  const client = mqtt.connect({ protocol: 'mqtts', host, port, ca: caPem, cert, key, clientId, reconnectPeriod: 0 });
  const heard = new Map<string, unknown>();
  client.on('message', (topic, payload) => heard.set(topic, JSON.parse(payload.toString())));
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  return new Promise<{ client: MqttClient; heard: Map<string, unknown>; closed: Promise<void> }>((resolve, reject) => {
    client.once('connect', () => resolve({ client, heard, closed }));
    client.on('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Every file below, as text. */
function textsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? textsBelow(path) : [readFileSync(path, 'latin1')];
  });
}

const provision = (car: string) => ['certs', 'provision', car, '--out', join(desk.folder, car)];

/** One system for all, from its first day on: each test goes on where the one before has left it. */
describe('a car that has nothing but the claim', () => {
  let system: Running & { ready: LocalReady };

  it('is told what to do when there is no system, no claim, or a certificate already', async () => {
    const stopped = await desk.run(provision('car-23'));
    expect([stopped.code, stopped.err]).toEqual([3, expect.stringContaining('pitwall local')]);
    system = await desk.local(1);
    const without = await desk.run(provision('car-23'));
    expect([without.code, without.err]).toEqual([3, expect.stringContaining('pitwall certs claim')]);
    expect(existsSync(join(desk.folder, 'car-23'))).toBe(false);
    await desk.json('certs', 'claim');
    await desk.json(...provision('car-23'));
    const again = await desk.run(provision('car-23'));
    expect([again.code, again.err]).toEqual([3, expect.stringContaining('has a certificate')]);
  });

  it('gets a certificate for its own key, works its shadow and its jobs by it, and can be revoked', async () => {
    const { ready } = system;
    const told = await desk.json<Told>(...provision('car-24'));
    expect(told).toMatchObject({ thing: 'car-24', certificateId: expect.stringMatching(/^[0-9a-f]{64}$/) });

    const key = readFileSync(told.keyPath, 'utf8');
    expect(statSync(told.keyPath).mode & 0o777).toBe(0o600);
    const certificate = new X509Certificate(readFileSync(told.certPath));
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(told.certificateId);
    const [, firstLine] = key.split('\n');
    for (const text of textsBelow(desk.data)) expect(text).not.toContain(firstLine);

    const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = ready.env;
    const iot = await createIotClient({
      ...{ region, credentials: { accessKeyId, secretAccessKey }, endpoints: { iot: ready.endpoints.iot } },
    });
    const targets = [`arn:aws:iot:${region}:000000000000:thing/car-24`];
    await iot.send(new CreateJobCommand({ jobId: 'upload-7', targets, document: '{"upload":7}' }));

    const { client, heard, closed } = await connect(ready, told, 'car-24');
    const shadow = shadowTopic('car-24', 'setup');
    const jobs = '$aws/things/car-24/jobs';
    await client.subscribeAsync([`${shadow}/update/+`, `${jobs}/start-next/+`, `${jobs}/+/update/accepted`], {
      qos: 1,
    });
    await client.publishAsync(`${shadow}/update`, '{"state":{"reported":{"wingDeg":6}}}', { qos: 1 });
    await client.publishAsync(`${jobs}/start-next`, '{}', { qos: 1 });
    await until(() => heard.has(`${shadow}/update/accepted`) && heard.has(`${jobs}/start-next/accepted`));
    expect(heard.get(`${jobs}/start-next/accepted`)).toMatchObject({ execution: { jobDocument: { upload: 7 } } });
    await client.publishAsync(`${jobs}/upload-7/update`, '{"status":"SUCCEEDED"}', { qos: 1 });
    await until(() => heard.has(`${jobs}/upload-7/update/accepted`));
    const execution = new DescribeJobExecutionCommand({ jobId: 'upload-7', thingName: 'car-24' });
    expect(await iot.send(execution)).toMatchObject({ execution: { status: 'SUCCEEDED' } });
    iot.destroy();

    const { certificates } = await desk.json<{ certificates: object[] }>('certs', 'list');
    const { certificateId } = told;
    expect(certificates).toContainEqual(expect.objectContaining({ certificateId, thing: 'car-24', status: 'active' }));
    await desk.json('certs', 'revoke', 'car-24');
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await expect(connect(ready, told, 'car-24')).rejects.toThrow();
  });

  it('may do nothing else with it: no name of a thing, no topic of one, no key made elsewhere', async () => {
    const { ready } = system;
    const { certificates } = await desk.json<{ certificates: { certPath: string }[] }>('certs', 'claim');
    const [{ certPath }] = certificates;
    const claim = { certPath, keyPath: certPath.replace(/crt$/, 'key') };
    await expect(connect(ready, claim, 'car-1')).rejects.toThrow();
    for (const [index, topic] of [
      topics.health('car-1'),
      '$aws/certificates/create/json',
      `${shadowTopic('car-1', 'setup')}/update`,
    ].entries()) {
      const { client, closed } = await connect(ready, claim, `claim-${index}`);
      client.publish(topic, '{}', { qos: 1 });
      await closed;
    }
    expect((await desk.run(provision('track-1'))).code).toBe(2);
  });

  it('is let in by the hook alone, when there is one; without it again, by the claim', async () => {
    const hook = join(desk.folder, 'hook.mjs');
    writeFileSync(
      hook,
      'export const handler = async ({ parameters }) => ({ allowProvisioning: parameters.CarNumber === "25" });',
    );
    const restarted = async (...flags: string[]) => {
      system.child.kill('SIGTERM');
      await system.ended;
      system = await desk.local(0, ...flags);
    };
    await restarted('--provisioning-hook', hook);
    await desk.json(...provision('car-25'));
    const refused = await desk.run(provision('car-26'));
    expect([refused.code, refused.err]).toEqual([4, expect.stringContaining('AccessDenied')]);
    await restarted();
    await desk.json(...provision('car-26'));
  });
});
