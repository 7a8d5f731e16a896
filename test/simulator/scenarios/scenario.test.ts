import { describe, expect, it } from 'vitest';
import { scenarioNamed, scenarios } from '#simulator/scenarios/index.js';
import { race } from '#simulator/scenarios/race.js';
import { withOverrides } from '#simulator/scenarios/scenario.js';

describe('scenarios', () => {
  it('are found by their own name', () => {
    for (const [name, scenario] of Object.entries(scenarios)) {
      expect(scenario.name).toBe(name);
      expect(scenarioNamed(name)).toBe(scenario);
    }
  });

  it.each(['', 'nope', 'constructor'])('refuse the name "%s" and say which there are', (name) => {
    expect(() => scenarioNamed(name)).toThrow(
      expect.objectContaining({ code: 'PW-USAGE-FLAG', fix: expect.stringContaining('race') }),
    );
  });

  it('take what a user changes and keep the rest; own cars that do not start are left out', () => {
    const short = withOverrides(race, { cars: 12, laps: 6 });
    expect(short).toEqual({ ...race, cars: 12, laps: 6, ownCars: [1] });
    expect(withOverrides(race, {})).toEqual(race);
  });

  it.each([
    { cars: 0 },
    { cars: 49 },
    { cars: 2.5 },
    { laps: 0 },
    { laps: Number.NaN },
    { rateHz: 0 },
    { rateHz: 60 },
    { rateHz: 2000 },
  ])('refuse %j', (overrides) => {
    expect(() => withOverrides(race, overrides)).toThrow(expect.objectContaining({ code: 'PW-USAGE-FLAG' }));
  });
});
