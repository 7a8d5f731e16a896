import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAuthority } from '#certs/authority.js';
import type { Deviations } from '#cloud/local/iot-core/deviations.js';
import { DEFAULT_LIMITS } from '#cloud/local/iot-core/limits.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { topics } from '#wire/topics.js';
import { closed, freeze, Harness, inbox, OPERATOR, until } from './harness.js';

let harness: Harness;
let operator: MqttClient;

beforeAll(async () => {
  harness = await Harness.start({ things: new Set(['car-1', 'car-2', 'car-3']) });
  operator = await harness.connect(OPERATOR, { clientId: 'wall' });
});
afterAll(() => harness.stop());
beforeEach(() => {
  harness.rules.messages.length = 0;
  harness.rules.gate = undefined;
});

const refused = (reason: string) => harness.iot.stats().refused[reason] ?? 0;

describe('who may connect', () => {
  it('nobody whose certificate another authority signed', async () => {
    const foreign = await openAuthority(join(harness.dir, 'foreign'), { now: wallClock });
    const identity = await foreign.thing('car-1');
    await expect(harness.connect('car-1', { identity })).rejects.toThrow();
    expect(refused('tls')).toBe(1);
  });

  it('a thing under its own name only', async () => {
    const identity = await harness.authority.thing('car-1');
    await expect(harness.connect('car-2', { identity })).rejects.toThrow(/Not authorized/);
  });

  it('no thing that is not registered', async () => {
    await expect(harness.connect('car-9')).rejects.toThrow(/Not authorized/);
  });

  it('the operator under any name but a thing’s', async () => {
    const identity = await harness.authority.thing(OPERATOR);
    await expect(harness.connect('car-1', { identity })).rejects.toThrow(/Not authorized/);
    const client = await harness.connect('a-screen', { identity });
    expect(client.connected).toBe(true);
  });

  it('whatever the user name says: the SDK sends metrics there', async () => {
    const client = await harness.connect('car-1', { username: `?SDK=IoTDeviceSDK/JS&Platform=Unix` });
    expect(client.connected).toBe(true);
  });
});

describe('a publish', () => {
  it('reaches rules and subscribers, with the certificate as principal', async () => {
    const received = inbox(operator);
    await operator.subscribeAsync(topics.events('car-1'), { qos: 1 });
    const car = await harness.connect('car-1');
    await car.publishAsync(topics.events('car-1'), '{"a":1}', { qos: 1 });
    await until(() => received.length === 1);
    expect(received[0]).toMatchObject({ topic: topics.events('car-1'), text: '{"a":1}' });
    expect(harness.rules.messages[0]).toMatchObject({ topic: topics.events('car-1'), clientId: 'car-1' });
    expect(harness.rules.messages[0].principal).toMatch(/^[0-9a-f]{64}$/);
    expect(harness.rules.messages[0].rule).toBeUndefined();
  });

  it('of frames reaches its rule alone, also past a subscriber to everything', async () => {
    const received = inbox(operator);
    await operator.subscribeAsync('#', { qos: 1 });
    const car = await harness.connect('car-1');
    await car.publishAsync(topics.frames('car-1', 'live'), 'frame', { qos: 1 });
    await car.publishAsync(topics.health('car-1'), 'after', { qos: 1 });
    await until(() => received.length > 0);
    expect(received.map(({ text }) => text)).toEqual(['after']);
    expect(harness.rules.messages[0]).toMatchObject({ rule: 'frames_live', topic: 'pitwall/v1/car-1/frames' });
    await operator.unsubscribeAsync('#');
  });

  for (const [what, topic] of [
    ['another car’s events', topics.events('car-2')],
    ['another car’s frames', topics.frames('car-2', 'live')],
    ['another car’s shadow', '$aws/things/car-2/shadow/name/setup/update'],
    ['its own acknowledgements', topics.acks('car-1')],
    ['a shadow answer', '$aws/things/car-1/shadow/name/setup/update/accepted'],
  ]) {
    it(`to ${what} closes the connection and goes nowhere`, async () => {
      const received = inbox(operator);
      await operator.subscribeAsync(topic.startsWith('$aws/rules/') ? 'pitwall/#' : topic, { qos: 1 });
      const car = await harness.connect('car-1');
      const ended = closed(car);
      car.publish(topic, 'forged', { qos: 1 });
      await ended;
      await operator.publishAsync('pitwall/fence', 'fence', { qos: 1 });
      expect(received.filter(({ text }) => text === 'forged')).toEqual([]);
      expect(harness.rules.texts()).toEqual(['fence']);
    });
  }

  it('of 200 KB, at QoS 2, or retained closes the connection', async () => {
    const attempts = [
      { payload: Buffer.alloc(200_000), options: { qos: 1 as const } },
      { payload: 'x', options: { qos: 2 as const } },
      { payload: 'x', options: { qos: 1 as const, retain: true } },
    ];
    for (const { payload, options } of attempts) {
      const car = await harness.connect('car-1');
      const ended = closed(car);
      car.publish(topics.events('car-1'), payload, options);
      await ended;
    }
    expect([refused('payloadSize'), refused('qos2'), refused('retain')]).toEqual([1, 1, 1]);
    expect(harness.rules.messages).toEqual([]);
  });

  it('whose header announces 256 MB ends the connection before any of them come', async () => {
    const car = await harness.connect('car-1');
    const ended = closed(car);
    const before = refused('payloadSize');
    car.stream.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
    await ended;
    expect(refused('payloadSize')).toBe(before + 1);
  });

  it('is acknowledged when the rules took it, and in the order of sending', async () => {
    let open = () => {};
    harness.rules.gate = ({ payload }) =>
      Buffer.from(payload).toString() === '1' ? new Promise((resolve) => (open = resolve)) : undefined;
    const car = await harness.connect('car-1');
    const acked: string[] = [];
    const publishes = ['1', '2', '3'].map(async (text) => {
      await car.publishAsync(topics.events('car-1'), text, { qos: 1 });
      acked.push(text);
    });
    await until(() => harness.rules.messages.length === 1);
    // A round trip of another connection: the broker has had its chance to acknowledge too early.
    await operator.publishAsync('pitwall/fence', 'fence', { qos: 1 });
    expect(acked).toEqual([]);
    expect(harness.rules.texts()).toEqual(['1', 'fence']);
    open();
    await Promise.all(publishes);
    expect(acked).toEqual(['1', '2', '3']);
    expect(harness.rules.texts()).toEqual(['1', 'fence', '2', '3']);
  });

  it('that the rules refuse is never acknowledged', async () => {
    harness.rules.gate = () => Promise.reject(new Error('overload'));
    const car = await harness.connect('car-1');
    let acked = false;
    const ended = closed(car);
    car.publish(topics.events('car-1'), 'x', { qos: 1 }, (error) => {
      acked = !error;
    });
    await ended;
    expect(acked).toBe(false);
    expect(refused('rulesFailed')).toBe(1);
  });

  it('that was sent as a will reaches rules and subscribers, but changes no shadow', async () => {
    const received = inbox(operator);
    const topic = '$aws/things/car-1/shadow/name/setup/update';
    await operator.subscribeAsync(topic, { qos: 1 });
    const will = { topic, payload: Buffer.from('{"state":{"desired":{"a":1}}}'), qos: 1 as const, retain: false };
    const car = await harness.connect('car-1', { will });
    car.stream.destroy();
    await until(() => received.length === 1);
    expect(harness.rules.messages).toHaveLength(1);
    expect(harness.iot.stats().shadow).toEqual({});
  });
});

describe('a subscription', () => {
  for (const filter of [
    topics.acks('car-2'),
    'pitwall/#',
    '#',
    '$SYS/#',
    '$aws/rules/frames_live/#',
    '$share/g/a',
    '$share/g',
  ]) {
    it(`of a car to ${filter} closes the connection`, async () => {
      const car = await harness.connect('car-1');
      const ended = closed(car);
      car.subscribe(filter, { qos: 1 }, () => {});
      await ended;
    });
  }

  it('to nine filters at once, or to QoS 2, closes the connection', async () => {
    const identity = await harness.authority.thing(OPERATOR);
    for (const [filters, qos] of [
      [Array.from({ length: 9 }, (_, index) => `a/${index}`), 1],
      [['a'], 2],
    ] as const) {
      const client = await harness.connect('many', { identity });
      const ended = closed(client);
      client.subscribe([...filters], { qos }, () => {});
      await ended;
    }
    expect(refused('subscriptionLimit')).toBe(1);
  });

  it('to a/# does not match a; one with a wildcard gets no retained message', async () => {
    const identity = await harness.authority.thing(OPERATOR);
    await operator.publishAsync('flags/now', 'green', { qos: 1, retain: true });
    const client = await harness.connect('retained', { identity });
    const received = inbox(client);
    await client.subscribeAsync('flags/#', { qos: 1 });
    await client.subscribeAsync('flags/now', { qos: 1 });
    await operator.publishAsync('flags', 'parent', { qos: 1 });
    await operator.publishAsync('flags/later', 'child', { qos: 1 });
    await until(() => received.some(({ text }) => text === 'child'));
    expect(received.map(({ text, retain }) => [text, retain])).toEqual([
      ['green', true],
      ['child', false],
    ]);
    await operator.publishAsync('flags/now', '', { qos: 1, retain: true });
  });
});

describe('a persistent session', () => {
  it('gets what was sent while it was away, without frames and beyond its bound without the oldest', async () => {
    const small = await Harness.start({ limits: { sessionQueueMessages: 3 } });
    const sender = await small.connect(OPERATOR, { clientId: 'sender' });
    const car = await small.connect('car-1', { clean: false });
    await car.subscribeAsync(topics.acks('car-1'), { qos: 1 });
    await car.endAsync();
    await until(() => small.iot.stats().connections === 1);
    for (const text of ['1', '2', '3', '4', '5']) await sender.publishAsync(topics.acks('car-1'), text, { qos: 1 });
    const back = await small.connect('car-1', { clean: false });
    await until(() => small.received.length === 3);
    expect(small.received.map(({ text }) => text)).toEqual(['3', '4', '5']);
    expect(small.iot.stats().deliveryDrops).toEqual({ queueFull: 2 });
    await back.endAsync();
    await small.stop();
  });
});

describe('limits', () => {
  it('hold publishes back by race time, and drop none', async () => {
    const raceClock = new ManualClock(0);
    const limits = { publishesPerSecond: 10, throttleWaitMs: 60_000 };
    const slow = await Harness.start({ raceClock, limits });
    const car = await slow.connect('car-1');
    const publishes = Array.from({ length: 15 }, (_, index) =>
      car.publishAsync(topics.events('car-1'), `${index}`, { qos: 1 }),
    );
    await Promise.all(publishes.slice(0, 10));
    await until(() => slow.iot.stats().throttled === 1);
    expect(slow.rules.messages).toHaveLength(10);
    raceClock.advance(1000);
    await Promise.all(publishes);
    expect(slow.rules.texts()).toEqual(Array.from({ length: 15 }, (_, index) => `${index}`));
    await slow.stop();
  });

  /** 15 at QoS 0 where 10 are allowed, then time for 10 more and one at QoS 1. */
  const overRate = async (deviations?: Partial<Deviations>) => {
    const raceClock = new ManualClock(0);
    const limits = { publishesPerSecond: 10, throttleWaitMs: 60_000 };
    const slow = await Harness.start({ raceClock, limits, deviations });
    const [car, operator] = [await slow.connect('car-1'), await slow.connect(OPERATOR)];
    const received = inbox(operator);
    await operator.subscribeAsync(topics.events('car-1'), { qos: 1 });
    for (let i = 0; i < 15; i++) car.publish(topics.events('car-1'), `${i}`, { qos: 0 });
    await until(() => slow.iot.stats().discarded === 5 || slow.iot.stats().throttled === 1);
    raceClock.advance(1000);
    await car.publishAsync(topics.events('car-1'), 'last', { qos: 1 });
    await until(() => received.some(({ text }) => text === 'last'));
    const texts = slow.rules.texts();
    const { discarded } = slow.iot.stats();
    await slow.stop();
    return { ruled: texts.length, received: received.length, discarded };
  };

  it('discard QoS 0 above the rate, without a word', async () => {
    expect(await overRate()).toEqual({ ruled: 11, received: 11, discarded: 5 });
  });

  it('hold QoS 0 back as well when so configured', async () => {
    expect(await overRate({ qos0OverRate: 'delay' })).toEqual({ ruled: 16, received: 16, discarded: 0 });
  });

  it('let the messages to a frozen subscriber go rather than make others wait', async () => {
    const limits = { ...DEFAULT_LIMITS, slowConsumerBytes: 256 * 1024, publishesPerSecond: 1e9, bytesPerSecond: 1e12 };
    const crowd = await Harness.start({ limits });
    const identity = await crowd.authority.thing(OPERATOR);
    const [frozen, healthy, sender] = await Promise.all(
      ['frozen', 'healthy', 'sender'].map((clientId) => crowd.connect(clientId, { identity })),
    );
    await frozen.subscribeAsync('load', { qos: 1 });
    await healthy.subscribeAsync('load', { qos: 1 });
    const received = inbox(healthy);
    freeze(frozen);
    const payload = Buffer.alloc(64 * 1024);
    for (let i = 0; i < 400; i++) await sender.publishAsync('load', payload, { qos: 1 });
    await until(() => received.length === 400);
    expect(crowd.iot.stats().deliveryDrops.queueFull).toBeGreaterThan(0);
    await crowd.stop();
  });
});

describe('faults on the way to subscribers (seed 1)', () => {
  it('repeat and swap messages, as many as they say; at rest nothing is held back', async () => {
    const faulty = await Harness.start();
    const [sender, reader] = await Promise.all(
      ['sender', 'reader'].map(async (clientId) =>
        faulty.connect(clientId, { identity: await faulty.authority.thing(OPERATOR) }),
      ),
    );
    const received = inbox(reader);
    await reader.subscribeAsync('n', { qos: 1 });
    faulty.iot.setFaults({ deliveryDuplicate: 0.1, deliveryReorder: 0.1 });
    const sent = Array.from({ length: 90 }, (_, index) => `${index}`);
    for (const text of sent) await sender.publishAsync('n', text, { qos: 1 });
    const { deliveriesDuplicated, deliveriesReordered } = faulty.iot.stats();
    expect(Math.min(deliveriesDuplicated, deliveriesReordered)).toBeGreaterThan(0);
    await until(() => received.length === 90 + deliveriesDuplicated);
    const texts = received.map(({ text }) => text);
    expect(new Set(texts)).toEqual(new Set(sent));
    expect(texts).not.toEqual([...texts].sort((a, b) => Number(a) - Number(b)));
    expect(faulty.rules.texts()).toEqual(sent);
    await faulty.stop();
  });
});

describe('faults on the way to the rules (seed 1)', () => {
  it('repeat, swap and lose what was acknowledged, as many as they say', async () => {
    const faulty = await Harness.start();
    const car = await faulty.connect('car-1');
    faulty.iot.setFaults({ duplicate: 0.1, reorder: 0.1, dropAfterAck: 0.1 });
    const sent = Array.from({ length: 90 }, (_, index) => `${index}`);
    await Promise.all(sent.map((text) => car.publishAsync(topics.events('car-1'), text, { qos: 1 })));
    faulty.iot.setFaults({ duplicate: 0, reorder: 0, dropAfterAck: 0 });
    await car.publishAsync(topics.events('car-1'), 'last', { qos: 1 });
    const { acked, duplicated, reordered, droppedAfterAck } = faulty.iot.stats();
    expect(acked).toBe(91);
    expect(Math.min(duplicated, reordered, droppedAfterAck)).toBeGreaterThan(0);
    const texts = faulty.rules.texts();
    expect(texts).toHaveLength(91 + duplicated - droppedAfterAck);
    expect(new Set(texts).size).toBe(91 - droppedAfterAck);
    const swaps = texts.filter((text, index) => index > 0 && Number(text) < Number(texts[index - 1]));
    expect(swaps).toHaveLength(reordered);
    await faulty.stop();
  });
});
