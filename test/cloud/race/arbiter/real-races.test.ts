import { describe, expect, it } from 'vitest';
import { arbitrate, type CarLap } from '#cloud/race/arbiter/fold.js';
import { seededRandom } from '#wire/random.js';
import {
  everyThirdLap,
  ON_CAR_RACES,
  type OnCarRace,
  RIGHT_MS,
  readOnCarRace,
  timelyLaps,
} from '../../../helpers/on-car-laps.js';
import { hasSharedData, sharedDataNote } from '../../../helpers/shared-data.js';
import { shuffled } from './made-laps.js';

const SEED = 9_210;

/** Shares of the timely ceiling, of the laps that timing did not give. */
function score(race: OnCarRace, laps: readonly CarLap[]) {
  const timely = timelyLaps(race);
  const told = new Map(laps.map(({ car, lap, lapTimeMs }) => [`${car} ${lap}`, lapTimeMs]));
  let ceiling = 0;
  let right = 0;
  let rightOfTimely = 0;
  for (const { car, lap, lapTimeMs } of race.truth) {
    if (lap % 3 === 0) continue;
    const key = `${car} ${lap}`;
    const isRight = Math.abs((told.get(key) ?? Number.NaN) - lapTimeMs) <= RIGHT_MS;
    if (isRight) right++;
    if (!timely.has(key)) continue;
    ceiling++;
    if (isRight) rightOfTimely++;
  }
  return { ceiling, share: right / ceiling, shareOfTimely: rightOfTimely / ceiling };
}

describe.skipIf(!hasSharedData)(`real on-car laps and every third official one${sharedDataNote}`, () => {
  const timed = ON_CAR_RACES.filter((race) => !race.startsWith('barber'));
  it.each(timed)('%s: at least 0.95 of the timely ceiling', (name) => {
    const race = readOnCarRace(name);
    for (const withElapsed of [true, false]) {
      const { ceiling, share, shareOfTimely } = score(
        race,
        arbitrate([...race.rows, ...everyThirdLap(race, withElapsed)]),
      );
      expect(ceiling).toBeGreaterThan(100);
      expect(shareOfTimely).toBeGreaterThanOrEqual(0.95);
      expect(share).toBeGreaterThanOrEqual(0.95);
    }
  });

  it.each(ON_CAR_RACES.filter((race) => race.startsWith('barber')))(
    '%s: half the laps, though its cars gave no lap times',
    (name) => {
      const race = readOnCarRace(name);
      const laps = arbitrate([...race.rows, ...everyThirdLap(race, true)]);
      const told = new Map(laps.map(({ car, lap, lapTimeMs }) => [`${car} ${lap}`, lapTimeMs]));
      const asked = race.truth.filter(({ lap }) => lap % 3 !== 0);
      const right = asked.filter(
        ({ car, lap, lapTimeMs }) => Math.abs((told.get(`${car} ${lap}`) ?? Number.NaN) - lapTimeMs) <= RIGHT_MS,
      );
      expect(right.length / asked.length).toBeGreaterThan(0.5);
    },
  );

  it(`sebring_R2: the same bytes in any order of arrival (seed ${SEED})`, () => {
    const race = readOnCarRace('sebring_R2');
    const observations = [...race.rows, ...everyThirdLap(race, true)];
    const random = seededRandom(SEED);
    const expected = JSON.stringify(arbitrate(observations));
    for (let round = 0; round < 2; round++)
      expect(JSON.stringify(arbitrate(shuffled(observations, random)))).toBe(expected);
  });
});
