import { readFile } from 'node:fs/promises';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthorizerEvent, CustomAuthorizer } from '#cloud/local/iot-core/custom-authorizer.js';
import { closed, Harness, inbox, until } from './harness.js';

const arn = (resource: string) => `arn:aws:iot:us-east-1:000000000000:${resource}`;
const policy = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/timing-*') },
    { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: arn('topic/loops/*') },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: arn('topicfilter/loops/*') },
  ],
};

const events: AuthorizerEvent[] = [];
const customAuthorizer: CustomAuthorizer = async (event) => {
  events.push(event);
  const { mqtt: asked, http } = event.protocolData;
  const password = Buffer.from(asked.password ?? '', 'base64').toString();
  return {
    isAuthenticated: password === 'secret' || http?.headers['x-token'] === 'secret',
    principalId: 'timing',
    policyDocuments: [policy],
    disconnectAfterInSeconds: 3600,
    refreshAfterInSeconds: 300,
  };
};

let harness: Harness;
let ca: Buffer;

beforeAll(async () => {
  harness = await Harness.start({ customAuthorizer });
  ca = await readFile(harness.authority.caPath);
});
afterAll(() => harness.stop());

/** Rejects when the connection is refused. */
async function login(options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect({
    protocol: 'mqtts',
    host: 'localhost',
    port: harness.iot.mqttPort,
    ca,
    ALPNProtocols: ['mqtt'],
    reconnectPeriod: 0,
    ...options,
  });
  client.on('error', () => {});
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
}

describe('a client without a certificate', () => {
  it('comes in by user name and password, and may do what its policies allow', async () => {
    const client = await login({ clientId: 'timing-1', username: 'user', password: 'secret' });
    expect(events.at(-1)?.protocolData).toEqual({
      tls: { serverName: 'localhost' },
      mqtt: { clientId: 'timing-1', username: 'user', password: Buffer.from('secret').toString('base64') },
    });
    const heard = inbox(client);
    await client.subscribeAsync('loops/1', { qos: 1 });
    await client.publishAsync('loops/1', 'crossed', { qos: 1 });
    await until(() => heard.length === 1);
    expect(harness.rules.messages.at(-1)).toMatchObject({ topic: 'loops/1', principal: 'timing' });
    const end = closed(client);
    client.publish('elsewhere', 'x', { qos: 1 });
    await end;
    expect(harness.rules.messages.at(-1)?.topic).toBe('loops/1');
  });

  it.each<[string, IClientOptions]>([
    ['with a wrong password', { clientId: 'timing-2', username: 'user', password: 'guess' }],
    ['under a client id that its policies do not allow', { clientId: 'car-1', username: 'user', password: 'secret' }],
    [
      'that does not say that it logs in',
      { clientId: 'timing-3', password: 'secret', username: 'u', ALPNProtocols: [] },
    ],
  ])('%s stays outside', async (_, options) => {
    await expect(login(options)).rejects.toThrow();
  });

  it('comes in over WebSocket by what its request carries', async () => {
    const client = await login({
      protocol: 'wss',
      port: harness.iot.webSocketPort,
      path: '/mqtt',
      clientId: 'timing-4',
      wsOptions: { ca, headers: { 'x-token': 'secret' } },
    });
    expect(events.at(-1)).toMatchObject({
      protocols: ['tls', 'http', 'mqtt'],
      protocolData: { http: { queryString: '', headers: { 'x-token': 'secret' } }, mqtt: { clientId: 'timing-4' } },
    });
    await client.endAsync();
    await expect(
      login({
        protocol: 'wss',
        port: harness.iot.webSocketPort,
        path: '/mqtt',
        clientId: 'timing-5',
        wsOptions: { ca },
      }),
    ).rejects.toThrow();
  });
});

describe('a client with a certificate', () => {
  it('is who its certificate says, whatever its user name', async () => {
    const asked = events.length;
    const car = await harness.connect('car-1', { username: 'user', password: 'guess' });
    await car.endAsync();
    expect(events).toHaveLength(asked);
  });
});

describe('without a custom authorizer', () => {
  it('nobody comes in without a certificate', async () => {
    await harness.iot.close();
    await harness.startIotCore();
    await expect(login({ clientId: 'timing-6', username: 'user', password: 'secret' })).rejects.toThrow();
  });
});
