/** Jobs of AWS IoT by the SDK as it is, documents in S3 by presigned URLs, a car under the product's own policy. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CancelJobCommand,
  CreateJobCommand,
  DescribeJobExecutionCommand,
  type IoTClient,
  IoTClient as Iot,
} from '@aws-sdk/client-iot';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { type Agent, startAgent } from '#device/agent.js';
import { startDeployedAgent } from '#device/deployments/deployed-agent.js';
import type { DeployedItem } from '#device/deployments/slots.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { ChannelTable } from '#wire/channels.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { Desk } from '../../cli/command.js';
import { credentialsOf, Shelf } from '../shelf.js';

const desk = new Desk();
const table = new ChannelTable([{ name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 }]);
let ready: LocalReady;
let iot: IoTClient;
let shelf: Shelf;
let agent: Agent | undefined;
/** What each start of the agent was given, as text by kind. */
let starts: Record<string, string>[];

beforeAll(async () => {
  ({ ready } = await desk.local(1));
  const { env, endpoints } = ready;
  iot = new Iot({ region: env.AWS_REGION, credentials: credentialsOf(ready), endpoint: endpoints.iot });
  shelf = await Shelf.in(ready);
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
});
afterAll(() => {
  iot?.destroy();
  shelf?.close();
  desk.close();
});

/** A car that reads its configuration at each start; a configuration that says "broken" does not start. */
async function startCar(): Promise<Agent> {
  starts = [];
  const { name: thing, cert, key } = ready.things[0];
  const { host, port, ca } = ready.mqtt;
  const random = seededRandom(1);
  const where = { host, port, clientId: thing, caPath: ca, certPath: cert, keyPath: key };
  const read = (items: readonly DeployedItem[]) =>
    Object.fromEntries(items.map(({ kind, path }) => [kind, readFileSync(path, 'utf8')]));
  agent = await startDeployedAgent({
    dir: join(desk.folder, 'car', 'deployments'),
    log: silentLog,
    limits: { healthMs: 5000, steadyMs: 100, pollMs: 20 },
    start: async (items, deployments) => {
      const configuration = read(items);
      starts.push(configuration);
      if (configuration.campaign?.includes('broken')) throw new Error('The campaign cannot be read.');
      return startAgent({
        thing,
        dataDir: join(desk.folder, 'car'),
        sources: [new SimulatedSource('bus', table)],
        raceClock: wallClock,
        random,
        log: silentLog,
        frameWindowMs: 20,
        journal: { fsync: 'none' },
        link: () => createMqttLink(where, { wallClock, random, log: silentLog, backoffMinMs: 1000 }),
        deployments,
      });
    },
  });
  return agent;
}

const put = (text: string) => shelf.put(text);

const create = (jobId: string, document: object) =>
  iot.send(
    new CreateJobCommand({
      jobId,
      targets: [`arn:aws:iot:${ready.env.AWS_REGION}:000000000000:thing/car-1`],
      document: JSON.stringify(document),
    }),
  );

async function execution(jobId: string): Promise<{ status?: string; details: Record<string, string> }> {
  const { execution: found } = await iot.send(new DescribeJobExecutionCommand({ jobId, thingName: 'car-1' }));
  return { status: found?.status, details: found?.statusDetails?.detailsMap ?? {} };
}

async function ended(jobId: string): ReturnType<typeof execution> {
  for (;;) {
    const now = await execution(jobId);
    if (now.status !== 'QUEUED' && now.status !== 'IN_PROGRESS') return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function at(jobId: string, step: string): Promise<void> {
  while ((await execution(jobId)).details.step !== step) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('a deployment', () => {
  test('is fetched, put to work by a new start, proven and kept; a broken one is rolled back', async () => {
    await startCar();
    const [campaign, dbc, broken] = [await put('{"campaign":1}'), await put('BO_ 1'), await put('{"broken":true}')];
    await create('good', {
      operation: 'deploy',
      items: [
        { kind: 'campaign', ...campaign },
        { kind: 'dbc', ...dbc },
      ],
    });
    expect(await ended('good')).toMatchObject({ status: 'SUCCEEDED', details: { items: '2' } });
    expect(starts).toEqual([{}, { campaign: '{"campaign":1}', dbc: 'BO_ 1' }]);

    await create('bad', { operation: 'deploy', items: [{ kind: 'campaign', ...broken }] });
    expect(await ended('bad')).toMatchObject({
      status: 'FAILED',
      details: { reason: 'The campaign cannot be read.', rolledBack: 'yes' },
    });
    expect(starts.slice(2)).toEqual([
      { campaign: '{"broken":true}', dbc: 'BO_ 1' },
      { campaign: '{"campaign":1}', dbc: 'BO_ 1' },
    ]);

    // After all that the car still starts with the good one.
    await agent!.stop();
    await startCar();
    expect(starts).toEqual([{ campaign: '{"campaign":1}', dbc: 'BO_ 1' }]);
  });

  test('waits while the flag is green, and can be cancelled then; the next job goes on', async () => {
    const car = await startCar();
    await desk.json('shadow', 'set', 'car-1', '--name', 'agent', 'track.flag=green');
    while (!car.stats().shadows.agent.inStep) await new Promise((resolve) => setTimeout(resolve, 20));
    const campaign = await put('{"campaign":2}');
    const document = { operation: 'deploy', items: [{ kind: 'campaign', ...campaign }] };
    await create('put-off', document);
    await at('put-off', 'deferred');
    await iot.send(new CancelJobCommand({ jobId: 'put-off', force: true }));
    while (car.stats().jobs!.cancelled === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(starts).toHaveLength(1);

    await create('later', document);
    await at('later', 'deferred');
    await desk.json('shadow', 'set', 'car-1', '--name', 'agent', 'track.flag=yellow');
    expect(await ended('later')).toMatchObject({ status: 'SUCCEEDED' });
    expect(starts.at(-1)).toMatchObject({ campaign: '{"campaign":2}' });
  });

  test('a document that is not the one meant, or a job that means nothing, ends with its reason', async () => {
    const car = await startCar();
    const { url } = await put('{"campaign":3}');
    await create('wrong-hash', { operation: 'deploy', items: [{ kind: 'campaign', url, sha256: '0'.repeat(64) }] });
    expect(await ended('wrong-hash')).toMatchObject({
      status: 'FAILED',
      details: { reason: expect.stringContaining('SHA-256') },
    });
    await create('nonsense', { operation: 'reboot' });
    expect(await ended('nonsense')).toMatchObject({
      status: 'REJECTED',
      details: { reason: expect.stringContaining('operation') },
    });
    await create('resend', { operation: 'resend', boot: car.boot, fromSeq: 1, toSeq: 1 });
    expect(await ended('resend')).toMatchObject({ status: 'SUCCEEDED', details: { sent: '1', missing: '0' } });
    expect(starts).toHaveLength(1);
  });
});
