import { describe, expect, it } from 'vitest';
import { fromRows, type LapRow } from '#cloud/strategy/history/from-rows.js';
import { readField } from '#cloud/strategy/models/field.js';
import { WEC } from '#cloud/strategy/models/fitted/wec.js';
import { progress } from '#cloud/strategy/models/progress.js';
import { fitStints } from '#cloud/strategy/models/stints.js';
import { fitStops } from '#cloud/strategy/models/stops.js';
import { fitTanks } from '#cloud/strategy/models/tanks.js';

const LAP_S = 100;
const FULL_S = 75;

interface Driven {
  laps: number;
  /** Lap that ended in the pits, and seconds there; null = not known. */
  stops?: Record<number, number | null>;
  slow?: readonly number[];
  durationS?: number;
}

/** Four cars; all but the first one stop every twentieth lap for a full tank. */
function race({ laps, stops = {}, slow = [], durationS = 21_600 }: Driven) {
  const rows: LapRow[] = [];
  for (let car = 1; car <= 4; car++) {
    const own: Record<number, number | null> =
      car === 1 ? stops : Object.fromEntries([20, 40, 60, 80].map((lap) => [lap, FULL_S]));
    let elapsed = car;
    for (let lap = 1; lap <= laps; lap++) {
      const before = own[lap - 1];
      elapsed += LAP_S + (before ?? 0);
      rows.push({
        car: String(car),
        cls: 'HYPERCAR',
        lap,
        lap_time: LAP_S + (before ?? 0),
        elapsed,
        pos: car,
        pit_in: lap in own ? 1 : 0,
        pit_out: lap - 1 in own ? 1 : 0,
        pit_time: before ?? null,
        flag: slow.includes(lap) ? 'S' : 'G',
      });
    }
  }
  const field = readField(fromRows({ series: 'wec', durationS }, rows));
  const stints = fitStints(field, 25);
  const tanks = fitTanks(field, stints, { seconds: 3_000, laps: 25 });
  const along = progress(field, { laps: null, durationS: null });
  return { form: field.cars[0], tanks, along, stops: fitStops(field, along, stints, WEC.stops) };
}

describe('tanks', () => {
  it('last as long as in past races at first, then as long as stints of this one', () => {
    const young = race({ laps: 10 });
    expect(young.tanks.full(young.form)).toBeCloseTo(30, 1);
    expect(young.tanks.used(young.form)).toBe(10);
    const old = race({ laps: 85, stops: { 20: FULL_S, 40: FULL_S, 60: FULL_S, 80: FULL_S } });
    expect(old.tanks.full(old.form)).toBe(20);
    expect(old.tanks.used(old.form)).toBe(5);
  });

  it('burn about half under a safety car', () => {
    const { tanks, form } = race({ laps: 10, slow: [5, 6, 7, 8] });
    expect(tanks.used(form)).toBeCloseTo(6 + 4 * 0.55, 9);
  });

  it('are no fuller for a drive-through, half as full for half a stop, and full where nobody told the time', () => {
    const usedAfter = (pitS: number | null) => {
      const { tanks, form } = race({ laps: 63, stops: { 20: FULL_S, 40: FULL_S, 60: pitS } });
      return tanks.used(form);
    };
    expect(usedAfter(32)).toBeCloseTo(23, 1);
    expect(usedAfter(FULL_S)).toBeCloseTo(3, 9);
    expect(usedAfter(null)).toBeCloseTo(3, 9);
    const half = usedAfter(53.5);
    expect(half).toBeGreaterThan(10);
    expect(half).toBeLessThan(16);
  });
});

describe('stops where tanks end stints', () => {
  const laps = { 20: FULL_S, 40: FULL_S, 60: FULL_S };

  it('come when the tank ends', () => {
    const early = race({ laps: 65, stops: laps });
    const late = race({ laps: 77, stops: laps });
    expect(early.stops.within5(early.form)).toBeLessThan(0.15);
    expect(late.stops.within5(late.form)).toBeGreaterThan(0.7);
    expect(Math.abs(late.stops.nextLap(late.form)! - 80)).toBeLessThanOrEqual(1);
    expect(Math.abs(early.stops.nextLap(early.form)! - 80)).toBeLessThanOrEqual(2);
  });

  it('come sooner after a short fill', () => {
    const full = race({ laps: 65, stops: laps });
    const short = race({ laps: 65, stops: { ...laps, 60: 45 } });
    expect(short.stops.nextLap(short.form)!).toBeLessThan(full.stops.nextLap(full.form)!);
  });

  it('are over when the tank reaches the flag', () => {
    const durationS = 77 * LAP_S + 3 * FULL_S;
    const { stops, form, along } = race({ laps: 70, stops: laps, durationS });
    expect(along.ownLapsLeft(form)).toBeLessThan(10);
    expect(stops.toEnd(form).chance).toBeLessThan(0.2);
    expect(stops.nextLap(form)).toBeNull();
    expect(stops.hazard(form, 20)).toBe(0);
  });
});
