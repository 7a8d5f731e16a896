import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { topics } from '#wire/topics.js';
import { closed, freeze, Harness, OPERATOR, until } from '../harness.js';

let harness: Harness;
let wall: MqttClient;
let told: { topic: string; event: Record<string, unknown>; retain: boolean }[];

beforeAll(async () => {
  harness = await Harness.start({ limits: { keepAliveMinSeconds: 1 }, things: new Set(['car-1', 'car-2']) });
  wall = await harness.connect(OPERATOR, { clientId: 'wall' });
  wall.on('message', (topic, payload, { retain }) =>
    told.push({ topic, event: JSON.parse(payload.toString()), retain }),
  );
  told = [];
  await wall.subscribeAsync(['$aws/events/presence/+/+', '$aws/events/subscriptions/+/+'], { qos: 1 });
  // Its own subscription is told of, too.
  await until(() => told.length === 1);
});
beforeEach(() => {
  told = [];
  harness.rules.events.length = 0;
});
afterAll(() => harness.stop());

/** Reasons of the ends of a client, in the order of coming. */
const reasons = (clientId: string) =>
  told.flatMap(({ event }) => (event.clientId === clientId && event.disconnectReason) || []);

describe('lifecycle events over MQTT', () => {
  it('tell of a connection, its subscriptions and its end, to subscribers and to rules', async () => {
    const car = await harness.connect('car-1');
    await car.subscribeAsync([topics.acks('car-1'), topics.calls('car-1')], { qos: 1 });
    await car.unsubscribeAsync(topics.calls('car-1'));
    await car.endAsync();
    await until(() => told.length === 4);
    expect(told.map(({ topic }) => topic)).toEqual([
      '$aws/events/presence/connected/car-1',
      '$aws/events/subscriptions/subscribed/car-1',
      '$aws/events/subscriptions/unsubscribed/car-1',
      '$aws/events/presence/disconnected/car-1',
    ]);
    const [connected, subscribed, unsubscribed, disconnected] = told.map(({ event }) => event);
    expect(connected).toEqual({
      clientId: 'car-1',
      timestamp: expect.any(Number),
      eventType: 'connected',
      sessionIdentifier: expect.stringMatching(/^[0-9a-f-]{36}$/),
      principalIdentifier: expect.stringMatching(/^[0-9a-f]{64}$/),
      ipAddress: '127.0.0.1',
      versionNumber: 0,
    });
    const { sessionIdentifier, principalIdentifier } = connected;
    const same = { clientId: 'car-1', sessionIdentifier, principalIdentifier, timestamp: expect.any(Number) };
    const both = [topics.acks('car-1'), topics.calls('car-1')];
    expect(subscribed).toEqual({ ...same, eventType: 'subscribed', topics: both });
    expect(unsubscribed).toEqual({ ...same, eventType: 'unsubscribed', topics: [both[1]] });
    expect(disconnected).toEqual({
      ...same,
      eventType: 'disconnected',
      versionNumber: 0,
      clientInitiatedDisconnect: true,
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
    });
    expect(harness.rules.events.map(({ topic }) => topic)).toEqual(told.map(({ topic }) => topic));
    expect(told.some(({ retain }) => retain)).toBe(false);
  });

  it('say why: lost, overtaken, silent, wrong, not allowed; and count the connections', async () => {
    const lost = await harness.connect('car-2');
    lost.stream.destroy();
    await until(() => reasons('car-2').length === 1);

    const old = await harness.connect('car-2');
    const overtaken = closed(old);
    const wrong = await harness.connect('car-2');
    await overtaken;
    const thrownOut = closed(wrong);
    wrong.publish(topics.events('car-2'), Buffer.alloc(130 * 1024), { qos: 1 }, () => {});
    await thrownOut;

    const forbidden = await harness.connect('car-2');
    const refused = closed(forbidden);
    forbidden.publish(topics.events('car-1'), 'x', { qos: 1 }, () => {});
    await refused;

    const silent = await harness.connect('car-2', { keepalive: 1 });
    freeze(silent);
    // It can no longer see the answers to its pings, nor send any.
    (silent as unknown as { keepaliveManager?: { destroy(): void } }).keepaliveManager?.destroy();
    await until(() => reasons('car-2').length === 5);
    expect(reasons('car-2')).toEqual([
      'CONNECTION_LOST',
      'DUPLICATE_CLIENTID',
      'CLIENT_ERROR',
      'AUTH_ERROR',
      'MQTT_KEEP_ALIVE_TIMEOUT',
    ]);
    const versions = (eventType: string) =>
      told.flatMap(({ event }) => (event.eventType === eventType ? [event.versionNumber] : []));
    expect(versions('connected')).toEqual([0, 1, 2, 3, 4]);
    expect(versions('disconnected')).toEqual([0, 1, 2, 3, 4]);
  });

  it('tell of a client that may not connect, and of one whose will it may not leave', async () => {
    const identity = await harness.authority.thing('car-1');
    await expect(harness.connect('car-2', { identity })).rejects.toThrow();
    const will = { topic: topics.events('car-2'), payload: Buffer.from('x'), qos: 1 as const, retain: false };
    await expect(harness.connect('car-1', { identity, will })).rejects.toThrow();
    await until(() => told.length === 2);
    expect(told.map(({ topic, event }) => [topic, event.eventType, event.connectFailureReason])).toEqual([
      ['$aws/events/presence/connect_failed/car-2', 'connect_failed', 'AUTHORIZATION_FAILED'],
      ['$aws/events/presence/connect_failed/car-1', 'connect_failed', 'AUTHORIZATION_FAILED'],
    ]);
  });

  it('are not made of a client id that would be a wildcard', async () => {
    const identity = await harness.authority.thing(OPERATOR);
    const odd = await harness.connect('odd', { identity, clientId: 'odd+#' });
    await odd.endAsync();
    const plain = await harness.connect('plain', { identity, clientId: 'plain' });
    await plain.endAsync();
    await until(() => reasons('plain').length === 1);
    expect(new Set(told.map(({ event }) => event.clientId))).toEqual(new Set(['plain']));
  });
});
