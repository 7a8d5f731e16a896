import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SimulatedSource } from '#device/sources/simulated.js';
import { carChannels } from '#simulator/channels.js';
import { RemoteAgent } from '#simulator/fleet/remote.js';
import { hostCarAgent } from '#simulator/fleet/remote-host.js';
import { silentLog } from '#wire/log.js';
import type { CallMessage } from '#wire/messages.js';
import { channelPair, FakeAgent, type FakeStats, pitCall } from './fakes.js';

const THING = 'car-1';

interface Rig {
  agent: RemoteAgent<FakeStats>;
  hosted: FakeAgent;
  source: SimulatedSource;
  calls: CallMessage[];
  ended: Promise<void>;
}

async function rig(): Promise<Rig> {
  const [fleetEnd, hostEnd] = channelPair();
  const source = new SimulatedSource(THING, carChannels(100));
  const calls: CallMessage[] = [];
  let hosted: FakeAgent | undefined;
  const connecting = RemoteAgent.connect<FakeStats>({
    thing: THING,
    source,
    channel: fleetEnd,
    onCall: (call) => calls.push(call),
    log: silentLog,
  });
  const ended = hostCarAgent<FakeStats>({
    thing: THING,
    rateHz: 100,
    channel: hostEnd,
    startAgent: async (remoteSource, onCall) => {
      hosted = new FakeAgent(THING, remoteSource);
      hosted.onCall = onCall;
      return hosted;
    },
  });
  const agent = await connecting;
  return { agent, hosted: hosted!, source, calls, ended };
}

const block = (timeMs: number) => ({
  timeMs,
  periodUs: 10_000,
  count: 50,
  channels: Uint16Array.of(0, 1),
  values: new Float64Array(100).fill(1),
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets everything that is on its way arrive, and time pass. */
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe('an agent in another process', () => {
  it('gets the same blocks and laps as one in this process would', async () => {
    const { agent, hosted, source } = await rig();
    source.push(block(1000));
    source.lap({ lapHint: 4, lapTimeMs: 29_900, atMs: 1400 });
    source.push(block(1500));
    expect(agent.behindMs()).toBe(1000);
    await settle();
    expect(hosted.blocks).toEqual([
      { timeMs: 1000, endMs: 1500 },
      { timeMs: 1500, endMs: 2000 },
    ]);
    expect(hosted.events).toEqual([{ kind: 'event', type: 'lap', lapHint: 4, lapTimeMs: 29_900, eventTimeMs: 1400 }]);
    expect(agent.behindMs()).toBe(0);
  });

  it('tells its counts, its calls, whether it is drained, and that it stopped', async () => {
    const { agent, hosted, source, calls, ended } = await rig();
    expect(agent.stats()).toEqual({ thing: THING, blocks: 0 });
    source.push(block(1000));
    hosted.onCall(pitCall());
    await settle(250);
    expect(agent.stats()).toEqual({ thing: THING, blocks: 1 });
    expect(calls).toEqual([pitCall()]);
    expect(await agent.drained(100)).toBe(true);
    hosted.isDrained = false;
    expect(await agent.drained(100)).toBe(false);
    await agent.stop();
    await ended;
    expect(hosted.stopped).toBe(true);
  });

  it('ignores what is said on the channel to others', async () => {
    const [fleetEnd, hostEnd] = channelPair();
    const source = new SimulatedSource(THING, carChannels(100));
    const connecting = RemoteAgent.connect<FakeStats>({
      thing: THING,
      source,
      channel: fleetEnd,
      onCall: () => {},
      log: silentLog,
      timeoutMs: 50,
    });
    hostEnd.send({ type: 'clock', rate: 5 });
    hostEnd.send({ type: 'remoteCar', thing: 'car-2', body: { kind: 'ready', stats: {} } });
    hostEnd.send(null);
    const refused = expect(connecting).rejects.toThrow(expect.objectContaining({ code: 'PW-SIM-REMOTE' }));
    await settle(60);
    await refused;
  });

  it('whose start fails raises the reason on both ends', async () => {
    const [fleetEnd, hostEnd] = channelPair();
    const connecting = RemoteAgent.connect<FakeStats>({
      thing: THING,
      source: new SimulatedSource(THING, carChannels(100)),
      channel: fleetEnd,
      onCall: () => {},
      log: silentLog,
    });
    const hosting = hostCarAgent<FakeStats>({
      thing: THING,
      rateHz: 100,
      channel: hostEnd,
      startAgent: () => Promise.reject(new Error('no certificate')),
    });
    await expect(hosting).rejects.toThrow('no certificate');
    await expect(connecting).rejects.toThrow(/car-1.*no certificate/);
  });

  it('that stands still is waited for up to a bound, then blocks are dropped and counted', async () => {
    const [fleetEnd, hostEnd] = channelPair();
    const source = new SimulatedSource(THING, carChannels(100));
    const connecting = RemoteAgent.connect<FakeStats>({
      thing: THING,
      source,
      channel: fleetEnd,
      onCall: () => {},
      log: silentLog,
      blocksMost: 3,
      timeoutMs: 50,
    });
    hostEnd.send({ type: 'remoteCar', thing: THING, body: { kind: 'ready', stats: { thing: THING, blocks: 0 } } });
    const agent = await connecting;
    for (let i = 0; i < 5; i++) source.push(block(1000 + 500 * i));
    expect(agent.droppedBlocks).toBe(2);
    expect(agent.behindMs()).toBe(1500);
    const drained = agent.drained(10);
    const stopped = expect(agent.stop()).rejects.toThrow(expect.objectContaining({ code: 'PW-SIM-REMOTE' }));
    await settle(3000);
    expect(await drained).toBe(false);
    await stopped;
  });
});
