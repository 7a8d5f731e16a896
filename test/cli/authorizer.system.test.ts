/** `pitwall local --authorizer`: the module that AWS would run as a Lambda function. */
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateAuthorizerCommand, ListAuthorizersCommand } from '@aws-sdk/client-iot';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createIotClient } from '#cloud/clients.js';
import { Desk } from './command.js';

const AUTHORIZER = `
const arn = (resource) => 'arn:aws:iot:us-east-1:000000000000:' + resource;
export const handler = async ({ protocolData: { mqtt } }) => ({
  isAuthenticated: Buffer.from(mqtt.password ?? '', 'base64').toString() === 'pit lane',
  principalId: 'loops',
  policyDocuments: [{ Version: '2012-10-17', Statement: [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: arn('client/loop-*') },
    { Effect: 'Allow', Action: 'iot:Publish', Resource: arn('topic/loops/*') },
  ] }],
  disconnectAfterInSeconds: 3600,
  refreshAfterInSeconds: 300,
});
`;

let desk: Desk;
let module: string;
beforeEach(() => {
  desk = new Desk();
  module = join(desk.folder, 'authorizer.mjs');
  writeFileSync(module, AUTHORIZER);
});
afterEach(() => desk.close());

it('lets a client in by its password, over TLS and WebSocket, to what its policies allow', async () => {
  const { ready } = await desk.local(0, '--authorizer', module);
  const { host, port } = ready.mqtt;
  const ca = await readFile(ready.mqtt.ca);
  const connect = (clientId: string, password: string, options: Partial<IClientOptions> = {}) => {
    const client = mqtt.connect({
      ...{ protocol: 'mqtts', host, port, ca, ALPNProtocols: ['mqtt'], reconnectPeriod: 0 },
      ...{ clientId, username: 'timing', password },
      ...options,
    });
    return new Promise<MqttClient>((resolve, reject) => {
      client.once('connect', () => resolve(client));
      client.on('error', reject);
      client.once('close', () => reject(new Error('closed')));
    });
  };
  const overWebSocket = {
    protocol: 'wss',
    port: Number(new URL(ready.endpoints.iotWebSocket).port),
    path: '/mqtt',
    wsOptions: { ca },
  } as const;

  const sub = desk.start(['sub', 'loops/#', '--json', '--count', '2']);
  const loop = await connect('loop-1', 'pit lane');
  const second = await connect('loop-2', 'pit lane', overWebSocket);
  while (!sub.out()) await loop.publishAsync('loops/1', '{"crossed":24}', { qos: 1 });
  await second.publishAsync('loops/2', '{"crossed":7}', { qos: 1 });
  expect((await sub.ended).out).toContain('{"topic":"loops/1","payload":{"crossed":24}}');
  const cutOff = new Promise<void>((resolve) => loop.once('close', () => resolve()));
  loop.publish('pitwall/v1/car-1/calls', 'forged', { qos: 1 });
  await cutOff;
  second.end(true);

  await expect(connect('loop-3', 'guess')).rejects.toThrow();
  await expect(connect('car-1', 'pit lane')).rejects.toThrow();
  await expect(connect('loop-4', 'pit lane', { ALPNProtocols: undefined })).rejects.toThrow();
});

it('says what is wrong with a module that has no handler, or is not there', async () => {
  writeFileSync(module, 'export const authorise = 1;');
  const without = await desk.run(['local', '--authorizer', module]);
  expect([without.code, without.err]).toEqual([3, expect.stringContaining('exports no function "handler"')]);
  const missing = await desk.run(['local', '--authorizer', join(desk.folder, 'other.mjs')]);
  expect([missing.code, missing.err]).toEqual([3, expect.stringContaining('PW-CONFIG-MODULE')]);
});

it('authorizers of the API are refused by name: their function would be in an account', async () => {
  const { ready } = await desk.local(0, '--authorizer', module);
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = ready.env;
  const iot = await createIotClient({
    region,
    credentials: { accessKeyId, secretAccessKey },
    endpoints: { iot: ready.endpoints.iot },
  });
  const authorizerFunctionArn = 'arn:aws:lambda:us-east-1:000000000000:function:authorise';
  for (const send of [
    () => iot.send(new CreateAuthorizerCommand({ authorizerName: 'loops', authorizerFunctionArn })),
    () => iot.send(new ListAuthorizersCommand({})),
  ]) {
    await expect(send()).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('is not served by the local IoT Core'),
      $metadata: { httpStatusCode: 501 },
    });
  }
  iot.destroy();
});
