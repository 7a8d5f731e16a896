import { describe, expect, it } from 'vitest';
import { arbitrate } from '#cloud/race/arbiter/fold.js';
import { seededRandom } from '#wire/random.js';
import { everyThirdLap, ON_CAR_RACES, readOnCarRace, scoreLaps } from '../../../helpers/on-car-laps.js';
import { hasSharedData, sharedDataNote } from '../../../helpers/shared-data.js';
import { shuffled } from './made-laps.js';

const SEED = 9_210;

describe.skipIf(!hasSharedData)(`real on-car laps and every third official one${sharedDataNote}`, () => {
  const isTimed = (race: string) => !race.startsWith('barber');

  it.each(ON_CAR_RACES.filter(isTimed))('%s: at least 0.95 of the timely ceiling', (name) => {
    const race = readOnCarRace(name);
    for (const withElapsed of [true, false]) {
      const given = everyThirdLap(race, withElapsed);
      const { timely, right, rightOfTimely } = scoreLaps(race, arbitrate([...race.rows, ...given]), given);
      expect(timely).toBeGreaterThan(100);
      expect(rightOfTimely / timely).toBeGreaterThanOrEqual(0.95);
      expect(right / timely).toBeGreaterThanOrEqual(0.95);
    }
  });

  it.each(ON_CAR_RACES.filter((race) => !isTimed(race)))(
    '%s: over half the laps, though its cars gave no lap times',
    (name) => {
      const race = readOnCarRace(name);
      const given = everyThirdLap(race, true);
      const { laps, right } = scoreLaps(race, arbitrate([...race.rows, ...given]), given);
      expect(right / laps).toBeGreaterThan(0.5);
    },
  );

  it(`sebring_R2: the same bytes in any order of arrival (seed ${SEED})`, () => {
    const race = readOnCarRace('sebring_R2');
    const observations = [...race.rows, ...everyThirdLap(race, true)];
    const random = seededRandom(SEED);
    const expected = JSON.stringify(arbitrate(observations));
    for (let round = 0; round < 2; round++) {
      expect(JSON.stringify(arbitrate(shuffled(observations, random)))).toBe(expected);
    }
  });
});
