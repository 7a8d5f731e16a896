import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, type AgentOptions, startAgent } from '#device/agent.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { ChannelTable } from '#wire/channels.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import type { CallMessage } from '#wire/messages.js';
import { seededRandom } from '#wire/random.js';
import { shadowTopic, topics } from '#wire/topics.js';
import { TestCloud } from './cloud.js';
import { TestBroker, until } from './uplink/broker.js';

const table = new ChannelTable([
  { name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 },
  { name: 'fuelFlow', unit: 'kg/h', scale: 0.01, offset: 0, rateHz: 100 },
]);
const START_MS = Date.UTC(2026, 10, 21, 18);

let dir: string;
let broker: TestBroker;
let cloud: TestCloud;
let raceClock: ManualClock;
let source: SimulatedSource;
let agents: Agent[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pitwall-agent-'));
  broker = await TestBroker.start(join(dir, 'certs'));
  cloud = new TestCloud(broker);
  raceClock = new ManualClock(START_MS);
  agents = [];
});
afterEach(async () => {
  for (const agent of agents) await agent.stop();
  await broker.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(options: Partial<AgentOptions> = {}): Promise<Agent> {
  const thing = options.thing ?? 'car-1';
  const identity = await broker.authority.thing(thing);
  source = new SimulatedSource(thing, table);
  const random = seededRandom(agents.length + 1);
  const agent = await startAgent({
    thing,
    dataDir: join(dir, thing),
    sources: [source],
    raceClock,
    random,
    log: silentLog,
    frameWindowMs: 10,
    summaryChannels: ['speed'],
    journal: { fsync: 'none' },
    limits: { resendAfterMs: 300 },
    link: () =>
      createMqttLink(
        { host: 'localhost', port: broker.port, clientId: thing, ...identity },
        { wallClock, random, log: silentLog, backoffMinMs: 50, backoffMaxMs: 400 },
      ),
    ...options,
  });
  agents.push(agent);
  return agent;
}

/** Drives the car for `ms` of race time, a frame for each 100 ms of it. */
function drive(agent: Agent, ms: number): void {
  for (let at = 0; at < ms; at += 100) {
    source.push({
      timeMs: raceClock.nowMs(),
      periodUs: 10_000,
      count: 10,
      channels: Uint16Array.of(0, 1),
      values: new Float64Array(20).fill(36),
    });
    raceClock.advance(100);
    agent.flush();
  }
}

const drained = async (agent: Agent) => expect(await agent.drained(20_000)).toBe(true);

describe('an agent', () => {
  test('publishes its channel table first, then frames and events, numbered without a hole per family', async () => {
    const agent = await start();
    drive(agent, 3000);
    source.lap({ lapHint: 1, lapTimeMs: 29_874, atMs: raceClock.nowMs() });
    await drained(agent);
    const bySeq = [...cloud.arrived].sort((a, b) => a.seq - b.seq);
    expect(bySeq.map(({ seq }) => seq)).toEqual(bySeq.map((_, i) => i + 1));
    expect(bySeq[0].message).toMatchObject({ kind: 'schema', hash: table.hash, table: { channels: table.channels } });
    for (const family of ['frames', 'race']) {
      const chain = bySeq.filter((each) => each.family === family);
      expect(chain.map(({ prev }) => prev)).toEqual([0, ...chain.slice(0, -1).map(({ seq }) => seq)]);
    }
    expect(cloud.frames()).toHaveLength(30);
    expect(cloud.messages('event').map(({ type }) => type)).toEqual(['summary', 'summary', 'lap']);
    expect(cloud.messages('event')[0]).toMatchObject({
      eventTimeMs: START_MS + 990,
      lapHint: 0,
      channels: { speed: { min: 36, max: 36, mean: 36, last: 36 } },
      fuelUsedKg: expect.closeTo(0.01, 9),
    });
    expect(agent.stats()).toMatchObject({
      sampled: 30,
      framesJournaled: 30,
      framesPublished: 30,
      framesPubacked: 30,
      framesAcked: 30,
      recordsJournaled: 34,
      unsent: 0,
      unacked: 0,
      dropped: {},
    });
  });

  test('a PUBACK frees nothing: only the end-to-end acknowledgement does', async () => {
    cloud.acking = false;
    const agent = await start({ limits: { resendAfterMs: 60_000 } });
    drive(agent, 500);
    await until('all have their PUBACK', () => agent.stats().framesPubacked === 5 && agent.stats().unsent === 0);
    expect(agent.stats()).toMatchObject({ unacked: 6, framesAcked: 0 });
    cloud.acknowledge();
    await drained(agent);
    expect(agent.stats().framesAcked).toBe(5);
  });

  test('what got lost behind the broker is sent again by the backfill lane, JSON on its own topic', async () => {
    const lost = new Set<string>();
    // The first copy of every other frame and of every event vanishes after its PUBACK.
    cloud.lose = ({ topic, payload }) => {
      const key = `${topic.endsWith('/frames') ? payload.readUInt32LE(20) : payload.toString()}`;
      const victim = topic.endsWith('/events') || (topic.endsWith('/frames') && Number(key) % 2 === 0);
      if (!victim || lost.has(key)) return false;
      lost.add(key);
      return true;
    };
    const agent = await start();
    drive(agent, 3000);
    await drained(agent);
    expect(cloud.frames()).toHaveLength(30);
    expect(cloud.messages('event')).toHaveLength(2);
    const again = cloud.frames().filter(({ lane }) => lane === 'backfill');
    expect(again.length).toBeGreaterThanOrEqual(14);
    for (const { topic } of again) expect(topic).toBe(topics.frames('car-1', 'backfill'));
    expect(lost.size).toBeGreaterThan(15);
  });

  test('a link that is cut again and again, and a long outage: nothing is lost', async () => {
    const agent = await start();
    for (let round = 0; round < 4; round++) {
      const before = agent.stats().framesPubacked;
      drive(agent, 1000);
      await until('some more went out', () => agent.stats().framesPubacked > before);
      broker.cut();
      drive(agent, 1000);
    }
    await broker.unlisten();
    drive(agent, 10_000);
    expect(agent.stats().unacked).toBeGreaterThan(90);
    await broker.listen();
    drive(agent, 1000);
    await drained(agent);
    const { sampled, framesJournaled, framesAcked, reconnects, dropped } = agent.stats();
    expect({ sampled, framesJournaled, framesAcked, dropped }).toEqual({
      sampled: 190,
      framesJournaled: 190,
      framesAcked: 190,
      dropped: {},
    });
    expect(cloud.frames()).toHaveLength(190);
    expect(reconnects).toBeGreaterThanOrEqual(2);
  });

  test('what was not acknowledged before a stop is sent by the next start, under its old boot', async () => {
    cloud.acking = false;
    cloud.lose = () => true;
    const first = await start();
    drive(first, 1000);
    await first.stop();
    cloud.acking = true;
    cloud.lose = () => false;
    const second = await start();
    drive(second, 500);
    await drained(second);
    const boots = (boot: string) => cloud.frames().filter((frame) => frame.boot === boot);
    expect(boots(first.boot)).toHaveLength(10);
    expect(boots(first.boot).every(({ lane }) => lane === 'backfill')).toBe(true);
    expect(boots(second.boot)).toHaveLength(5);
    expect(second.stats()).toMatchObject({ framesRecovered: 10, framesJournaled: 5, framesAcked: 15 });
  });

  test('one topic that the policy refuses delays its own records and nothing else', async () => {
    broker.refusePublish = (topic) => topic === topics.events('car-1');
    const agent = await start();
    drive(agent, 1500);
    await until('the event was set aside', () => agent.stats().recordsRefused > 0);
    drive(agent, 200);
    await until('every frame arrived', () => cloud.frames().length === 17);
    expect(cloud.messages('event')).toEqual([]);
    const connects = broker.connects;
    drive(agent, 200);
    await until('frames go on', () => cloud.frames().length === 19);
    expect(broker.connects).toBe(connects);
    expect(agent.stats().unacked).toBe(1);
  });

  test('health goes out every ten seconds of race time', async () => {
    const agent = await start();
    await until('the link is up', () => agent.stats().link === 'up');
    raceClock.advance(10_000);
    const health = () => broker.heard.filter(({ topic }) => topic === topics.health('car-1'));
    // The first goes out when the link comes up.
    await until('health came', () => health().length === 2);
    expect(JSON.parse(health()[1].payload.toString())).toMatchObject({
      kind: 'health',
      thing: 'car-1',
      boot: agent.boot,
      link: 'up',
      eventTimeMs: START_MS + 10_000,
      reconnects: 0,
    });
    // Who stops in order says so.
    await agent.stop();
    await until('the last one came', () => health().length === 3);
    expect(JSON.parse(health()[2].payload.toString())).toMatchObject({
      kind: 'health',
      boot: agent.boot,
      link: 'down',
    });
  });

  test('answers calls: delivered, expired, and journaled as its own', async () => {
    const shown: string[] = [];
    const agent = await start({ onCall: ({ callId }) => shown.push(callId) });
    await until('the link is up', () => agent.stats().link === 'up');
    const call: CallMessage = {
      v: 1,
      kind: 'call',
      callId: 'a',
      revision: 1,
      supersedes: null,
      race: 'r',
      entry: '1',
      action: 'pit',
      lapFrom: 10,
      lapTo: 12,
      service: { tyres: 4, fuelKg: 40 },
      text: 'Box on lap 11.',
      expiresAtMs: START_MS + 60_000,
    };
    broker.send(topics.calls('car-1'), JSON.stringify(call));
    broker.send(topics.calls('car-1'), JSON.stringify({ ...call, callId: 'b', expiresAtMs: START_MS }));
    await until('both are answered', () => cloud.messages('callAck').length === 2);
    expect(cloud.messages('callAck').map(({ callId, outcome }) => [callId, outcome])).toEqual([
      ['a', 'delivered'],
      ['b', 'expired'],
    ]);
    expect(shown).toEqual(['a']);
    await drained(agent);
  });

  test('applies desired setup, reports it, and has it again after a restart without a link', async () => {
    const reported: unknown[] = [];
    const shadow = shadowTopic('car-1', 'setup');
    const take = broker.onMessage;
    broker.onMessage = (message) => {
      if (message.topic === `${shadow}/get`) {
        const state = { desired: { wingDeg: 12 }, delta: { wingDeg: 12 } };
        const { clientToken } = JSON.parse(message.payload.toString());
        broker.send(`${shadow}/get/accepted`, JSON.stringify({ state, version: 3, timestamp: 1, clientToken }));
      } else if (message.topic === `${shadow}/update`) reported.push(JSON.parse(message.payload.toString()));
      else take(message);
    };
    const applied: unknown[] = [];
    const agent = await start({ onSetup: (setup) => void applied.push(setup) });
    await until('it was reported', () => reported.length === 1);
    expect(applied).toEqual([{ wingDeg: 12 }]);
    expect(reported).toEqual([{ state: { reported: { wingDeg: 12 } }, version: 3, clientToken: expect.any(String) }]);
    await until('its trace arrived', () => cloud.messages('event').some(({ outcome }) => outcome === 'applied'));
    await agent.stop();
    await broker.unlisten();
    await start({ onSetup: (setup) => void applied.push(setup) });
    expect(applied).toEqual([{ wingDeg: 12 }, { wingDeg: 12 }]);
    await broker.listen();
  });

  test('a trackside agent publishes timing and asks for nothing that its policy would refuse', async () => {
    broker.refuseSubscribe = (filter) => filter !== topics.acks('timing');
    broker.refusePublish = (topic) => topic !== topics.timing('timing');
    const agent = await start({ thing: 'timing', role: 'trackside', sources: [] });
    agent.publishTiming({ kind: 'timing', type: 'flag', flag: 'green', lap: 0 });
    await drained(agent);
    expect(cloud.arrived.map(({ message }) => message)).toEqual([
      {
        v: 1,
        thing: 'timing',
        boot: agent.boot,
        seq: 1,
        prev: 0,
        eventTimeMs: START_MS,
        kind: 'timing',
        type: 'flag',
        flag: 'green',
        lap: 0,
      },
    ]);
  });
});
