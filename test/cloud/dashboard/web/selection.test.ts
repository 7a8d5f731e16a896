import { describe, expect, it } from 'vitest';
import { callLaps, leftToDecideMs, reasonsOf, sortCalls } from '#cloud/dashboard/web/calls-order.js';
import { Rate } from '#cloud/dashboard/web/rates.js';
import { entryOfHash, hashOfEntry, neighbour, selectable } from '#cloud/dashboard/web/selection.js';
import { SyntheticRace } from '../synthetic-race.js';

describe('selection', () => {
  const { view } = new SyntheticRace({ seed: 1, cars: 4 });
  // Keys that look like numbers come in their own order: the places are in the rows.
  const entries = Object.values(view.rows)
    .sort((left, right) => left.order - right.order)
    .map((row) => row.entry);

  it('stands in the address', () => {
    expect(entryOfHash(hashOfEntry('24 & 7'))).toBe('24 & 7');
    expect(entryOfHash('')).toBeUndefined();
  });

  it('falls back to our own car, then to the leader', () => {
    expect(selectable(view, entries[2])).toBe(entries[2]);
    expect(selectable(view, 'unknown')).toBe('24');
    expect(selectable(view, 'constructor')).toBe('24');
    const strangers = Object.fromEntries(
      Object.entries(view.rows).map(([entry, row]) => [entry, { ...row, own: false }]),
    );
    expect(selectable({ ...view, rows: strangers }, undefined)).toBe('24');
    expect(selectable({ ...view, rows: {} }, undefined)).toBeUndefined();
  });

  it('moves by places and stops at both ends', () => {
    expect(neighbour(view, entries[0], 1)).toBe(entries[1]);
    expect(neighbour(view, entries[0], -1)).toBe(entries[0]);
    expect(neighbour(view, entries[3], 1)).toBe(entries[3]);
    expect(neighbour(view, undefined, 1)).toBe(entries[0]);
  });
});

describe('pit calls on the screen', () => {
  const race = new SyntheticRace({ seed: 1, cars: 2 });
  race.call('late', { expiresAtMs: 900 });
  race.call('soon', { expiresAtMs: 500 });
  race.call('taken', { status: 'accepted', expiresAtMs: 100 });
  race.call('old', { status: 'done', expiresAtMs: 50 });
  race.call('older', { status: 'expired', expiresAtMs: 20 });
  const ids = (calls: { callId: string }[]) => calls.map(({ callId }) => callId);

  it('what waits for a person comes first, soonest on top; the rest is history', () => {
    const { open, past } = sortCalls(race.view.calls);
    expect(ids(open)).toEqual(['soon', 'late', 'taken']);
    expect(ids(past)).toEqual(['old', 'older']);
  });

  it('time left is the person’s: wall time', () => {
    const { soon } = race.view.calls;
    expect(leftToDecideMs(soon, 0, 5)).toBe(100);
    expect(leftToDecideMs(soon, 0, 0)).toBe(500);
    expect(leftToDecideMs(soon, 9_999, 5)).toBe(0);
  });

  it('laps and reasons in words and order', () => {
    expect([callLaps({ lapFrom: 7, lapTo: 7 }), callLaps({ lapFrom: 7, lapTo: 9 })]).toEqual(['lap 7', 'laps 7–9']);
    expect(reasonsOf({ ...race.view.calls.soon, reasons: { 10: 'c', 2: 'b', 1: 'a' } })).toEqual(['a', 'b', 'c']);
  });
});

describe('drawing rates', () => {
  it('at 60 frames a second, 5 and 10 Hz come out as such', () => {
    const tower = new Rate(200);
    const charts = new Rate(100);
    let [towerDraws, chartDraws] = [0, 0];
    for (let frame = 0; frame < 600; frame++) {
      if (tower.due((frame * 1_000) / 60)) towerDraws++;
      if (charts.due((frame * 1_000) / 60)) chartDraws++;
    }
    expect([towerDraws, chartDraws]).toEqual([50, 100]);
  });
});
