/** What a client sees when a policy refuses: the broker effects B01 to B08 of the vectors, and rights that change. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CertificateStatus } from '#cloud/local/iot-core/registry/directory.js';
import { Directory } from './directory.js';
import { closed, Harness, inbox, OPERATOR, until } from './harness.js';

const ARN = 'arn:aws:iot:us-east-1:000000000000';
const THING = `\${iot:Connection.Thing.ThingName}`;

const arns = (names: string[]) => names.map((name) => `${ARN}:${name}`);
const allow = (Action: string, ...names: string[]) => ({ Effect: 'Allow', Action, Resource: arns(names) });
const deny = (Action: string, ...names: string[]) => ({ Effect: 'Deny', Action, Resource: arns(names) });

const CAR = [
  allow('iot:Connect', `client/${THING}`),
  allow('iot:Publish', `topic/t/${THING}/*`, 'topic/all'),
  allow('iot:RetainPublish', 'topic/all'),
  allow('iot:Subscribe', 'topicfilter/t/*', 'topicfilter/all'),
  allow('iot:Receive', `topic/t/${THING}/*`, 'topic/all'),
];

const directory = new Directory();
let harness: Harness;
let operator: MqttClient;

/** Registers the car's certificate with these statements. */
async function register(name: string, statements: object[] = CAR, status?: CertificateStatus): Promise<void> {
  const { certPath } = await harness.authority.thing(name);
  const { fingerprint256 } = new X509Certificate(readFileSync(certPath));
  directory.put(fingerprint256.replaceAll(':', '').toLowerCase(), name, statements, status);
}

const cars: MqttClient[] = [];

/** Takes its leave after the test, so that its will is nobody else's. */
async function connect(name: string, options: Parameters<Harness['connect']>[1] = {}): Promise<MqttClient> {
  const car = await harness.connect(name, options);
  cars.push(car);
  return car;
}

const refused = (reason: string) => harness.iot.stats().refused[reason] ?? 0;

/** What the presence events of a kind said of a client. */
function told(kind: string, clientId: string): Record<string, unknown>[] {
  return harness.rules.events
    .filter(({ topic }) => topic === `$aws/events/presence/${kind}/${clientId}`)
    .map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>);
}

beforeAll(async () => {
  harness = await Harness.start({ directory });
  operator = await harness.connect(OPERATOR, { clientId: 'wall' });
});
afterAll(() => harness.stop());
beforeEach(async () => {
  harness.rules.messages.length = 0;
  harness.rules.events.length = 0;
  for (const name of ['car-1', 'car-2']) await register(name);
});

afterEach(async () => {
  for (const car of cars.splice(0)) if (car.connected) await car.endAsync();
  await until(() => harness.iot.stats().connections === 1);
});

describe('a CONNECT', () => {
  it('that is not allowed is refused, and told of (B01)', async () => {
    const identity = await harness.authority.thing('car-1');
    const before = refused('notAuthorised');
    await expect(connect('car-2', { identity })).rejects.toThrow(/Not authorized/);
    expect(refused('notAuthorised')).toBe(before + 1);
    expect(told('connect_failed', 'car-2')).toMatchObject([{ connectFailureReason: 'AUTHORIZATION_FAILED' }]);
    expect(told('connected', 'car-2')).toEqual([]);
  });

  it.each([
    ['may not be published', { topic: 'somewhere', retain: false }, 'notAuthorised'],
    ['may not be retained', { topic: 't/car-1/gone', retain: true }, 'retain'],
  ])('with a will that %s is refused, and told of (B02)', async (_what, { topic, retain }, reason) => {
    const before = refused(reason);
    const will = { topic, retain, payload: Buffer.from('gone'), qos: 1 as const };
    await expect(connect('car-1', { will })).rejects.toThrow(/Not authorized/);
    expect(refused(reason)).toBe(before + 1);
    expect(told('connect_failed', 'car-1')).toHaveLength(1);
    const allowed = await connect('car-1', { will: { ...will, topic: 'all' } });
    expect(allowed.connected).toBe(true);
  });

  it('is decided with its features: a persistent session, a will', async () => {
    const condition = { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill'] } };
    await register('car-1', [...CAR.slice(1), { ...CAR[0], Condition: condition }]);
    const will = { topic: 'all', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    await expect(connect('car-1', { clean: false })).rejects.toThrow(/Not authorized/);
    expect((await connect('car-1', { will })).connected).toBe(true);
  });

  it('of a certificate that nobody registered is refused', async () => {
    await expect(connect('car-3')).rejects.toThrow(/Not authorized/);
  });
});

describe('a PUBLISH that is not allowed', () => {
  it.each([
    ['to another’s topic (B03)', 't/car-2/x', false],
    ['retained without the right to it (B06)', 't/car-1/x', true],
  ])('%s ends the connection without a PUBACK, and sends the will', async (_what, topic, retain) => {
    const received = inbox(operator);
    await operator.subscribeAsync(['all', 't/#'], { qos: 1 });
    const will = { topic: 'all', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const car = await connect('car-1', { will });
    let acknowledged = false;
    const ended = closed(car);
    car.publish(topic, 'forged', { qos: 1, retain }, (error) => {
      acknowledged = !error;
    });
    await ended;
    await until(() => received.length > 0);
    expect(received.map(({ text }) => text)).toEqual(['gone']);
    expect(acknowledged).toBe(false);
    expect(harness.rules.texts()).toEqual(['gone']);
    expect(told('disconnected', 'car-1')).toMatchObject([{ disconnectReason: 'AUTH_ERROR' }]);
    await operator.unsubscribeAsync(['all', 't/#']);
  });

  it('is none when both rights are there', async () => {
    const car = await connect('car-1');
    await car.publishAsync('all', 'kept', { qos: 1, retain: true });
    await operator.publishAsync('all', '', { qos: 1, retain: true });
    expect(harness.rules.texts()).toEqual(['kept', '']);
  });
});

describe('a SUBSCRIBE that is not allowed (B04)', () => {
  it.each(['elsewhere', '$SYS/#'])('to %s ends the connection', async (filter) => {
    const car = await connect('car-1');
    const ended = closed(car);
    car.subscribe(filter, { qos: 1 }, () => {});
    await ended;
    expect(car.connected).toBe(false);
  });

  it('is answered with 0x80 when so configured', async () => {
    const lenient = await Harness.start({ deviations: { refusedSubscription: 'answer' } });
    const car = await lenient.connect('car-1');
    await expect(car.subscribeAsync('elsewhere', { qos: 1 })).rejects.toThrow(/Unspecified error/);
    expect(car.connected).toBe(true);
    await lenient.stop();
  });
});

describe('a delivery that is not allowed (B05)', () => {
  it('does not happen, and nothing else does', async () => {
    const car = await connect('car-1');
    const received = inbox(car);
    // The text of the filter is allowed; most of what it brings is not.
    await car.subscribeAsync(['t/#', 'all'], { qos: 1 });
    await operator.publishAsync('t/car-2/x', 'for another', { qos: 1 });
    await operator.publishAsync('t/car-1/x', 'for this one', { qos: 1 });
    await until(() => received.length > 0);
    await operator.publishAsync('all', 'fence', { qos: 1 });
    await until(() => received.length > 1);
    expect(received.map(({ text }) => text)).toEqual(['for this one', 'fence']);
    expect(car.connected).toBe(true);
  });
});

describe('a second client of the same id (B07)', () => {
  it('ends the first, whose will is sent', async () => {
    const will = { topic: 'all', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const first = await connect('car-1', { will });
    const ended = closed(first);
    const second = await connect('car-1');
    await ended;
    await until(() => harness.rules.messages.length > 0);
    expect(harness.rules.texts()).toEqual(['gone']);
    expect(told('disconnected', 'car-1')).toMatchObject([{ disconnectReason: 'DUPLICATE_CLIENTID' }]);
    expect(second.connected).toBe(true);
  });
});

describe('a certificate (B08) that is set', () => {
  it.each(['INACTIVE', 'REVOKED'] as const)('%s ends its connection and gets no other', async (status) => {
    const [car, other] = [await connect('car-1'), await connect('car-2')];
    const ended = closed(car);
    await register('car-1', CAR, status);
    await ended;
    await expect(connect('car-1')).rejects.toThrow(/Not authorized/);
    expect(refused('certificateStatus')).toBeGreaterThan(1);
    await other.publishAsync('all', 'still here', { qos: 1 });
    expect(harness.rules.texts()).toEqual(['still here']);
  });
});

describe('rights that change', () => {
  it('hold at once for what is said from then on; a subscription stays, its deliveries do not', async () => {
    const car = await connect('car-1');
    const received = inbox(car);
    await car.subscribeAsync('all', { qos: 1 });
    await car.publishAsync('t/car-1/x', 'before', { qos: 1 });
    await register('car-1', [...CAR, deny('iot:Receive', 'topic/all')]);
    await operator.publishAsync('all', 'not for it', { qos: 1 });
    await register('car-1');
    await operator.publishAsync('all', 'for it', { qos: 1 });
    await until(() => received.length > 0);
    expect(received.map(({ text }) => text)).toEqual(['for it']);

    await register('car-1', [...CAR, deny('iot:Publish', 'topic/*')]);
    const ended = closed(car);
    car.publish('t/car-1/x', 'after', { qos: 1 });
    await ended;
    expect(harness.rules.texts()).not.toContain('after');
  });

  it('may hold a while longer for open connections, as they do in AWS', async () => {
    const slow = await Harness.start({ directory, limits: { policyCacheMs: 50 } });
    const { certPath } = await slow.authority.thing('car-9');
    const { fingerprint256 } = new X509Certificate(readFileSync(certPath));
    const id = fingerprint256.replaceAll(':', '').toLowerCase();
    directory.put(id, 'car-9', CAR);
    const car = await slow.connect('car-9');
    const ended = closed(car);
    directory.put(id, 'car-9', CAR, 'REVOKED');
    await car.publishAsync('all', 'still allowed', { qos: 1 });
    expect(slow.rules.texts()).toEqual(['still allowed']);
    await ended;
    await slow.stop();
  });
});
