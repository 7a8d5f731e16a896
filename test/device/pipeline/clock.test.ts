import { describe, expect, test } from 'vitest';
import { EventClock, SLEW_MOST_MS, STEP_FIXES } from '#device/pipeline/clock.js';
import { ManualClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';

const START_MS = Date.UTC(2026, 10, 21, 14);
const HOUR_MS = 3_600_000;
const SEED = 65;

function setUp(machineErrorMs?: number) {
  const monotonic = new ManualClock(5000);
  const machine = new ManualClock(START_MS);
  const clock = new EventClock({ monotonic, machine, machineErrorMs });
  const advance = (ms: number) => {
    monotonic.advance(ms);
    machine.advance(ms);
  };
  /** What a receiver says that knows the true time to be `aheadMs` ahead of event time now. */
  const fix = (aheadMs: number, errorMs = 10, quality: 'peer' | 'gps' = 'gps') =>
    clock.fix({ utcMs: clock.nowMs() + aheadMs, atMonotonicMs: monotonic.nowMs(), quality, errorMs });
  return { monotonic, machine, clock, advance, fix };
}

describe('the clock of the machine', () => {
  test('gives the start; what frames carry says how little that is worth', () => {
    const { clock, advance } = setUp();
    advance(1000);
    expect(clock.nowMs()).toBe(START_MS + 1000);
    expect([clock.clockQuality, clock.clockErrorMs]).toEqual([1, 65_535]);
    expect(setUp(20).clock.clockErrorMs).toBe(20);
  });

  test.each([65, -65])('jumps by %i hours, and event time goes on as if nothing were', (hours) => {
    const { clock, machine, advance } = setUp(20);
    advance(1000);
    machine.advance(hours * HOUR_MS);
    expect(clock.watch()).toBe(true);
    advance(1000);
    expect(clock.watch()).toBe(false);
    expect(clock.nowMs()).toBe(START_MS + 2000);
    expect(clock.estimate()).toEqual({
      quality: 'unknown',
      errorMs: null,
      offsetMs: -hours * HOUR_MS,
      steps: 0,
      machineJumps: 1,
    });
  });

  test('jumps, and what a receiver has said stays as good as it was', () => {
    const { clock, machine, fix } = setUp();
    fix(3);
    machine.advance(65 * HOUR_MS);
    clock.watch();
    expect(clock.estimate()).toMatchObject({ quality: 'gps', machineJumps: 1 });
  });

  test(`at random, with slewed fixes: event time never runs back, seed ${SEED}`, () => {
    const { clock, machine, advance, fix } = setUp();
    const random = seededRandom(SEED);
    let lastMs = clock.nowMs();
    for (let i = 0; i < 5000; i++) {
      advance(random() * 200);
      if (random() < 0.05) machine.advance((random() - 0.5) * 130 * HOUR_MS);
      if (random() < 0.3) fix((random() - 0.5) * 2 * SLEW_MOST_MS);
      clock.watch();
      expect(clock.nowMs()).toBeGreaterThanOrEqual(lastMs);
      lastMs = clock.nowMs();
    }
    expect(clock.steps).toBe(0);
  });
});

describe('a fix', () => {
  test('that is near is worked in at 5 %, without a jump', () => {
    const { clock, advance, fix } = setUp();
    const beforeMs = clock.nowMs();
    fix(-100);
    expect(clock.nowMs()).toBe(beforeMs);
    advance(1000);
    expect(clock.nowMs()).toBeCloseTo(beforeMs + 950, 6);
    advance(9000);
    expect(clock.nowMs()).toBeCloseTo(beforeMs + 9900, 6);
    expect([clock.clockQuality, clock.steps]).toEqual([3, 0]);
  });

  test.each([65 * HOUR_MS, -65 * HOUR_MS])('that is %i ms off is a step, when three agree', (offMs) => {
    const { clock, advance, fix } = setUp();
    const beforeMs = clock.nowMs();
    for (let i = 1; i < STEP_FIXES; i++) fix(offMs);
    expect(clock.nowMs()).toBe(beforeMs);
    fix(offMs);
    expect(clock.nowMs()).toBe(beforeMs + offMs);
    advance(10);
    expect(clock.nowMs()).toBe(beforeMs + offMs + 10);
    expect(clock.estimate()).toMatchObject({ quality: 'gps', errorMs: 11, steps: 1 });
  });

  test('that is bad once moves nothing, however often that happens', () => {
    const { clock, fix } = setUp();
    const beforeMs = clock.nowMs();
    for (let i = 1; i < 10; i++) fix(i * HOUR_MS);
    expect(clock.nowMs()).toBe(beforeMs);
    expect(clock.steps).toBe(0);
  });

  test('of a peer does not replace a better one of a satellite, until that is old', () => {
    const { clock, advance, fix } = setUp();
    fix(0, 5, 'gps');
    fix(200, 50, 'peer');
    expect(clock.estimate()).toMatchObject({ quality: 'gps', errorMs: 5 });
    advance(HOUR_MS);
    expect(clock.estimate().errorMs).toBe(185);
    fix(200, 50, 'peer');
    expect(clock.estimate()).toMatchObject({ quality: 'peer', errorMs: 250 });
    advance(10_000);
    expect(clock.estimate().errorMs).toBe(51);
  });

  test('that is no number is none', () => {
    const { clock, fix } = setUp();
    fix(Number.NaN);
    fix(0, Number.NaN);
    expect(clock.clockQuality).toBe(1);
  });
});
