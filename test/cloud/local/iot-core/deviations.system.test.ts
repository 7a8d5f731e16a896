/** Where the local IoT Core may be other than AWS: each flag both ways. */
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { Deviations } from '#cloud/local/iot-core/deviations.js';
import { topics } from '#wire/topics.js';
import { Directory } from './directory.js';
import { Harness, OPERATOR, until } from './harness.js';
import * as packets from './packets.js';

let harness: Harness;
afterEach(() => harness.stop());

const start = async (deviations: Partial<Deviations>, options = {}) => {
  harness = await Harness.start({ ...options, deviations });
};

/** All that the broker says to these packets, until it ends the connection or has said `bytes`. */
async function answer(socket: TLSSocket, said: Buffer, bytes = Number.POSITIVE_INFINITY): Promise<number[]> {
  const chunks: Buffer[] = [];
  const all = () => [...Buffer.concat(chunks)];
  let ended = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).once('close', () => (ended = true));
  socket.write(said);
  await until(() => ended || all().length >= bytes);
  socket.destroy();
  return all();
}

const CONNACK = [0x20, 2];
const accepted = [...CONNACK, 0, 0];
const acceptedAgain = [...CONNACK, 1, 0];

describe('refusedConnect', () => {
  for (const [way, notAllowed, tooOften] of [
    ['close', [], []],
    ['answer', [...CONNACK, 0, 5], [...CONNACK, 0, 3]],
  ] as const) {
    it(way, async () => {
      await start({ refusedConnect: way }, { limits: { connectsPerSecondOfClient: 1 } });
      const identity = await harness.authority.thing('car-1');
      expect(await answer(await harness.socket(identity), packets.connect('car-2'))).toEqual(notAllowed);
      expect(await answer(await harness.socket(identity), packets.connect('car-1'), 4)).toEqual(accepted);
      expect(await answer(await harness.socket(identity), packets.connect('car-1'))).toEqual(tooOften);
      expect(harness.iot.stats().refused).toEqual({ notAuthorised: 1, connectRate: 1 });
    });
  }
});

describe('refusedSubscription', () => {
  for (const [way, said] of [
    ['close', []],
    ['answer', [0x90, 3, 0, 7, 0x80]],
  ] as const) {
    it(way, async () => {
      await start({ refusedSubscription: way });
      const socket = await harness.socket(await harness.authority.thing('car-1'));
      const asked = Buffer.concat([packets.connect('car-1'), packets.subscribe(7, topics.acks('car-2'))]);
      expect(await answer(socket, asked, accepted.length + 5)).toEqual([...accepted, ...said]);
    });
  }
});

describe('mqtt31', () => {
  for (const [way, code] of [
    ['refuse', 1],
    ['accept', 0],
  ] as const) {
    it(way, async () => {
      await start({ mqtt31: way });
      const socket = await harness.socket(await harness.authority.thing('car-1'));
      const old = packets.connect('car-1', { version: { name: 'MQIsdp', level: 3 } });
      expect(await answer(socket, old, 4)).toEqual([...CONNACK, 0, code]);
    });
  }
});

describe('sessionStore', () => {
  for (const [way, said] of [
    ['disk', acceptedAgain],
    ['memory', accepted],
  ] as const) {
    it(way, async () => {
      await start({ sessionStore: way });
      const identity = await harness.authority.thing('car-1');
      const connect = packets.connect('car-1', { clean: false });
      expect(await answer(await harness.socket(identity), connect, 4)).toEqual(accepted);
      // Present without a subscription, too.
      expect(await answer(await harness.socket(identity), connect, 4)).toEqual(acceptedAgain);
      await harness.iot.close();
      await harness.startIotCore({ deviations: { sessionStore: way } });
      expect(await answer(await harness.socket(identity), connect, 4)).toEqual(said);
    });
  }
});

describe('operatorCertificate', () => {
  for (const [way, said] of [
    ['registered', []],
    ['trusted', accepted],
  ] as const) {
    it(way, async () => {
      await start({ operatorCertificate: way, refusedConnect: 'close' }, { directory: new Directory() });
      const socket = await harness.socket(await harness.authority.thing(OPERATOR));
      expect(await answer(socket, packets.connect('screen'), 4)).toEqual(said);
    });
  }
});
