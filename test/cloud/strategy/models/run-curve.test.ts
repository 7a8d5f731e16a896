import { describe, expect, it } from 'vitest';
import { fromRows, type LapRow } from '#cloud/strategy/history/from-rows.js';
import { readField } from '#cloud/strategy/models/field.js';
import { fitRunCurve } from '#cloud/strategy/models/run-curve.js';

/** Under green from lap 1 and, after a caution on laps 21–24, from lap 25: each lap 0.05 s slower than the one before. */
function curve(laps: number) {
  const rows: LapRow[] = [];
  for (let car = 1; car <= 20; car++) {
    let run = 0;
    for (let lap = 1; lap <= laps; lap++) {
      const slow = lap >= 21 && lap <= 24;
      run = slow ? 0 : run + 1;
      rows.push({
        car: String(car),
        lap,
        lap_time: slow ? 70 : 40 + 0.05 * run,
        elapsed: null,
        flag: slow ? 'Y' : 'G',
      });
    }
  }
  return fitRunCurve(readField(fromRows({ series: 'nascar_cup', lapsTotal: 200 }, rows)));
}

describe('run curve', () => {
  it('tells how lap times go on from there, held towards no change while few laps showed it', () => {
    const early = curve(12).green(5, 5);
    const late = curve(60).green(5, 5);
    expect(late).toBeGreaterThan(0.15);
    expect(late).toBeLessThan(0.25);
    expect(early).toBeLessThan(late);
    expect(curve(60).green(5, 2)).toBeCloseTo((2 / 5) * late, 1);
    expect(curve(60).green(5, 9)).toBe(late);
  });

  it('says nothing of what no run has reached', () => {
    expect(curve(12).green(40, 3)).toBe(0);
    expect(curve(0).stint(3, 1)).toBe(0);
  });
});
