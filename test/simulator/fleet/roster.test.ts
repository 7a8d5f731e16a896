import { describe, expect, it } from 'vitest';
import { rosterFor, sessionFor } from '#simulator/fleet/roster.js';
import { race } from '#simulator/scenarios/race.js';

const SEED = 9;
const roster = rosterFor(race, SEED);

describe(`the roster (seed ${SEED})`, () => {
  it('has every car once: entry, number, driver, transponder and thing are its own', () => {
    expect(roster).toHaveLength(40);
    for (const key of ['entry', 'number', 'driver', 'transponder', 'thing'] as const) {
      expect(new Set(roster.map((entry) => entry[key])).size).toBe(40);
    }
    expect(roster[23]).toMatchObject({ entry: '24', number: '24', thing: 'car-24', own: true });
    expect(roster.filter(({ own }) => own).map(({ entry }) => entry)).toEqual(['1', '24']);
  });

  it('is the same for the same seed and another for another', () => {
    expect(rosterFor(race, SEED)).toEqual(roster);
    expect(rosterFor(race, SEED + 1)).not.toEqual(roster);
  });

  it('goes into the session with what teams know, not with the truth', () => {
    const session = sessionFor(race, SEED);
    expect(session).toMatchObject({ lapsTotal: 60, timingThing: 'track-1', seed: SEED, roster });
    expect(session.car).toEqual(race.known);
    expect(JSON.stringify(session)).not.toContain('character');
  });
});
