import { describe, expect, it } from 'vitest';
import { fromRows } from '#cloud/strategy/history/from-rows.js';
import { FLAG } from '#cloud/strategy/history/history.js';
import { cautionsOf, fitCautions } from '#cloud/strategy/models/cautions.js';
import { readField } from '#cloud/strategy/models/field.js';
import { progress } from '#cloud/strategy/models/progress.js';
import { retirementChance } from '#cloud/strategy/models/retirements.js';

const prior = { perLap: 0.02, weightLaps: 50, lengthLaps: 4 };
const model = (flags: string) => {
  const rows = [...flags].map((flag, index) => ({
    car: '1',
    lap: index + 1,
    lap_time: 60,
    elapsed: 60 * (index + 1),
    flag,
  }));
  const field = readField(fromRows({ series: 'f1', lapsTotal: 50 }, rows));
  return fitCautions(progress(field, { laps: null, durationS: null }), prior);
};

describe('cautions', () => {
  it('are counted as they begin, with the laps on which one could', () => {
    const { green, safetyCar, localYellow } = FLAG;
    const flags = [green, green, safetyCar, safetyCar, green, localYellow, safetyCar];
    expect(cautionsOf(flags)).toEqual({ starts: 2, laps: 6, now: 1, lengths: [2] });
  });

  it('come as in past races at first, and then as in this one', () => {
    expect(model('').hazard).toBeCloseTo(1 - Math.exp(-0.02), 9);
    expect(model('G'.repeat(50)).hazard).toBeCloseTo(1 - Math.exp(-0.01), 9);
    expect(model('GSG'.repeat(15)).hazard).toBeGreaterThan(0.1);
    expect(model('GGGS')).toEqual({ hazard: 0, lengthLaps: 4, nowLaps: 1 });
  });
});

describe('retirements', () => {
  it('add up over the distance', () => {
    expect(retirementChance(0.2, 0, 60)).toBe(0);
    expect(retirementChance(0.2, 60, 60)).toBeCloseTo(1 - Math.exp(-0.2), 9);
    expect(retirementChance(0.2, 30, 60)).toBeLessThan(retirementChance(0.2, 60, 60));
    expect(retirementChance(0.2, 10, 0)).toBe(0);
  });
});
