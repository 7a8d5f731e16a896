import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Lag } from '#cli/processes/protocol.js';
import { ClockOwner } from '#cli/race/clock-owner.js';
import { ManualClock } from '#wire/clock.js';

let wall: ManualClock;
let lag: Lag;
let rates: number[];
let owner: ClockOwner;

beforeEach(() => {
  vi.useFakeTimers();
  wall = new ManualClock(1_000_000);
  lag = { name: 'rules queue', share: 0 };
  rates = [];
  owner = new ClockOwner(
    wall,
    0,
    10,
    () => [lag],
    ({ rate }) => rates.push(rate),
  );
  owner.start();
});
afterEach(() => {
  owner.stop();
  vi.useRealTimers();
});

const pass = (ms: number) => {
  wall.advance(ms);
  vi.advanceTimersByTime(ms);
};

describe('owner of the race clock', () => {
  it('slows while something is behind, names it, and comes back', () => {
    lag = { name: 'rules queue', share: 3 };
    pass(2_000);
    expect(owner.clock.rate).toBeLessThan(3);
    expect(owner.heldBy).toBe('rules queue');
    lag = { name: 'rules queue', share: 0 };
    pass(10_000);
    expect(owner.clock.rate).toBe(10);
    expect(owner.heldBy).toBeNull();
  });

  it('never stands still and never runs backwards', () => {
    lag = { name: 'stuck', share: 100 };
    let last = owner.clock.nowMs();
    for (let i = 0; i < 100; i++) {
      pass(200);
      expect(owner.clock.nowMs()).toBeGreaterThan(last);
      last = owner.clock.nowMs();
    }
  });

  it('leaves the rate alone between 0.7 and 1 of the bound', () => {
    lag = { name: 'consumers', share: 0.9 };
    pass(5_000);
    expect(rates).toEqual([]);
  });

  it('starts after the last race time of the data folder', () => {
    const later = new ClockOwner(
      wall,
      5_000_000,
      1,
      () => [],
      () => {},
    );
    expect(later.clock.nowMs()).toBe(5_000_000);
  });
});
