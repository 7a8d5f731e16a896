import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { unlistedThings } from '#cloud/race/car.js';
import { createRaceState } from '#cloud/race/create.js';
import type { RaceState } from '#cloud/race/types.js';
import type { AlarmEvent, CarLapEvent, HealthMessage, SummaryEvent } from '#wire/messages.js';
import { makeRace } from '../../helpers/made-race.js';
import { rosterEntry, START_MS, sessionOpen, summary, TimingFeed } from '../../helpers/race-records.js';

const FIRST_BOOT = '1-00000000000000bb';
const SECOND_BOOT = '2-00000000000000bb';

function afterRace(more: Partial<Parameters<typeof makeRace>[0]> = {}): RaceState {
  const state = createRaceState(sessionOpen({ roster: [rosterEntry('1')] }));
  for (const record of makeRace({ cars: 1, laps: 10, fuelPerLapKg: 2, ...more })) applyRecord(state, record);
  return state;
}

describe('fuel of the car, joined to official laps', () => {
  it('is measured per green lap, and apart under yellow', () => {
    const car = afterRace({ yellow: [5, 7] }).entries['1'].car!;
    // Of ten laps the first has no crossing before it; three are yellow.
    expect(car.fuelPerLapKg).toHaveLength(6);
    for (const kg of car.fuelPerLapKg.slice(0, -1)) expect(kg).toBeCloseTo(2, 1);
    expect(car.fuelPerYellowLapKg).toHaveLength(3);
    for (const kg of car.fuelPerYellowLapKg) expect(kg).toBeCloseTo(0.8, 1);
  });

  it('keeps counting across a restart of the agent, whose integral starts from 0', () => {
    const state = createRaceState(sessionOpen());
    const feed = new TimingFeed();
    const restartMs = START_MS + 75_000;
    for (let second = 0; second <= 150; second++) {
      const atMs = START_MS + second * 1_000;
      const restarted = atMs >= restartMs;
      const fuelUsedKg = (restarted ? second - 75 : second) / 15;
      applyRecord(state, summary('1', atMs, { boot: restarted ? SECOND_BOOT : FIRST_BOOT, fuelUsedKg }));
      if (second % 30 === 0 && second > 0)
        applyRecord(state, feed.passing('1', second / 30, atMs, { lapTimeMs: 30_000 }));
    }
    const car = state.entries['1'].car!;
    expect(car.fuelUsedKg).toBe(5);
    expect(car.fuelUsedAtLapKg! - car.fuelUsedAtStintKg!).toBeCloseTo(10, 0);
    for (const kg of car.fuelPerLapKg) expect(kg).toBeGreaterThan(1.8);
    applyRecord(state, summary('1', START_MS + 74_000, { boot: FIRST_BOOT, fuelUsedKg: 99 }));
    expect(state.ignored).toEqual({ 'old-boot': 1 });
  });

  it('begins anew with the stint, and the stop keeps what the stint before had used', () => {
    const entry = afterRace({ stopLaps: () => [6] }).entries['1'];
    expect(entry.stops[0].ecuUsedKg).toBeCloseTo(12.2, 0);
    expect(entry.car!.fuelUsedAtLapKg! - entry.car!.fuelUsedAtStintKg!).toBeCloseTo(7.8, 0);
  });

  it('has no base when the car was first heard in the middle of a stint', () => {
    const state = createRaceState(sessionOpen());
    applyRecord(state, new TimingFeed().passing('1', 4, START_MS + 120_000));
    applyRecord(state, summary('1', START_MS + 130_000, { fuelUsedKg: 8 }));
    expect(state.entries['1'].car).toMatchObject({ fuelUsedKg: 8, fuelUsedAtStintKg: null });
  });

  it('shows the newest second, whatever comes late', () => {
    const state = createRaceState(sessionOpen());
    const rpm = (last: number) => ({ rpm: { min: 0, max: last, mean: last, last } });
    applyRecord(state, summary('1', START_MS + 5_000, { channels: rpm(9_000) }));
    applyRecord(state, summary('1', START_MS + 4_000, { channels: rpm(8_000) }));
    expect(state.entries['1'].car!.channels.rpm.last).toBe(9_000);
    expect(state.entries['1'].car!.fuelUsedKg).toBeNull();
  });

  it('does not let a wrong car clock move race time', () => {
    const state = createRaceState(sessionOpen());
    applyRecord(state, summary('1', START_MS + 60 * 3_600_000));
    expect(state.lastEventMs).toBeLessThan(START_MS);
  });
});

describe('other words of the car', () => {
  const alarm = (name: string, atMs: number, alarmState: AlarmEvent['state']): AlarmEvent => ({
    ...(summary('1', atMs) as Pick<SummaryEvent, 'v' | 'thing' | 'boot' | 'seq' | 'prev' | 'eventTimeMs'>),
    kind: 'event',
    type: 'alarm',
    name,
    level: 'critical',
    state: alarmState,
    channel: 'oil',
    value: 1,
    limit: 2,
  });

  it('raises and clears alarms by event time', () => {
    const state = createRaceState(sessionOpen());
    applyRecord(state, alarm('oil', START_MS, 'raised'));
    applyRecord(state, alarm('water', START_MS + 2_000, 'cleared'));
    applyRecord(state, alarm('water', START_MS + 1_000, 'raised'));
    expect(state.entries['1'].alarms.map(({ name }) => name)).toEqual(['oil']);
    applyRecord(state, alarm('oil', START_MS + 3_000, 'cleared'));
    expect(state.entries['1'].alarms).toEqual([]);
  });

  it('leaves laps to official timing, and counts a broken counter', () => {
    const state = createRaceState(sessionOpen());
    const lap = {
      ...summary('1', START_MS),
      type: 'lap',
      lapHint: 32_768,
      lapTimeMs: 30_000,
    } as unknown as CarLapEvent;
    applyRecord(state, lap);
    applyRecord(state, { ...lap, lapHint: 4 });
    expect(state.entries['1'].laps).toEqual([]);
    expect(state.ignored).toEqual({ 'lap-hint-invalid': 1 });
  });

  it('keeps the newest health of each thing, of so many that are in no roster', () => {
    const state = createRaceState(sessionOpen());
    const health = (thing: string, atMs: number, unsentRecords: number): HealthMessage => ({
      v: 1,
      kind: 'health',
      thing,
      boot: SECOND_BOOT,
      eventTimeMs: atMs,
      link: 'up',
      journal: { unsentRecords, unackedRecords: 5, bytes: 0, oldestUnackedMs: 0 },
      drops: {},
      reconnects: 0,
      rttMs: null,
    });
    applyRecord(state, health('car-1', START_MS + 1_000, 3), START_MS + 1_200);
    applyRecord(state, health('car-1', START_MS, 7), START_MS + 1_500);
    for (let i = 0; i < 65; i++) applyRecord(state, health(`stranger-${i}`, START_MS, 7));
    expect(state.health['car-1']).toEqual({
      atMs: START_MS + 1_000,
      heardMs: START_MS + 1_500,
      link: 'up',
      unsent: 3,
      unacked: 5,
      bootCount: 2,
      oldestMs: 0,
      dropped: 0,
      reconnects: 0,
      rttMs: null,
      clock: null,
    });
    expect(unlistedThings(state)).toHaveLength(64);
    expect(unlistedThings(state)).not.toContain('stranger-64');
    expect(state.ignored).toEqual({ 'unknown-thing': 1 });
  });
});
