/** Clients that mean harm, or are broken: the broker stays up, and others do not notice. */
import { randomInt, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Identity, openAuthority } from '#certs/authority.js';
import { certificateIdOf } from '#certs/issuing.js';
import type { CertificateStatus } from '#cloud/local/iot-core/registry/directory.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { topics } from '#wire/topics.js';
import { Directory } from './directory.js';
import { closed, Harness, inbox, OPERATOR, until } from './harness.js';
import * as packets from './packets.js';

let harness: Harness;
let car: MqttClient;
let wall: MqttClient;
let received: { text: string }[];
let sent = 0;

beforeAll(async () => {
  harness = await Harness.start({ limits: { handshakeMs: 500, connectPacketMs: 500 } });
  car = await harness.connect('car-1');
  await harness.authority.thing('car-2');
  wall = await harness.connect(OPERATOR, { clientId: 'wall' });
  received = inbox(wall);
  await wall.subscribeAsync(topics.events('car-1'), { qos: 1 });
});
afterAll(() => harness.stop());

/** A message of a car that behaves reaches who wants it. */
async function othersAreFine(): Promise<void> {
  const text = `fine ${sent++}`;
  await car.publishAsync(topics.events('car-1'), text, { qos: 1 });
  await until(() => received.at(-1)?.text === text);
}

/** A TLS connection of a car with a valid certificate; what it says is up to the test. */
async function open(name: string): Promise<TLSSocket> {
  return harness.socket(await harness.authority.thing(name));
}

const ended = (socket: Socket): Promise<unknown> => (socket.destroyed ? Promise.resolve() : once(socket, 'close'));

describe('malformed packets', () => {
  const seed = randomInt(2 ** 32);

  it(`end their connection and nothing else (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const below = (bound: number) => Math.floor(random() * bound);
    const noise = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
    const valid = [
      packets.connect('car-2'),
      packets.connect('car-2', { will: { topic: topics.events('car-2'), payload: 'x' } }),
      packets.subscribe(1, topics.acks('car-2')),
      packets.publish(topics.events('car-2'), 'x'),
      packets.packet(0x32, packets.text(topics.events('car-2')), [0, 7], Buffer.from('x')),
      packets.PINGREQ,
      ...[0x40, 0x50, 0x62, 0x70].map((header) => packets.packet(header, [0, 1])),
    ];
    const garbled = () => {
      const packet = Buffer.from(valid[below(valid.length)]);
      for (let i = below(4); i >= 0; i--) packet[below(packet.length)] = below(256);
      return packet;
    };
    for (let round = 0; round < 120; round++) {
      const socket = await open('car-2');
      if (random() < 0.7) socket.write(packets.connect('car-2'));
      for (let i = below(6); i >= 0; i--) socket.write(random() < 0.3 ? noise(1 + below(300)) : garbled());
      // Cut off in the middle of whatever it was: half of them wait to be thrown out first.
      if (random() < 0.5) await Promise.race([ended(socket), new Promise((resolve) => setTimeout(resolve, 5))]);
      socket.destroy();
      if (round % 20 === 19) await othersAreFine();
    }
    await until(() => harness.iot.stats().connections === 2);
  });

  it('of QoS 2 and a second CONNECT end the connection', async () => {
    for (const packet of [
      ...[0x50, 0x62, 0x70].map((header) => packets.packet(header, [0, 1])),
      packets.packet(0x34, packets.text(topics.events('car-2')), [0, 7], Buffer.from('x')),
      packets.connect('car-2'),
    ]) {
      const socket = await open('car-2');
      socket.write(Buffer.concat([packets.connect('car-2'), packet]));
      await ended(socket);
    }
    await othersAreFine();
  });

  it('whose header announces a gigabyte, a quarter of one, or an endless length are not waited for', async () => {
    const events = packets.text(topics.events('car-2'));
    for (const length of [
      [0xff, 0xff, 0xff, 0x7f],
      [0xff, 0xff, 0xff, 0xff, 0x03],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]) {
      for (const header of [0x10, 0x30]) {
        const socket = await open('car-2');
        const before = header === 0x30 ? [packets.connect('car-2')] : [];
        socket.write(Buffer.concat([...before, Buffer.from([header, ...length]), events]));
        await ended(socket);
      }
    }
    await othersAreFine();
  });
});

describe('too much of everything', () => {
  it('10,000 subscriptions end with the fifty-first', async () => {
    const identity = await harness.authority.thing(OPERATOR);
    const greedy = await harness.connect('greedy', { identity, clientId: 'greedy' });
    let granted = 0;
    const end = closed(greedy);
    for (let i = 0; i < 10_000; i += 8) {
      const filters = Array.from({ length: 8 }, (_, k) => `greedy/${i + k}`);
      greedy.subscribe(filters, { qos: 1 }, (error) => {
        if (!error) granted += 8;
      });
    }
    await end;
    expect(granted).toBeLessThanOrEqual(50);
    expect(harness.iot.stats().refused.subscriptionLimit).toBeGreaterThan(0);
    await othersAreFine();
  });

  it('nine filters in one SUBSCRIBE end the connection before any SUBACK', async () => {
    const socket = await open('car-2');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const filters = Array.from({ length: 9 }, (_, i) => `${topics.acks('car-2')}${i}`);
    socket.write(Buffer.concat([packets.connect('car-2'), packets.subscribe(1, ...filters)]));
    await ended(socket);
    expect([...Buffer.concat(chunks)].slice(4)).toEqual([]);
  });

  it('a connect flood of one client id lets one in a second, and refuses the rest as “unavailable”', async () => {
    const flooded = await Harness.start({ limits: { connectsPerSecondOfClient: 1 } });
    const steady = await flooded.connect('car-1');
    const identity = await flooded.authority.thing('car-2');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => flooded.connect('car-2', { identity, clean: i % 2 === 0 })),
    );
    const refused = outcomes.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    expect(refused.length).toBeGreaterThanOrEqual(28);
    expect(refused.filter((why) => why.includes('Server unavailable'))).toHaveLength(
      flooded.iot.stats().refused.connectRate,
    );
    await steady.publishAsync(topics.events('car-1'), 'still here', { qos: 1 });
    expect(flooded.rules.texts()).toEqual(['still here']);
    await flooded.stop();
  });

  it('connections that never finish their handshake, or never say CONNECT, are cut', async () => {
    const { mqttPort, webSocketPort } = harness.iot;
    const halfOpen = Array.from({ length: 100 }, (_, i) =>
      connectTcp({ host: '127.0.0.1', port: i % 2 ? mqttPort : webSocketPort })
        .on('error', () => {})
        .resume(),
    );
    // The first bytes of a ClientHello, and no more.
    for (const socket of halfOpen.slice(0, 50)) socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
    const silent = await Promise.all(Array.from({ length: 10 }, () => open('car-2')));
    await othersAreFine();
    await Promise.all([...halfOpen, ...silent].map(ended));
    await othersAreFine();
  });

  it('pings without end, never read, cost nobody anything', async () => {
    const socket = await open('car-2');
    socket.pause();
    socket.write(packets.connect('car-2'));
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => packets.PINGREQ));
    for (let i = 0; i < 50 && socket.writableLength < 1_000_000; i++) socket.write(flood);
    await othersAreFine();
    socket.destroy();
  });
});

describe('another car’s topics', () => {
  it('are closed to publishes, subscriptions and wills, whoever asks for them', async () => {
    const before = received.length;
    const theirs = topics.events('car-1');
    for (const packet of [
      packets.publish(theirs, 'forged'),
      packets.subscribe(1, topics.acks('car-1')),
      packets.subscribe(1, '#'),
      packets.subscribe(1, `$share/g/${topics.acks('car-1')}`),
      packets.subscribe(1, '$aws/things/+/shadow/#'),
    ]) {
      const socket = await open('car-2');
      socket.write(Buffer.concat([packets.connect('car-2'), packet]));
      await ended(socket);
    }
    const will = { topic: theirs, payload: 'forged' };
    for (const packet of [packets.connect('car-2', { will }), packets.connect('car-1')]) {
      const socket = await open('car-2');
      socket.write(packet);
      await ended(socket);
    }
    await othersAreFine();
    expect(received.slice(before).map(({ text }) => text)).toEqual([`fine ${sent - 1}`]);
  });
});

describe('certificates that let nobody in', () => {
  const DAY_MS = 86_400_000;
  const directory = new Directory();
  let guarded: Harness;

  const register = async ({ certPath }: Identity, name: string, status?: CertificateStatus) => {
    const all = { Effect: 'Allow' as const, Action: 'iot:*', Resource: '*' };
    directory.put(certificateIdOf(new X509Certificate(await readFile(certPath)).raw), name, [all], status);
  };
  /** Of another authority, which gives them for a year from `daysAgo` on. */
  const foreign = async (daysAgo: number) => {
    const now = new ManualClock(wallClock.nowMs() - daysAgo * DAY_MS);
    return (await openAuthority(join(guarded.dir, `foreign-${daysAgo}`), { now })).thing('car-2');
  };

  beforeAll(async () => {
    guarded = await Harness.start({ directory });
    await register(await guarded.authority.thing('car-1'), 'car-1');
  });
  afterAll(() => guarded.stop());

  it('revoked, expired, foreign, unknown or none: refused, however often they come, and a car goes on', async () => {
    const good = await guarded.connect('car-1');
    const [revoked, expired, stranger, unknown] = [
      await guarded.authority.thing('car-2'),
      await foreign(400),
      await foreign(0),
      await guarded.authority.thing('car-3'),
    ];
    await register(revoked, 'car-2', 'REVOKED');
    await register(expired, 'car-2');
    const knock = async (identity: Identity | undefined) => {
      const socket = await guarded.socket(identity).catch(() => undefined);
      socket?.write(packets.connect('car-2'));
      if (socket) await ended(socket);
    };
    for (let round = 0; round < 10; round++) {
      await Promise.all([revoked, expired, stranger, unknown, undefined].map(knock));
      await good.publishAsync('still', `${round}`, { qos: 1 });
    }
    expect(guarded.rules.texts()).toEqual(Array.from({ length: 10 }, (_, round) => `${round}`));
    const { refused, connects, connections } = guarded.iot.stats();
    expect([refused, connects, connections]).toEqual([{ tls: 30, certificateStatus: 10, identity: 10 }, 1, 1]);
  });
});
