import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  DeleteThingShadowCommand,
  GetThingShadowCommand,
  IoTDataPlaneClient,
  ListNamedShadowsForThingCommand,
  PublishCommand,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '#wire/topics.js';
import { credentials, Harness, inbox, OPERATOR, until } from './harness.js';

let harness: Harness;
let cloud: IoTDataPlaneClient;

const clientWith = (secretAccessKey: string) =>
  new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${harness.iot.dataPlanePort}`,
    region: 'eu-west-1',
    credentials: { ...credentials, secretAccessKey },
    maxAttempts: 1,
  });
const json = (payload: Uint8Array | undefined) => JSON.parse(Buffer.from(payload!).toString());
const state = (value: object) => Buffer.from(JSON.stringify({ state: value }));

beforeAll(async () => {
  harness = await Harness.start();
  cloud = clientWith(credentials.secretAccessKey);
});
afterAll(async () => {
  cloud.destroy();
  await harness.stop();
});

describe('data plane, by the AWS SDK as it is', () => {
  it('Publish reaches the car and the rules', async () => {
    const car = await harness.connect('car-1');
    const received = inbox(car);
    await car.subscribeAsync(topics.acks('car-1'), { qos: 1 });
    await cloud.send(new PublishCommand({ topic: topics.acks('car-1'), qos: 1, payload: Buffer.from('{"v":1}') }));
    await until(() => received.length === 1);
    expect(received[0]).toMatchObject({ topic: topics.acks('car-1'), text: '{"v":1}' });
    expect(harness.rules.messages.at(-1)).toMatchObject({ topic: topics.acks('car-1'), clientId: '' });
  });

  it('Publish of frames reaches their rule', async () => {
    await cloud.send(new PublishCommand({ topic: topics.frames('car-1', 'live'), payload: Buffer.from('frame') }));
    expect(harness.rules.messages.at(-1)).toMatchObject({ rule: 'frames_live', topic: 'pitwall/v1/car-1/frames' });
  });

  it('is refused with AWS’s errors', async () => {
    const send = (topic: string, payload: Uint8Array = Buffer.from('x')) =>
      cloud.send(new PublishCommand({ topic, payload }));
    await expect(send('a', Buffer.alloc(200_000))).rejects.toMatchObject({ name: 'RequestEntityTooLargeException' });
    await expect(send('a/#')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(send('$aws/things/car-1/shadow/update/accepted')).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
    const thief = clientWith('stolen');
    await expect(thief.send(new PublishCommand({ topic: 'a' }))).rejects.toMatchObject({ name: 'ForbiddenException' });
    thief.destroy();
  });

  it('is not served under a name that is not this machine’s', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'rebound.example' };
      const call = request(
        { port: harness.iot.dataPlanePort, path: '/topics/a', method: 'POST', headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      call.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  it('UpdateThingShadow tells the car; an error tells nobody', async () => {
    const operator = await harness.connect(OPERATOR);
    const received = inbox(operator);
    await operator.subscribeAsync('$aws/things/car-2/shadow/name/setup/#', { qos: 1 });
    const shadow = { thingName: 'car-2', shadowName: 'setup' };
    await expect(cloud.send(new GetThingShadowCommand(shadow))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(
      cloud.send(new UpdateThingShadowCommand({ ...shadow, payload: Buffer.from('{"state":5}') })),
    ).rejects.toMatchObject({ name: 'InvalidRequestException' });
    const updated = await cloud.send(
      new UpdateThingShadowCommand({ ...shadow, payload: state({ desired: { wingDeg: 6 } }) }),
    );
    expect(json(updated.payload)).toMatchObject({ version: 1, state: { desired: { wingDeg: 6 } } });
    await until(() => received.length === 3);
    expect(received.map(({ topic }) => topic.split('/update/')[1]).sort()).toEqual(['accepted', 'delta', 'documents']);
    const got = await cloud.send(new GetThingShadowCommand(shadow));
    expect(json(got.payload).state).toEqual({ desired: { wingDeg: 6 }, delta: { wingDeg: 6 } });
  });

  it('ListNamedShadowsForThing gives pages without the classic shadow', async () => {
    const thingName = 'car-3';
    for (const shadowName of ['setup', 'agent', undefined]) {
      await cloud.send(new UpdateThingShadowCommand({ thingName, shadowName, payload: state({ reported: { a: 1 } }) }));
    }
    const first = await cloud.send(new ListNamedShadowsForThingCommand({ thingName, pageSize: 1 }));
    expect(first.results).toEqual(['agent']);
    const { nextToken } = first;
    const second = await cloud.send(new ListNamedShadowsForThingCommand({ thingName, pageSize: 1, nextToken }));
    expect([second.results, second.nextToken]).toEqual([['setup'], undefined]);
    await cloud.send(new DeleteThingShadowCommand({ thingName, shadowName: 'agent' }));
    expect((await cloud.send(new ListNamedShadowsForThingCommand({ thingName }))).results).toEqual(['setup']);
  });
});

describe('shadows', () => {
  it('are there after a restart', async () => {
    const shadow = { thingName: 'car-4', shadowName: 'setup' };
    await cloud.send(new UpdateThingShadowCommand({ ...shadow, payload: state({ desired: { wingDeg: 7 } }) }));
    await harness.iot.close();
    await harness.startIotCore();
    cloud.destroy();
    cloud = clientWith(credentials.secretAccessKey);
    const { payload } = await cloud.send(new GetThingShadowCommand(shadow));
    expect(json(payload)).toMatchObject({ version: 1, state: { desired: { wingDeg: 7 } } });
  });

  it('answer the eleventh request in flight with 429', async () => {
    const car = await harness.connect('car-5');
    const received = inbox(car);
    const base = '$aws/things/car-5/shadow/name/setup/update';
    await car.subscribeAsync([`${base}/accepted`, `${base}/rejected`], { qos: 1 });
    car.stream.cork();
    for (let i = 0; i < 11; i++) car.publish(base, state({ reported: { i } }), { qos: 0 });
    car.stream.uncork();
    await until(() => received.length === 11);
    const rejected = received.filter(({ topic }) => topic.endsWith('/rejected'));
    expect(rejected.map(({ text }) => JSON.parse(text).code)).toEqual([429]);
  });

  it('work with the AWS IoT device SDK as it is: get, update, delta', async () => {
    const { caPath, certPath, keyPath } = await harness.authority.thing('car-6');
    const target = { port: harness.iot.mqttPort, caPath, certPath, keyPath, thing: 'car-6' };
    const script = fileURLToPath(new URL('./sdk-shadow-client.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(target)], {
      timeout: 40_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      missing: 404,
      firstVersion: 1,
      delta: { wingDeg: 6 },
      state: { desired: { wingDeg: 6 }, reported: { wingDeg: 5 }, delta: { wingDeg: 6 } },
      version: 2,
    });
  });
});
