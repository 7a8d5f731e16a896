import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Counters } from '#cloud/local/iot-core/counters.js';
import { Message } from '#cloud/local/iot-core/delivery/message.js';
import { Router } from '#cloud/local/iot-core/delivery/router.js';
import type { Session } from '#cloud/local/iot-core/delivery/session.js';
import { SessionStore } from '#cloud/local/iot-core/delivery/session-store.js';
import { Sessions } from '#cloud/local/iot-core/delivery/sessions.js';
import { DEFAULT_LIMITS, type IotCoreLimits } from '#cloud/local/iot-core/limits.js';
import { RecordStore } from '#cloud/local/iot-core/record-store.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { FakeLink } from './fake-link.js';

const FLUSH_MS = 5;
const wallClock = new ManualClock(1_000_000);

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'pitwall-sessions-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

/** The sessions of one process after another, over one folder. */
async function open(limits: Partial<IotCoreLimits> = {}) {
  const counters = new Counters();
  const store = await SessionStore.open({ path, counters, log: silentLog });
  const router = new Router(counters);
  const raceClock = new ManualClock(0);
  const all = { ...DEFAULT_LIMITS, sessionFlushMs: FLUSH_MS, ...limits };
  const sessions = new Sessions(router, { limits: all, raceClock, wallClock, counters, store });
  await sessions.restore();
  const publish = (text: string, { topic = 'a/b', expiryMs }: { topic?: string; expiryMs?: number } = {}) =>
    router.route(new Message({ topic, payload: text, qos: 1 }, { publishedAtMs: wallClock.nowMs(), expiryMs }));
  const connect = (clientId: string, clean = false) => {
    const session = sessions.open(clientId, clean);
    const link = new FakeLink();
    session.outbox.attach(link);
    return { session, link };
  };
  return { counters, store, router, sessions, publish, connect };
}

/** Keys on disk; the store must be closed. */
async function keys(): Promise<string[]> {
  const store = await RecordStore.open(path);
  const found: string[] = [];
  for await (const [key] of store.entries()) found.push(key.replaceAll('\0', ' ').replace(/ 0+(?=\w+$)/, ' '));
  await store.close();
  return found;
}

const acknowledgeAll = (session: Session, { packets }: FakeLink) => {
  for (const { messageId } of packets) session.outbox.acknowledged(messageId ?? 0);
};

describe('a persistent session on disk', () => {
  it('comes back with its subscriptions and what it was owed, in order, as it was sent', async () => {
    const before = await open();
    const { session, link } = before.connect('car');
    before.router.subscribe(session, 'a/+', 1);
    before.sessions.changed(session);
    before.publish('on the wire');
    before.sessions.left(session);
    before.publish('while away', { topic: 'a/ü' });
    expect(link.texts()).toEqual(['on the wire']);
    await before.store.close();

    const after = await open();
    const back = after.connect('car');
    expect(back.session.subscriptions).toEqual(new Map([['a/+', 1]]));
    after.publish('new');
    expect(back.link.packets.map(({ topic, text }) => [topic, text])).toEqual([
      ['a/b', 'on the wire'],
      ['a/ü', 'while away'],
      ['a/b', 'new'],
    ]);
    acknowledgeAll(back.session, back.link);
    await after.store.close();
    expect(await keys()).toEqual(['session car']);
  });

  it('costs a connected client that acknowledges no write; one that is slow has its messages written', async () => {
    const { connect, router, publish, store } = await open();
    const prompt = connect('prompt');
    const slow = connect('slow');
    for (const { session } of [prompt, slow]) router.subscribe(session, 'a/b', 1);
    publish('1');
    acknowledgeAll(prompt.session, prompt.link);
    wallClock.advance(FLUSH_MS);
    await new Promise((resolve) => setTimeout(resolve, 4 * FLUSH_MS));
    await store.close();
    expect(await keys()).toEqual(['owed slow 1', 'session prompt', 'session slow']);
  });

  it('ends an hour after its client left, wall time, also when nothing ran meanwhile', async () => {
    const before = await open();
    const { session } = before.connect('car');
    before.router.subscribe(session, 'a/b', 1);
    before.sessions.left(session);
    before.publish('owed');
    await before.store.close();
    wallClock.advance(3_600_001);
    const after = await open();
    expect(after.sessions.persistent('car')).toBeUndefined();
    expect(after.counters.stats.sessionDrops).toEqual({ sessionExpired: 1 });
    await after.store.close();
    expect(await keys()).toEqual([]);
  });

  it('of a client that was connected at the end has its hour from the new beginning', async () => {
    const before = await open();
    before.connect('car');
    await before.store.close();
    wallClock.advance(3_600_001);
    const after = await open();
    expect(after.sessions.persistent('car')).toBeDefined();
    await after.store.close();
  });

  it('leaves nothing behind when a clean one takes its place, or its queue is full, or its messages are too old', async () => {
    const first = await open({ sessionQueueMessages: 2 });
    const { session } = first.connect('car');
    first.router.subscribe(session, 'a/b', 1);
    first.sessions.changed(session);
    first.sessions.left(session);
    for (const text of ['1', '2', '3']) first.publish(text);
    await first.store.close();
    expect(await keys()).toEqual(['owed car 2', 'owed car 3', 'session car']);

    const second = await open();
    second.publish('short', { expiryMs: 10 });
    wallClock.advance(11);
    const { link } = second.connect('car');
    expect(link.texts()).toEqual(['2', '3']);
    second.connect('car', true);
    await second.store.close();
    expect(await keys()).toEqual([]);
  });

  it('that a shared subscription had chosen gives its message on when it leaves again', async () => {
    const before = await open();
    const one = before.connect('one');
    before.router.subscribe(one.session, '$share/g/a/b', 1);
    before.sessions.changed(one.session);
    before.sessions.left(one.session);
    before.publish('work');
    await before.store.close();

    const after = await open();
    const { session } = after.connect('one');
    const two = after.connect('two');
    after.router.subscribe(two.session, '$share/g/a/b', 1);
    after.sessions.left(session);
    expect(two.link.texts()).toEqual(['work']);
    await after.store.close();
  });
});

describe('what waits for all clients together', () => {
  it('is bounded, on the wire and in queues', async () => {
    const { connect, router, publish, sessions, counters, store } = await open({ queuedBytes: 10, unacknowledged: 1 });
    const { session, link } = connect('one');
    router.subscribe(session, 'a/b', 1);
    const other = connect('two');
    router.subscribe(other.session, 'other', 1);
    publish('12345');
    publish('6789');
    // Ten bytes would be eleven: the oldest that waits goes, not what is on the wire.
    publish('ab');
    expect(counters.stats.deliveryDrops).toEqual({ queueFull: 1 });
    publish('123456', { topic: 'other' });
    expect(counters.stats.deliveryDrops).toEqual({ queueFull: 2 });
    expect(other.link.texts()).toEqual([]);
    acknowledgeAll(session, link);
    acknowledgeAll(session, link);
    sessions.left(session);
    publish('123456', { topic: 'other' });
    expect(other.link.texts()).toEqual(['123456']);
    await store.close();
  });
});
