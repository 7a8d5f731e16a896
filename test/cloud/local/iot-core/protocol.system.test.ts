/** Single packets, byte by byte: what ends the connection, and what is exactly at the limit and does not. */
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Harness, OPERATOR, until } from './harness.js';
import * as packets from './packets.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start({ deviations: { refusedConnect: 'close' } });
});
afterAll(() => harness.stop());

const connect = packets.connect('client');
const subscribe = (filter: string, qos = 1) => packets.packet(0x82, [0, 1], packets.text(filter), [qos]);
const publish = (topic: string, id = 9) => packets.packet(0x32, packets.text(topic), [0, id], Buffer.from('x'));
const levels = (count: number) => Array.from({ length: count }, () => 'a').join('/');

/** Each packet in a write of its own, as a client that waits for nothing does: the broker may read them in any pieces. */
async function say(packetsToSay: Buffer[]): Promise<TLSSocket> {
  const socket = await harness.socket(await harness.authority.thing(OPERATOR));
  for (const packet of packetsToSay) socket.write(packet);
  return socket;
}

const CONNACK = '20020000';

describe('ends the connection:', () => {
  for (const [what, ...said] of [
    ['a client id of 129 bytes', packets.connect('c'.repeat(129))],
    ['a client id that starts with $', packets.connect('$c')],
    ['a persistent session without a client id', packets.connect('', { clean: false })],
    [
      'a will of QoS 2',
      packets.packet(0x10, packets.text('MQTT'), [4, 0x16, 0, 60], ...['c', 'w', 'x'].map(packets.text)),
    ],
    ['a topic of 257 bytes', connect, publish('t'.repeat(257))],
    ['a topic of 9 levels', connect, publish(levels(9))],
    ['a Basic Ingest topic of 9 levels beyond its rule', connect, publish(`$aws/rules/r/${levels(9)}`)],
    ['a topic that is not UTF-8', connect, packets.packet(0x32, [0, 2, 0xc3, 0x28], [0, 9])],
    ['a topic with a wildcard', connect, publish('a/+')],
    ['a topic of AWS', connect, publish('$aws/events/presence/connected/x')],
    ['a topic with $', connect, publish('$x')],
    ['a publish with the packet identifier 0', connect, publish('a', 0)],
    ['a filter of 9 levels', connect, subscribe(levels(9))],
    ['a shared filter of 9 levels', connect, subscribe(`$share/g/${levels(9)}`)],
    ['a share name of 129 characters', connect, subscribe(`$share/${'g'.repeat(129)}/a`)],
    ['a share name with a wildcard', connect, subscribe('$share/+/a')],
    ['a wildcard that is not a level', connect, subscribe('a#')],
    ['another one', connect, subscribe('a+/b')],
    ['# before the end', connect, subscribe('a/#/b')],
    ['an empty filter', connect, subscribe('')],
    ['a SUBSCRIBE without filters', connect, packets.packet(0x82, [0, 1])],
    ['a subscription of QoS 2', connect, subscribe('a', 2)],
    ['a subscription to $SYS', connect, subscribe('$SYS/#')],
    ['a subscription to Basic Ingest', connect, subscribe('$aws/rules/r/#')],
    ['a publish before CONNECT', publish('a')],
    ['a second CONNECT', connect, connect],
  ] as [string, ...Buffer[]][]) {
    it(what, async () => void (await once(await say(said), 'close')));
  }

  it('MQTT 5, after a CONNACK that says so', async () => {
    const noProperties = [0];
    const head = [packets.text('MQTT'), [5, 2, 0, 60], noProperties, packets.text('client')];
    const socket = await say([packets.packet(0x10, ...head)]);
    const said = once(socket, 'data');
    expect((await said)[0].toString('hex')).toBe('20020001');
    await once(socket, 'close');
  });
});

describe('is taken:', () => {
  for (const [what, answered, ...said] of [
    ['a client id of 128 bytes', '', packets.connect('c'.repeat(128))],
    ['no client id in a clean session', '', packets.connect('')],
    ['a topic of 256 bytes', '40020009', connect, publish('t'.repeat(256))],
    ['a topic of 8 levels', '40020009', connect, publish(levels(8))],
    ['a Basic Ingest topic of 8 levels beyond its rule', '40020009', connect, publish(`$aws/rules/r/${levels(8)}`)],
    ['a shared filter of 8 levels', '9003000101', connect, subscribe(`$share/g/${levels(8)}`)],
    [
      'an UNSUBSCRIBE of what nobody subscribed to',
      'b0020005',
      connect,
      packets.packet(0xa2, [0, 5], packets.text('a')),
    ],
  ] as [string, string, ...Buffer[]][]) {
    it(what, async () => {
      const socket = await say(said);
      let all = '';
      socket.on('data', (chunk: Buffer) => (all += chunk.toString('hex')));
      await until(() => all === `${CONNACK}${answered}`);
      socket.destroy();
    });
  }
});
