import { describe, expect, test } from 'vitest';
import { Budget } from '#device/uplink/budget.js';
import { ManualClock, RaceClock } from '#wire/clock.js';

/** How many of 1 unit may be spent while `ms` pass in steps of 1 ms. */
function spendFor(ms: number, budget: Budget, wall: ManualClock): number {
  let spent = 0;
  for (let i = 0; i < ms; i++) {
    while (budget.has()) {
      budget.spend(1);
      spent++;
    }
    wall.advance(1);
  }
  return spent;
}

describe('Budget', () => {
  test('no second sees more than the limit, also the first with its burst', () => {
    const wall = new ManualClock(0);
    const budget = new Budget(100, wall, wall);
    expect(spendFor(1000, budget, wall)).toBeLessThanOrEqual(101);
    expect(spendFor(1000, budget, wall)).toBeGreaterThanOrEqual(79);
  });

  test('scales with the race clock', () => {
    const wall = new ManualClock(0);
    const race = new RaceClock(wall);
    race.follow({ type: 'clock', wallMs: 0, raceMs: 0, rate: 10 });
    const spent = spendFor(1000, new Budget(100, race, wall), wall);
    expect(spent).toBeGreaterThan(790);
    expect(spent).toBeLessThanOrEqual(1000);
  });

  test('is no slower than the wall when the race stands still', () => {
    const wall = new ManualClock(0);
    const race = new RaceClock(wall);
    race.follow({ type: 'clock', wallMs: 0, raceMs: 0, rate: 0 });
    expect(spendFor(1000, new Budget(100, race, wall), wall)).toBeGreaterThan(79);
  });

  test('what is larger than the bucket goes once, and the debt is paid before the next', () => {
    const wall = new ManualClock(0);
    const budget = new Budget(1000, wall, wall);
    expect(budget.has()).toBe(true);
    budget.spend(1000);
    wall.advance(999);
    expect(budget.has()).toBe(false);
    wall.advance(2);
    expect(budget.has()).toBe(true);
  });

  test('keeps a share back when asked to', () => {
    const wall = new ManualClock(0);
    const budget = new Budget(100, wall, wall);
    budget.spend(16);
    expect([budget.has(), budget.has(0.25)]).toEqual([true, false]);
  });
});
