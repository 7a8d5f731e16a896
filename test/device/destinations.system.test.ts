import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, startAgent } from '#device/agent.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { ChannelTable } from '#wire/channels.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { TestCloud } from './cloud.js';
import { TestBroker, until } from './uplink/broker.js';

const table = new ChannelTable([{ name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 }]);
const MINUTE_MS = 60_000;
const FRAME_MS = 100;

let dir: string;
let brokers: TestBroker[];
let agent: Agent;
let raceClock: ManualClock;
let source: SimulatedSource;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pitwall-destinations-'));
  brokers = await Promise.all(['lan', 'wan'].map((name) => TestBroker.start(join(dir, name))));
  raceClock = new ManualClock(Date.UTC(2026, 10, 21, 18));
  source = new SimulatedSource('car-1', table);
});
afterEach(async () => {
  await agent.stop();
  for (const broker of brokers) await broker.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const random = seededRandom(1);
  const destinations = await Promise.all(
    brokers.map(async (broker, i) => {
      const endpoint = {
        host: 'localhost',
        port: broker.port,
        clientId: 'car-1',
        ...(await broker.authority.thing('car-1')),
      };
      const options = { wallClock, random, log: silentLog, backoffMinMs: 50, backoffMaxMs: 400 };
      return { name: ['lan', 'wan'][i], link: () => createMqttLink(endpoint, options) };
    }),
  );
  agent = await startAgent({
    thing: 'car-1',
    dataDir: join(dir, 'car-1'),
    sources: [source],
    raceClock,
    random,
    log: silentLog,
    frameWindowMs: 10,
    summaryChannels: ['speed'],
    journal: { fsync: 'none', keepBytes: 64 * 1024 * 1024 },
    limits: { resendAfterMs: 2000 },
    destinations,
  });
}

/** Race time passes about sixty times as fast as the wall's; frames go as they come. */
async function drive(raceMs: number): Promise<void> {
  for (let at = 0; at < raceMs; at += FRAME_MS) {
    const values = new Float64Array(10).fill(36);
    source.push({ timeMs: raceClock.nowMs(), periodUs: 10_000, count: 10, channels: Uint16Array.of(0), values });
    agent.flush();
    raceClock.advance(FRAME_MS);
    if (at % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

describe('an agent with two destinations, both brokers real', () => {
  test('the WAN is cut for 20 minutes: the LAN has every frame, the WAN the same in the end', async () => {
    const [lan, wan] = brokers.map((broker) => new TestCloud(broker));
    // As readers do: after a checkpoint, not after each record.
    for (const cloud of [lan, wan]) cloud.acking = false;
    const checkpoints = setInterval(() => {
      for (const cloud of [lan, wan]) cloud.acknowledge();
    }, 200);
    await start();
    await until('both are up', () => Object.values(agent.stats().destinations).every(({ state }) => state === 'up'));
    await drive(MINUTE_MS);
    await brokers[1].unlisten();
    const framesBefore = wan.frames().length;
    await drive(20 * MINUTE_MS);
    // The LAN is done while the WAN is still away.
    await until('the LAN has everything', () => agent.stats().destinations.lan.unacked === 0, 30_000);
    expect(lan.frames().length).toBe((21 * MINUTE_MS) / FRAME_MS);
    expect(wan.frames().length).toBeLessThan(framesBefore + 100);
    expect(agent.stats().destinations.wan.unacked).toBeGreaterThanOrEqual((20 * MINUTE_MS) / FRAME_MS);
    await brokers[1].listen();
    // AWS's limits a second count on the race clock, which runs on at the same speed.
    const running = setInterval(() => raceClock.advance(600), 10);
    const drained = await agent.drained(60_000);
    clearInterval(running);
    clearInterval(checkpoints);
    expect(drained).toBe(true);
    const identities = (cloud: TestCloud) =>
      cloud.arrived.map(({ boot, family, seq }) => `${boot} ${family} ${seq}`).sort();
    expect(identities(wan)).toEqual(identities(lan));
    expect(agent.stats().dropped).toEqual({});
  }, 120_000);

  test('a run of records is sent again to one of them, acknowledged or not', async () => {
    const [lan, wan] = brokers.map((broker) => new TestCloud(broker));
    await start();
    await drive(10_000);
    expect(await agent.drained(20_000)).toBe(true);
    const before = [lan.duplicates, wan.duplicates];
    const result = await agent.resend({ boot: agent.boot, from: 11, to: 30 }, 'wan');
    expect(result).toEqual({ sent: 20, missing: 0 });
    await until('they came again', () => wan.duplicates >= before[1] + 20);
    expect(lan.duplicates).toBe(before[0]);
    await expect(agent.resend({ boot: agent.boot, from: 1, to: 2 }, 'moon')).rejects.toMatchObject({
      code: 'PW-AGENT-OPTION',
      message: expect.stringContaining('lan, wan'),
    });
    expect(await agent.resend({ boot: '9-0000000000000001', from: 1, to: 5 })).toEqual({ sent: 0, missing: 5 });
  });
});
