import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Link, LinkEndpoint, LinkState } from '#device/uplink/link.js';
import type { ReconnectOptions } from '#device/uplink/reconnecting-link.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { TestBroker, until } from './broker.js';

/** What every implementation of `Link` promises. */
export function linkContract(
  name: string,
  createLink: (endpoint: LinkEndpoint, options: ReconnectOptions) => Link,
): void {
  describe(`${name} keeps the contract of a link`, () => {
    let dir: string;
    let broker: TestBroker;
    let link: Link;
    let states: LinkState[];
    /** What was logged as errors. */
    let logged: object[];
    /** The link's wall clock is so far ahead. */
    let aheadMs: number;

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'pitwall-link-'));
    });
    afterAll(() => rm(dir, { recursive: true, force: true }));
    beforeEach(async () => {
      broker = await TestBroker.start(dir);
      logged = [];
      aheadMs = 0;
      link = await linkAs('car-1');
      states = [];
      link.onState((state) => states.push(state));
    });
    afterEach(async () => {
      await link.close();
      await broker.close();
    });

    async function linkAs(clientId: string, host = 'localhost'): Promise<Link> {
      const identity = await broker.authority.thing(clientId);
      return createLink(
        { host, port: broker.port, clientId, ...identity },
        {
          wallClock: { nowMs: () => wallClock.nowMs() + aheadMs },
          random: seededRandom(1),
          log: { ...silentLog, error: (_message, fields) => void logged.push(fields ?? {}) },
          backoffMinMs: 50,
          backoffMaxMs: 400,
          pubackTimeoutMs: 1500,
        },
      );
    }
    const up = () => until('the link is up', () => states.at(-1) === 'up');

    test('publishes at QoS 1 and resolves on PUBACK, bytes unchanged, also of a part of a larger array', async () => {
      link.connect();
      await up();
      const larger = Uint8Array.from({ length: 64 }, (_, i) => i * 4);
      await link.publish('pitwall/v1/car-1/events', larger.subarray(10, 20), 1);
      expect(broker.heard).toHaveLength(1);
      expect(broker.heard[0]).toMatchObject({ topic: 'pitwall/v1/car-1/events', clientId: 'car-1' });
      expect([...broker.heard[0].payload]).toEqual([...larger.subarray(10, 20)]);
    });

    test('connects by address as well as by name', async () => {
      const byAddress = await linkAs('car-2', '127.0.0.1');
      let state: LinkState = 'down';
      byAddress.onState((to) => {
        state = to;
      });
      byAddress.connect();
      await until('the link is up', () => state === 'up');
      await byAddress.close();
      expect(state).toBe('down');
    });

    test('delivers what comes on its subscriptions, made before or after the connection', async () => {
      const got: string[] = [];
      const record = (topic: string, payload: Uint8Array) => {
        got.push(`${topic} ${Buffer.from(payload).toString()}`);
      };
      link.subscribe('pitwall/v1/car-1/acks', record);
      link.connect();
      await up();
      link.subscribe('pitwall/v1/+/calls', record);
      broker.send('pitwall/v1/car-1/acks', 'a');
      await until('the first came', () => got.length === 1);
      await until('the later subscription works', () => {
        if (got.length === 1) broker.send('pitwall/v1/car-1/calls', 'c');
        return got.length > 1;
      });
      expect(got.slice(0, 2)).toEqual(['pitwall/v1/car-1/acks a', 'pitwall/v1/car-1/calls c']);
    });

    test('refuses to publish while down, saying that later it may work', async () => {
      await expect(link.publish('t', new Uint8Array(1), 1)).rejects.toMatchObject({
        code: 'PW-LINK-DOWN',
        retriable: true,
      });
    });

    test('keeps trying when there is no broker at first', async () => {
      await broker.unlisten();
      link.connect();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(states).toEqual([]);
      await broker.listen();
      await up();
    });

    test('comes back after a cut, with its subscriptions', async () => {
      const got: string[] = [];
      link.subscribe('pitwall/v1/car-1/acks', (_topic, payload) => got.push(String(Buffer.from(payload))));
      link.connect();
      await up();
      broker.cut();
      await until('it noticed and came back', () => states.join() === 'up,down,up');
      broker.send('pitwall/v1/car-1/acks', 'again');
      await until('the message came', () => got.length > 0);
      await link.publish('pitwall/v1/car-1/events', new Uint8Array(3), 1);
      expect(broker.heard).toHaveLength(1);
    });

    test('hears after an outage what the broker kept for it meanwhile', async () => {
      const got: string[] = [];
      link.subscribe('pitwall/v1/car-1/calls', (_topic, payload) => got.push(String(Buffer.from(payload))));
      link.connect();
      await up();
      await broker.unlisten();
      await until('it noticed', () => states.at(-1) === 'down');
      broker.send('pitwall/v1/car-1/calls', 'box this lap');
      await broker.listen();
      await until('the call came', () => got.length > 0);
      expect(got).toEqual(['box this lap']);
    });

    test('rejects what was under way when the connection is cut, and sends none of it again by itself', async () => {
      link.connect();
      await up();
      broker.swallow = () => true;
      const pending = [1, 2, 3].map((n) => link.publish('pitwall/v1/car-1/events', Uint8Array.of(n), 1));
      const outcomes = Promise.allSettled(pending);
      await until('the broker has them', () => broker.heard.length === 3);
      broker.swallow = () => false;
      broker.cut();
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'PW-LINK-DOWN' } });
      }
      await up();
      await link.publish('pitwall/v1/car-1/events', Uint8Array.of(4), 1);
      expect(broker.heard.map(({ payload }) => payload[0])).toEqual([1, 2, 3, 4]);
    });

    test('takes a missing PUBACK for a dead connection', async () => {
      link.connect();
      await up();
      broker.swallow = () => true;
      await expect(link.publish('pitwall/v1/car-1/events', Uint8Array.of(1), 1)).rejects.toMatchObject({
        code: 'PW-LINK-DOWN',
      });
      await until('it came back', () => states.join() === 'up,down,up');
    });

    test('a refused publish closes the connection; the link comes back without sending it again', async () => {
      link.connect();
      await up();
      broker.refusePublish = (topic) => topic === 'forbidden';
      await expect(link.publish('forbidden', Uint8Array.of(1), 1)).rejects.toMatchObject({ code: 'PW-LINK-DOWN' });
      await until('it came back', () => states.join() === 'up,down,up');
      const connects = broker.connects;
      await link.publish('allowed', Uint8Array.of(2), 1);
      expect(broker.connects).toBe(connects);
    });

    describe.each([
      ['by 128 in the SUBACK', 'refuseSubscribe'],
      ['by closing the connection', 'closeOnSubscribe'],
    ] as const)('a subscription that is refused %s', (_how, refusal) => {
      test('is named and left out, the others work, and the link does not hammer', async () => {
        broker[refusal] = (filter) => filter === 'not/mine';
        const got: string[] = [];
        link.subscribe('not/mine', () => {});
        link.subscribe('pitwall/v1/car-1/acks', (topic) => got.push(topic));
        link.connect();
        await up();
        broker.send('pitwall/v1/car-1/acks', 'a');
        await until('the other subscription works', () => got.length > 0);
        expect(logged).toContainEqual(
          expect.objectContaining({ filter: 'not/mine', fix: expect.stringContaining('iot:Subscribe') }),
        );
        // One with all filters, two with the one alone, and one without it.
        expect(broker.connects).toBeLessThanOrEqual(4);
        const { connects } = broker;
        await new Promise((resolve) => setTimeout(resolve, 1500));
        expect(broker.connects).toBe(connects);
        expect(states).toEqual(['up']);
      });

      test('is asked for again a minute later, and works when the policy allows it', async () => {
        broker[refusal] = (filter) => filter === 'not/mine';
        const got: string[] = [];
        link.subscribe('not/mine', (topic) => got.push(topic));
        link.connect();
        await up();
        broker[refusal] = () => false;
        aheadMs = 61_000;
        await until('it came after all', () => {
          broker.send('not/mine', 'x');
          return got.length > 0;
        });
      });
    });

    test('stays down after close', async () => {
      link.connect();
      await up();
      await link.close();
      expect(states).toEqual(['up', 'down']);
      await expect(link.publish('t', new Uint8Array(1), 1)).rejects.toMatchObject({ code: 'PW-LINK-DOWN' });
    });
  });
}
