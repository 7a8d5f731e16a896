import { describe, expect, it } from 'vitest';
import { Counters } from '#cloud/local/iot-core/counters.js';
import { Message } from '#cloud/local/iot-core/delivery/message.js';
import { Router } from '#cloud/local/iot-core/delivery/router.js';
import type { Session } from '#cloud/local/iot-core/delivery/session.js';
import { Sessions } from '#cloud/local/iot-core/delivery/sessions.js';
import { DEFAULT_LIMITS, type IotCoreLimits } from '#cloud/local/iot-core/limits.js';
import { ManualClock } from '#wire/clock.js';
import { FakeLink, parse } from './fake-link.js';

function setUp(limits: Partial<IotCoreLimits> = {}) {
  const raceClock = new ManualClock(0);
  const wallClock = new ManualClock(0);
  const counters = new Counters();
  const options = { limits: { ...DEFAULT_LIMITS, ...limits }, raceClock, wallClock, counters };
  const router = new Router(counters);
  const sessions = new Sessions(router, options);
  const publish = (text: string, { topic = 'a/b', qos = 1 } = {}) =>
    router.route(new Message({ topic, payload: text, qos }, { publishedAtMs: wallClock.nowMs() }));
  const client = (id: string, { clean = true } = {}) => {
    const session = sessions.open(id, clean);
    const link = new FakeLink();
    session.outbox.attach(link);
    return { session, link };
  };
  const acknowledge = (session: Session, link: FakeLink) => {
    for (const { messageId } of link.packets) if (messageId !== undefined) session.outbox.acknowledged(messageId);
  };
  return { raceClock, wallClock, counters, router, sessions, publish, client, acknowledge };
}

describe('a message', () => {
  for (const bytes of [0, 1, 120, 127, 128, 16_383, 16_384, 131_072]) {
    it(`of ${bytes} bytes is encoded as MQTT has it, with a number and without`, () => {
      const message = new Message(
        { topic: 'tör/1', payload: 'x'.repeat(bytes), qos: 1 },
        { publishedAtMs: 0, retain: true },
      );
      const numbered = { topic: 'tör/1', text: 'x'.repeat(bytes), messageId: 515, retain: true };
      expect(parse(message.encode(515))).toEqual(numbered);
      expect(parse(message.encode())).toEqual({ ...numbered, messageId: undefined });
      expect(message.encode()).toBe(message.encode());
    });
  }
});

describe('deliveries', () => {
  it('come once, however many filters match, at the lower QoS of the two', () => {
    const { router, client, publish } = setUp();
    const { session, link } = client('one');
    for (const filter of ['a/b', 'a/+']) router.subscribe(session, filter, 0);
    router.subscribe(session, '#', 1);
    publish('qos 1');
    publish('qos 0', { qos: 0 });
    expect(link.packets.map(({ text, messageId }) => [text, messageId !== undefined])).toEqual([
      ['qos 1', true],
      ['qos 0', false],
    ]);
  });

  it('stop at a hundred that nobody acknowledged, and go on with each PUBACK', () => {
    const { router, client, publish } = setUp();
    const { session, link } = client('one');
    router.subscribe(session, 'a/b', 1);
    for (let i = 0; i < 103; i++) publish(`${i}`);
    expect(link.packets).toHaveLength(100);
    session.outbox.acknowledged(link.packets[7].messageId ?? 0);
    session.outbox.acknowledged(link.packets[7].messageId ?? 0);
    expect(link.texts().slice(100)).toEqual(['100']);
  });

  it('to a client that does not read stay within their bounds; QoS 0 goes first', () => {
    const { router, client, publish, counters } = setUp({ sessionQueueMessages: 3, sessionQueueBytes: 1000 });
    const { session, link } = client('frozen');
    router.subscribe(session, 'a/b', 1);
    link.unsentBytes = DEFAULT_LIMITS.slowConsumerBytes + 1;
    publish('lost', { qos: 0 });
    for (const text of ['1', '2', '3', '4']) publish(text);
    expect([counters.stats.shed, counters.stats.deliveryDrops]).toEqual([1, { queueFull: 1 }]);
    publish('5'.repeat(999));
    expect(counters.stats.deliveryDrops).toEqual({ queueFull: 3 });
    link.unsentBytes = 0;
    publish('6');
    expect(link.texts()).toEqual(['5'.repeat(999), '6']);
    expect(counters.stats.deliveryDrops).toEqual({ queueFull: 4 });
  });

  it('above the connection’s rate: QoS 0 is discarded, QoS 1 waits for race time', async () => {
    const { router, client, publish, counters } = setUp();
    const { session, link } = client('one');
    router.subscribe(session, 'a/b', 1);
    link.rate = 1;
    for (const [text, qos] of [
      ['first', 1],
      ['waits', 1],
      ['gone', 0],
    ] as const) {
      publish(text, { qos });
    }
    expect(link.texts()).toEqual(['first']);
    expect(counters.stats.deliveryDrops).toEqual({ rate: 1 });
    link.rate = 10;
    await expect.poll(() => link.texts()).toEqual(['first', 'waits']);
  });

  it('above the account’s rate, of all clients together: QoS 0 is discarded, QoS 1 waits for race time', async () => {
    const { router, client, publish, counters, raceClock } = setUp({ accountDeliveriesPerSecond: 3 });
    const links = ['one', 'two'].map((id) => {
      const { session, link } = client(id);
      router.subscribe(session, 'a/b', 1);
      return link;
    });
    publish('1');
    publish('2');
    publish('gone', { qos: 0 });
    expect(links.flatMap((link) => link.texts()).sort()).toEqual(['1', '1', '2']);
    expect(counters.stats.deliveryDrops).toEqual({ rate: 2 });
    raceClock.advance(1000);
    await expect
      .poll(() => links.map((link) => link.texts()))
      .toEqual([
        ['1', '2'],
        ['1', '2'],
      ]);
  });

  it('are not made of what a client may not receive', () => {
    const { router, client, publish } = setUp();
    const { session, link } = client('one');
    router.subscribe(session, '#', 1);
    link.forbidden.add('secret');
    publish('x', { topic: 'secret' });
    publish('y');
    expect(link.texts()).toEqual(['y']);
  });

  it('hold no more than an hour for a PUBACK', () => {
    const { router, client, publish, wallClock, counters } = setUp({ unacknowledged: 1 });
    const { session, link } = client('one');
    router.subscribe(session, 'a/b', 1);
    publish('old');
    wallClock.advance(3_600_001);
    publish('new');
    expect(link.texts()).toEqual(['old', 'new']);
    expect(counters.stats.deliveryDrops).toEqual({ expired: 1 });
  });
});

describe('a persistent session', () => {
  it('is owed what was not acknowledged, ten a second, while what is new goes by', async () => {
    const { router, sessions, publish, raceClock } = setUp();
    const session = sessions.open('car', false);
    const before = new FakeLink();
    session.outbox.attach(before);
    router.subscribe(session, 'a/b', 1);
    publish('sent, not acknowledged');
    sessions.left(session);
    for (let i = 1; i <= 24; i++) publish(`${i}`);
    publish('QoS 0 is for whoever is there', { qos: 0 });

    const link = new FakeLink();
    expect(sessions.open('car', false)).toBe(session);
    session.outbox.attach(link);
    expect(link.texts()).toEqual(['sent, not acknowledged', ...Array.from({ length: 9 }, (_, i) => `${i + 1}`)]);
    publish('new');
    expect(link.texts().at(-1)).toBe('new');
    raceClock.advance(1000);
    await expect.poll(() => link.packets.length).toBe(21);
    raceClock.advance(1000);
    await expect.poll(() => link.packets.length).toBe(26);
    expect(link.texts().at(-1)).toBe('24');
  });

  it('ends an hour after its connection, wall time', () => {
    const { sessions, router, wallClock, counters, publish } = setUp();
    const session = sessions.open('car', false);
    router.subscribe(session, 'a/b', 1);
    sessions.left(session);
    wallClock.advance(3_599_000);
    expect(sessions.open('car', false)).toBe(session);
    sessions.left(session);
    wallClock.advance(3_601_000);
    expect(sessions.persistent('car')).toBeUndefined();
    expect(counters.stats.sessionDrops).toEqual({ sessionExpired: 1 });
    publish('nobody');
    expect(sessions.open('car', false).subscriptions.size).toBe(0);
  });

  it('ends with a clean connection of its client', () => {
    const { sessions, router, publish } = setUp();
    const session = sessions.open('car', false);
    router.subscribe(session, 'a/b', 1);
    sessions.left(session);
    sessions.left(sessions.open('car', true));
    publish('nobody');
    expect(sessions.open('car', false)).not.toBe(session);
  });

  it('longest gone makes room', () => {
    const { sessions, counters, wallClock } = setUp({ persistentSessions: 2 });
    for (const id of ['first', 'second']) {
      sessions.left(sessions.open(id, false));
      wallClock.advance(1);
    }
    sessions.open('third', false);
    expect(['first', 'second', 'third'].filter((id) => sessions.persistent(id))).toEqual(['second', 'third']);
    expect(counters.stats.sessionDrops).toEqual({ tooManySessions: 1 });
  });
});

describe('a shared subscription', () => {
  const filter = '$share/g/a/#';

  it('gives each message to one member, fairly', () => {
    const { router, client, publish } = setUp();
    const members = ['one', 'two', 'three'].map((id) => client(id));
    for (const { session } of members) router.subscribe(session, filter, 1);
    for (let i = 0; i < 30; i++) publish(`${i}`);
    expect(members.map(({ link }) => link.packets.length)).toEqual([10, 10, 10]);
    expect(new Set(members.flatMap(({ link }) => link.texts())).size).toBe(30);
  });

  it('is one of its own beside another name and a plain subscription', () => {
    const { router, client, publish } = setUp();
    const [one, two, plain] = ['one', 'two', 'plain'].map((id) => client(id));
    router.subscribe(one.session, filter, 1);
    router.subscribe(two.session, '$share/h/a/#', 1);
    router.subscribe(plain.session, 'a/b', 1);
    publish('x');
    expect([one, two, plain].map(({ link }) => link.texts())).toEqual([['x'], ['x'], ['x']]);
  });

  it('passes over members that are slow, away or may not have it', () => {
    const { router, client, publish, sessions } = setUp();
    const [slow, forbidden, healthy] = ['slow', 'forbidden', 'healthy'].map((id) => client(id));
    const away = sessions.open('away', false);
    for (const session of [away, slow.session, forbidden.session, healthy.session]) {
      router.subscribe(session, filter, 1);
    }
    slow.link.unsentBytes = DEFAULT_LIMITS.slowConsumerBytes + 1;
    forbidden.link.forbidden.add('a/b');
    for (let i = 0; i < 8; i++) publish(`${i}`);
    expect(healthy.link.packets).toHaveLength(8);
  });

  it('gives what a member left unacknowledged to another; acknowledged ones are not repeated', () => {
    const { router, client, publish, sessions, acknowledge } = setUp();
    const [one, two] = ['one', 'two'].map((id) => client(id));
    for (const { session } of [one, two]) router.subscribe(session, filter, 1);
    for (let i = 0; i < 4; i++) publish(`${i}`);
    acknowledge(one.session, one.link);
    publish('4');
    publish('5');
    sessions.left(one.session);
    expect(one.link.texts()).toEqual(['0', '2', '4']);
    expect(two.link.texts()).toEqual(['1', '3', '5', '4']);
  });

  it('keeps a message for a persistent member when nobody is there, and drops it when there is none', () => {
    const { router, publish, sessions, counters } = setUp();
    const session = sessions.open('away', false);
    router.subscribe(session, filter, 1);
    publish('kept');
    publish('QoS 0 is not', { qos: 0 });
    expect(counters.stats.deliveryDrops).toEqual({ noMember: 1 });
    const link = new FakeLink();
    session.outbox.attach(link);
    expect(link.texts()).toEqual(['kept']);
    router.unsubscribe(session, filter);
    publish('nobody');
    expect(link.texts()).toEqual(['kept']);
  });
});

describe('a direct message', () => {
  it('is told its PUBACK, or that the client left', () => {
    const { sessions, client } = setUp();
    const { session, link } = client('car');
    const told: boolean[] = [];
    const send = () =>
      session.outbox.direct(
        new Message({ topic: 'calls', payload: 'box', qos: 1 }, { publishedAtMs: 0 }),
        (acknowledged) => told.push(acknowledged),
      );
    send();
    session.outbox.acknowledged(link.packets[0].messageId ?? 0);
    send();
    sessions.left(session);
    expect(told).toEqual([true, false]);
  });
});
