import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFleet } from '#simulator/fleet/fleet.js';
import { rosterFor } from '#simulator/fleet/roster.js';
import type { Fleet } from '#simulator/fleet/types.js';
import { race } from '#simulator/scenarios/race.js';
import { type ScenarioOverrides, withOverrides } from '#simulator/scenarios/scenario.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { FakeAgent, type FakeStats, pitCall } from './fakes.js';

const SEED = 21;
const START_MS = 1_800_000_000_000;

interface Rig {
  fleet: Fleet<FakeStats>;
  agents: Map<string, FakeAgent>;
  track: FakeAgent;
  /** One tick of wall time, in which the race clock moves by `raceMs`. */
  tick: (raceMs: number) => void;
}

async function rig(overrides: ScenarioOverrides): Promise<Rig> {
  const raceClock = new ManualClock(START_MS);
  const agents = new Map<string, FakeAgent>();
  const scenario = withOverrides(race, overrides);
  const fleet = await startFleet<FakeStats>({
    scenario,
    seed: SEED,
    raceClock,
    log: silentLog,
    startCarAgent: async (thing, source, onCall) => {
      const agent = new FakeAgent(thing, source);
      agent.onCall = onCall;
      agents.set(thing, agent);
      return agent;
    },
    startTrackAgent: async (thing) => {
      const agent = new FakeAgent(thing);
      agents.set(thing, agent);
      return agent;
    },
  });
  return {
    fleet,
    agents,
    track: agents.get('track-1')!,
    tick: (raceMs) => {
      raceClock.advance(raceMs);
      vi.advanceTimersByTime(100);
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe(`the fleet (seed ${SEED})`, () => {
  it('has an agent a car and one beside the track, and waits for run', async () => {
    const { fleet, agents, tick } = await rig({ cars: 3, laps: 2 });
    expect([...agents.keys()]).toEqual(['track-1', 'car-1', 'car-2', 'car-3']);
    tick(1000);
    expect(fleet.stats()).toMatchObject({ worldMs: 0, blocks: 0 });
    fleet.run();
    tick(1000);
    expect(fleet.stats()).toMatchObject({ worldMs: 1000, blocks: 3, samples: 3 * 60 * 100, behindMs: 0 });
    await fleet.stop();
    expect([...agents.values()].every(({ stopped }) => stopped)).toBe(true);
  });

  it('gives every car gapless samples, however irregular the ticks', async () => {
    const { fleet, agents, tick } = await rig({ cars: 2, laps: 2 });
    fleet.run();
    for (let i = 0; i < 60; i++) tick([500, 0, 37, 1210, 13, 900][i % 6]);
    for (const thing of ['car-1', 'car-2']) {
      const { blocks } = agents.get(thing)!;
      for (let i = 1; i < blocks.length; i++) expect(blocks[i].timeMs).toBeCloseTo(blocks[i - 1].endMs, 6);
      expect(blocks[0].timeMs).toBe(START_MS + 10);
      expect(blocks.at(-1)!.endMs).toBe(START_MS + fleet.stats().worldMs + 10);
    }
    await fleet.stop();
  });

  it('bounds what a late tick catches up with, says how far it is behind, and makes it good', async () => {
    const { fleet, agents, tick } = await rig({ cars: 1, laps: 2 });
    fleet.run();
    tick(5000);
    expect(fleet.stats()).toMatchObject({ worldMs: 2000, behindMs: 3000 });
    tick(100);
    tick(100);
    expect(fleet.stats()).toMatchObject({ worldMs: 5200, behindMs: 0 });
    expect(agents.get('car-1')!.blocks.map(({ timeMs, endMs }) => endMs - timeMs)).toEqual([2000, 2000, 1200]);
    await fleet.stop();
  });

  it('runs a race to its end: finished resolves, and the feed has told all of it', async () => {
    const { fleet, agents, track, tick } = await rig({ cars: 4, laps: 3 });
    fleet.run();
    let finished = false;
    void fleet.finished.then(() => {
      finished = true;
    });
    for (let i = 0; i < 400 && !finished; i++) {
      tick(500);
      await Promise.resolve();
    }
    expect(finished).toBe(true);
    expect(fleet.status()).toEqual({ lap: 3, flag: 'checkered', cautions: 0, finished: true });
    expect(fleet.result().map(({ laps }) => laps)).toEqual([3, 3, 3, 3]);

    const flags = track.timing.flatMap((body) => (body.type === 'flag' ? [body.flag] : []));
    expect(flags).toEqual(['green', 'white', 'checkered']);
    const passings = track.timing.flatMap((body) => (body.type === 'passing' ? [body] : []));
    expect(passings).toHaveLength(4 * 4);
    const roster = new Map(
      rosterFor(withOverrides(race, { cars: 4, laps: 3 }), SEED).map((entry) => [entry.number, entry]),
    );
    for (const { number, transponder, eventTimeMs, elapsedMs, lapTimeMs } of passings) {
      expect(roster.get(number)?.transponder).toBe(transponder);
      expect(Number.isInteger(eventTimeMs) && Number.isInteger(elapsedMs)).toBe(true);
      expect(lapTimeMs === null || Number.isInteger(lapTimeMs)).toBe(true);
      expect(eventTimeMs).toBeGreaterThan(START_MS);
    }
    // The winner in the feed is the winner in truth.
    const winner = passings.find(({ lap, position }) => lap === 3 && position === 1);
    expect(winner?.number).toBe(String(fleet.result()[0].number));

    const laps = agents.get('car-2')!.events.filter(({ type }) => type === 'lap');
    expect(laps).toHaveLength(3);

    const blocks = agents.get('car-1')!.blocks.length;
    tick(500);
    expect(agents.get('car-1')!.blocks).toHaveLength(blocks);
    await fleet.stop();
  });

  it('obeys a call that an agent delivers, and refuses one that comes too late', async () => {
    const { fleet, agents, track, tick } = await rig({ cars: 3, laps: 6 });
    fleet.run();
    for (let i = 0; i < 60; i++) tick(500);
    const { onCall } = agents.get('car-3')!;
    onCall(pitCall());
    agents.get('car-2')!.onCall(pitCall({ entry: '2' }));
    agents.get('car-2')!.onCall(pitCall({ entry: '2', action: 'cancel' }));
    for (let i = 0; i < 260; i++) tick(500);
    const stops = track.timing.flatMap((body) => (body.type === 'stop' ? [body] : []));
    expect(stops).toMatchObject([{ number: '3', lap: 2, tyresChanged: 4 }]);
    expect(() => onCall(pitCall())).toThrow(expect.objectContaining({ code: 'PW-SIM-CALL' }));
    await fleet.stop();
  });

  it('counts a timing message that the agent refuses, and goes on', async () => {
    const { fleet, track, tick } = await rig({ cars: 1, laps: 2 });
    vi.spyOn(track, 'publishTiming').mockImplementationOnce(() => {
      throw Object.assign(new Error('full'), { code: 'PW-JOURNAL-FULL' });
    });
    fleet.run();
    for (let i = 0; i < 60; i++) tick(500);
    expect(fleet.stats().timingRefused).toEqual({ 'PW-JOURNAL-FULL': 1 });
    expect(fleet.stats().timingMessages).toBeGreaterThan(0);
    await fleet.stop();
  });

  it('is drained when every agent is', async () => {
    const { fleet, agents } = await rig({ cars: 2, laps: 2 });
    expect(await fleet.drained(1000)).toBe(true);
    agents.get('car-2')!.isDrained = false;
    expect(await fleet.drained(1000)).toBe(false);
    await fleet.stop();
  });

  it('stops the agents that it started when one does not start', async () => {
    const started: FakeAgent[] = [];
    const start = startFleet<FakeStats>({
      scenario: withOverrides(race, { cars: 12, laps: 2 }),
      seed: SEED,
      raceClock: new ManualClock(START_MS),
      log: silentLog,
      startCarAgent: async (thing, source) => {
        if (thing === 'car-9') throw new Error('no certificate');
        started.push(new FakeAgent(thing, source));
        return started.at(-1)!;
      },
      startTrackAgent: async (thing) => {
        started.push(new FakeAgent(thing));
        return started.at(-1)!;
      },
    });
    await expect(start).rejects.toThrow('no certificate');
    expect(started.length).toBeGreaterThan(8);
    expect(started.every(({ stopped }) => stopped)).toBe(true);
  });
});
