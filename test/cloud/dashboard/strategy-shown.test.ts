import { describe, expect, it } from 'vitest';
import { apply, diff } from '#cloud/dashboard/merge-patch.js';
import { shown } from '#cloud/dashboard/strategy-shown.js';

describe('an answer on its way to the browser', () => {
  it('has no null: in a merge patch null removes', () => {
    const answer = { stage: null, lap: 3, cars: [{ entry: '7', gapMs: null }, null], inner: { saving: null, laps: 2 } };
    expect(shown(answer)).toEqual({ lap: 3, cars: [{ entry: '7' }], inner: { laps: 2 } });
  });

  it('keeps what null and zero mean apart', () => {
    expect(shown({ chance: 0, over: null, isOpen: false, text: '' })).toEqual({ chance: 0, isOpen: false, text: '' });
  });

  it('keeps the digits that people read: a thousandth of a chance, a hundredth of a lap, whole milliseconds', () => {
    expect(shown({ chance: 0.123456, laps: -4.5678, gapMs: 1234.56, atMs: 1_780_000_000_123 })).toEqual({
      chance: 0.123,
      laps: -4.57,
      gapMs: 1235,
      atMs: 1_780_000_000_123,
    });
  });

  it('is the same after a delta', () => {
    const before = shown({ fuel: { laps: 4, saving: { percent: 2 } }, curve: [{ low: 1, mean: 2, high: 3 }] });
    const after = shown({ fuel: { laps: 3, saving: null }, curve: [{ low: 1, mean: 2.5, high: 3 }] });
    expect(apply(before, diff(before, after) ?? {})).toEqual(after);
  });
});
