import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { gaps } from '#cloud/race/gaps.js';
import { START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';

function gapsAfter(...crossings: [entry: string, lap: number, atS: number][]) {
  const feed = new TimingFeed();
  const state = createRaceState(sessionOpen());
  for (const [entry, lap, atS] of crossings) applyRecord(state, feed.passing(entry, lap, START_MS + atS * 1000));
  return gaps(state);
}

describe('gaps', () => {
  it('are measured on the same lap, also while the leader is a crossing ahead', () => {
    const all = gapsAfter(['1', 1, 30], ['2', 1, 32], ['3', 1, 35.5], ['1', 2, 60]);
    expect(all['1']).toEqual({ gapMs: 0, lapsDown: 0, intervalMs: null });
    expect(all['2']).toEqual({ gapMs: 2_000, lapsDown: 0, intervalMs: 2_000 });
    expect(all['3']).toEqual({ gapMs: 5_500, lapsDown: 0, intervalMs: 3_500 });
  });

  it('grow while a crossing is overdue, so that they stay in the running order', () => {
    const all = gapsAfter(['1', 1, 30], ['3', 1, 31], ['2', 1, 32], ['1', 2, 60], ['2', 2, 62.5]);
    expect(all['2']).toEqual({ gapMs: 2_500, lapsDown: 0, intervalMs: 2_500 });
    // Car 3 is in the pits: at its last crossing it was 1 s behind, by now it is at least 2.5 s.
    expect(all['3']).toEqual({ gapMs: 2_500, lapsDown: 0, intervalMs: 0 });
  });

  it('are laps for a lapped car, and for one that no longer crosses', () => {
    const all = gapsAfter(['1', 1, 30], ['2', 1, 40], ['1', 2, 60], ['1', 3, 90], ['2', 2, 91], ['1', 4, 120]);
    expect(all['2']).toEqual({ gapMs: null, lapsDown: 1, intervalMs: null });
    expect(gapsAfter(['1', 1, 30], ['2', 1, 31], ['1', 2, 60], ['1', 3, 90], ['1', 4, 120])['2'].lapsDown).toBe(2);
  });

  it('are unknown before the first crossing, and when the leader lacks the lap', () => {
    expect(gapsAfter()['1']).toEqual({ gapMs: null, lapsDown: 0, intervalMs: null });
    expect(gapsAfter(['1', 2, 60], ['2', 1, 40])['2'].gapMs).toBeNull();
  });
});
