import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  ListRetainedMessagesCommand,
  ListSubscriptionsCommand,
  PublishCommand,
  SendDirectMessageCommand,
} from '@aws-sdk/client-iot-data-plane';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topics } from '#wire/topics.js';
import { closed, credentials, freeze, Harness, inbox, OPERATOR, until } from './harness.js';

let harness: Harness;
let cloud: IoTDataPlaneClient;

const connectClient = () =>
  new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${harness.iot.dataPlanePort}`,
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
  });

beforeAll(async () => {
  harness = await Harness.start({ limits: { keepAliveMinSeconds: 1 } });
  cloud = connectClient();
});
afterAll(async () => {
  cloud.destroy();
  await harness.stop();
});

const operatorAs = async (clientId: string, options = {}) =>
  harness.connect(OPERATOR, { clientId, identity: await harness.authority.thing(OPERATOR), ...options });

describe('retained messages over HTTP', () => {
  const retain = (topic: string, payload: string) =>
    cloud.send(new PublishCommand({ topic, payload: Buffer.from(payload), qos: 1, retain: true }));

  it('are kept, listed in pages, found, replaced, deleted, and outlive the broker', async () => {
    const names = Array.from({ length: 5 }, (_, index) => `kept/${index} ü+`.replace('+', index === 0 ? '' : 'x'));
    for (const name of names) await retain(name, name);
    const first = await cloud.send(new ListRetainedMessagesCommand({ maxResults: 3 }));
    const second = await cloud.send(new ListRetainedMessagesCommand({ maxResults: 3, nextToken: first.nextToken }));
    expect(first.retainedTopics).toHaveLength(3);
    expect(second.nextToken).toBeUndefined();
    const listed = [...(first.retainedTopics ?? []), ...(second.retainedTopics ?? [])];
    expect(listed.map(({ topic }) => topic)).toEqual(names);
    expect(listed[0]).toMatchObject({ payloadSize: Buffer.byteLength(names[0]), qos: 1 });

    await harness.iot.close();
    await harness.startIotCore({ limits: { keepAliveMinSeconds: 1 } });
    cloud.destroy();
    cloud = connectClient();
    await retain(names[1], 'newer');
    const found = await cloud.send(new GetRetainedMessageCommand({ topic: names[1] }));
    expect(Buffer.from(found.payload ?? []).toString()).toBe('newer');
    expect(found.lastModifiedTime).toBeGreaterThan(1e12);
    const kept = await cloud.send(new GetRetainedMessageCommand({ topic: names[2] }));
    expect(Buffer.from(kept.payload ?? []).toString()).toBe(names[2]);

    for (const name of names) await retain(name, '');
    await expect(cloud.send(new GetRetainedMessageCommand({ topic: names[1] }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect((await cloud.send(new ListRetainedMessagesCommand({}))).retainedTopics).toEqual([]);
  });

  it('do not stand on reserved topics', async () => {
    const send = retain('$aws/things/car-1/shadow/get', 'x');
    await expect(send).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });
});

describe('Publish', () => {
  it('takes what MQTT 5 would carry, checks it, tells the rules, and leaves it out for subscribers', async () => {
    const client = await operatorAs('plain');
    const received = inbox(client);
    await client.subscribeAsync('five', { qos: 1 });
    const options = {
      topic: 'five',
      qos: 1,
      payload: Buffer.from('x'),
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: 'YQ==',
      messageExpiry: 60,
      payloadFormatIndicator: 'UTF8_DATA',
      userProperties: JSON.stringify([{ car: '1' }, { lap: '2' }]),
    } as const;
    await cloud.send(new PublishCommand(options));
    await until(() => received.length === 1);
    for (const wrong of [
      { responseTopic: 'a/+' },
      { messageExpiry: 604_801 },
      { userProperties: '[{"a":1}]' },
      { payloadFormatIndicator: 'LATIN1' as never },
    ]) {
      await expect(cloud.send(new PublishCommand({ ...options, ...wrong }))).rejects.toMatchObject({
        name: 'InvalidRequestException',
      });
    }
    expect(received).toHaveLength(1);
    expect(harness.rules.messages.find(({ topic }) => topic === 'five')).toMatchObject({
      mqttProperties: {
        content_type: 'text/plain',
        response_topic: 'answers',
        correlation_data: 'YQ==',
        format_indicator: 'UTF8_DATA',
      },
      userProperties: [
        ['car', '1'],
        ['lap', '2'],
      ],
    });
  });
});

describe('connections', () => {
  it('are told of while they last and a while after', async () => {
    const car = await harness.connect('car-1', { keepalive: 45, clean: false });
    const of = (includeSocketInformation = false) =>
      cloud.send(new GetConnectionCommand({ clientId: 'car-1', includeSocketInformation }));
    const connection = await of();
    expect(connection).toMatchObject({
      connected: true,
      clientId: 'car-1',
      cleanSession: false,
      keepAliveDuration: 45,
      sessionExpiry: 3600,
    });
    expect(connection.connectedSince).toBeGreaterThan(1e12);
    expect(connection.sourceIp).toBeUndefined();
    expect(await of(true)).toMatchObject({
      sourceIp: '127.0.0.1',
      targetIp: '127.0.0.1',
      targetPort: harness.iot.mqttPort,
      sourcePort: expect.any(Number),
    });
    await car.endAsync();
    await until(() => harness.iot.stats().disconnects.CLIENT_INITIATED_DISCONNECT > 0);
    const gone = await of();
    expect(gone).toMatchObject({ connected: false, disconnectReason: 'CLIENT_INITIATED_DISCONNECT' });
    expect(gone.disconnectedSince).toBeGreaterThanOrEqual(connection.connectedSince ?? 0);
    expect(gone.connectedSince).toBeUndefined();
    await expect(cloud.send(new GetConnectionCommand({ clientId: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(cloud.send(new GetConnectionCommand({ clientId: '$x' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  it('tell their subscriptions, twenty a page', async () => {
    const client = await operatorAs('many/filters');
    for (let i = 0; i < 25; i++) await client.subscribeAsync(`f/${String(i).padStart(2, '0')}`, { qos: (i % 2) as 0 });
    const first = await cloud.send(new ListSubscriptionsCommand({ clientId: 'many/filters' }));
    const second = await cloud.send(
      new ListSubscriptionsCommand({ clientId: 'many/filters', nextToken: first.nextToken }),
    );
    expect(first.subscriptions).toHaveLength(20);
    expect(first.subscriptions?.slice(0, 2)).toEqual([
      { topicFilter: 'f/00', qos: 0 },
      { topicFilter: 'f/01', qos: 1 },
    ]);
    expect(second.subscriptions?.map(({ topicFilter }) => topicFilter).at(-1)).toBe('f/24');
    expect(second.nextToken).toBeUndefined();
    await client.endAsync();
    await expect(cloud.send(new ListSubscriptionsCommand({ clientId: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('end when they are deleted: with their will or without, with their session or not', async () => {
    const watcher = await operatorAs('watcher');
    const received = inbox(watcher);
    await watcher.subscribeAsync(['wills/+', '$aws/events/presence/disconnected/+'], { qos: 1 });
    const will = (topic: string) => ({ topic, payload: Buffer.from('gone'), qos: 1 as const, retain: false });
    const loud = await operatorAs('loud', { will: will('wills/loud'), clean: false });
    await loud.subscribeAsync('x', { qos: 1 });
    const quiet = await operatorAs('quiet', { will: will('wills/quiet'), clean: false });
    await quiet.subscribeAsync('x', { qos: 1 });
    const ends = [closed(loud), closed(quiet)];
    await cloud.send(new DeleteConnectionCommand({ clientId: 'loud' }));
    await cloud.send(new DeleteConnectionCommand({ clientId: 'quiet', preventWillMessage: true, cleanSession: true }));
    await Promise.all(ends);
    await watcher.publishAsync('wills/fence', 'fence', { qos: 1 });
    await until(() => received.some(({ text }) => text === 'fence'));
    const told = received.filter(({ topic }) => topic.startsWith('$aws/')).map(({ text }) => JSON.parse(text));
    expect(told.map(({ clientId, disconnectReason }) => [clientId, disconnectReason])).toEqual([
      ['loud', 'API_INITIATED_DISCONNECT'],
      ['quiet', 'API_INITIATED_DISCONNECT'],
    ]);
    expect(received.map(({ topic }) => topic).filter((topic) => topic.startsWith('wills/'))).toEqual([
      'wills/loud',
      'wills/fence',
    ]);
    const sessions = await Promise.allSettled(
      ['loud', 'quiet'].map((clientId) => cloud.send(new ListSubscriptionsCommand({ clientId }))),
    );
    expect(sessions.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(cloud.send(new DeleteConnectionCommand({ clientId: 'nobody' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('SendDirectMessage', () => {
  it('reaches one client without a subscription, and confirms by its PUBACK', async () => {
    const car = await harness.connect('car-2');
    const received = inbox(car);
    const topic = topics.calls('car-2');
    const box = { clientId: 'car-2', topic, payload: Buffer.from('box') };
    await cloud.send(new SendDirectMessageCommand(box));
    const confirmed = await cloud.send(new SendDirectMessageCommand({ ...box, confirmation: true, timeout: 5 }));
    expect(confirmed.message).toBe('OK');
    await until(() => received.length === 2);
    expect(received.map(({ text }) => text)).toEqual(['box', 'box']);
    expect(harness.rules.messages.filter((message) => message.topic === topic)).toEqual([]);
  });

  it('is answered 504 when nobody confirms, 404 when nobody is there, 403 when they may not have it', async () => {
    const car = await harness.connect('car-3');
    freeze(car);
    const send = (clientId: string, topic: string) =>
      cloud.send(
        new SendDirectMessageCommand({ clientId, topic, payload: Buffer.from('x'), confirmation: true, timeout: 1 }),
      );
    await expect(send('car-3', topics.calls('car-3'))).rejects.toMatchObject({ name: 'GatewayTimeoutException' });
    await expect(send('away', 'a')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(send('car-3', topics.calls('car-1'))).rejects.toMatchObject({ name: 'ForbiddenException' });
    await expect(send('car-3', '$aws/things/car-3/shadow/get')).rejects.toMatchObject({
      name: 'InvalidRequestException',
    });
  });

  it('does not wait for a client that leaves', async () => {
    const car = await harness.connect('car-4');
    freeze(car);
    const sent = cloud.send(
      new SendDirectMessageCommand({
        clientId: 'car-4',
        topic: topics.calls('car-4'),
        confirmation: true,
        timeout: 15,
      }),
    );
    const outcome = sent.then(
      () => 'ok',
      (error: Error) => error.name,
    );
    await until(() => harness.iot.stats().publishesOut > 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    car.stream.destroy();
    expect(await outcome).toBe('GatewayTimeoutException');
  });
});
