import { describe, expect, test } from 'vitest';
import { ManualClock, RaceClock, wallClock } from '#wire/clock.js';

describe('RaceClock', () => {
  test('without a sync it is the wall clock', () => {
    const wall = new ManualClock(1000);
    const race = new RaceClock(wall);
    wall.advance(250);
    expect(race.nowMs()).toBe(1250);
    expect(race.rate).toBe(1);
  });

  test('runs at the rate of its sync', () => {
    const wall = new ManualClock(1000);
    const race = new RaceClock(wall);
    race.follow({ type: 'clock', wallMs: 1000, raceMs: 50_000, rate: 5 });
    wall.advance(100);
    expect(race.nowMs()).toBe(50_500);
  });

  test('never runs backwards: it stands until its owner has caught up', () => {
    const wall = new ManualClock(1000);
    const race = new RaceClock(wall);
    race.follow({ type: 'clock', wallMs: 1000, raceMs: 50_000, rate: 1 });
    wall.advance(100);
    expect(race.nowMs()).toBe(50_100);
    race.follow({ type: 'clock', wallMs: 1100, raceMs: 50_000, rate: 1 });
    expect(race.nowMs()).toBe(50_100);
    wall.advance(50);
    expect(race.nowMs()).toBe(50_100);
    wall.advance(51);
    expect(race.nowMs()).toBe(50_101);
  });

  test('at rate 0 the race stands still', () => {
    const wall = new ManualClock(1000);
    const race = new RaceClock(wall);
    race.follow({ type: 'clock', wallMs: 1000, raceMs: 9000, rate: 0 });
    wall.advance(5000);
    expect(race.nowMs()).toBe(9000);
  });

  test('its sync makes another process agree, at a new rate from the same moment on', () => {
    const wall = new ManualClock(1000);
    const owner = new RaceClock(wall);
    owner.follow({ type: 'clock', wallMs: 1000, raceMs: 70_000, rate: 2 });
    wall.advance(500);
    const follower = new RaceClock(wall);
    const sync = owner.sync(10);
    follower.follow(sync);
    owner.follow(sync);
    wall.advance(10);
    expect(follower.nowMs()).toBe(71_100);
    expect(owner.nowMs()).toBe(71_100);
  });
});

test('the wall clock tells epoch milliseconds and does not run backwards', () => {
  const first = wallClock.nowMs();
  expect(first).toBeGreaterThan(Date.UTC(2020, 0, 1));
  expect(wallClock.nowMs()).toBeGreaterThanOrEqual(first);
});
