/**
 * How many laps of real races the arbiter finds, as a table: `node --conditions=source --import tsx bench/arbiter-table.ts`.
 * Needs the shared data (`PITWALL_SHARED`).
 */
import { arbitrate } from '#cloud/race/arbiter/fold.js';
import type { Observation } from '#cloud/race/arbiter/types.js';
import { namedRandom } from '#wire/random.js';
import {
  everyThirdLap,
  ON_CAR_RACES,
  type OnCarRace,
  type OnCarScore,
  readOnCarRace,
  scoreLaps,
} from '../test/helpers/on-car-laps.js';

const SEED = 1;

/** In percent; where no row of a car tells any lap right, of all laps. */
function share({ right, timely, laps }: OnCarScore): string {
  return timely > 0 ? `${((100 * right) / timely).toFixed(1)} %` : `(${((100 * right) / laps).toFixed(1)} % of laps)`;
}

function scored(race: OnCarRace, given: readonly Observation[]): OnCarScore {
  return scoreLaps(race, arbitrate([...race.rows, ...given]), given);
}

process.stdout.write(
  '| race | laps asked | timely ceiling | with elapsed | of the timely laps themselves | without elapsed | no timing at all | any order |\n',
);
process.stdout.write('|---|---|---|---|---|---|---|---|\n');
for (const name of ON_CAR_RACES) {
  const race = readOnCarRace(name);
  const given = everyThirdLap(race, true);
  const best = scored(race, given);
  const mixed = [...race.rows, ...given];
  const random = namedRandom(SEED, name);
  const keyed = mixed.map((observation) => ({ observation, key: random() })).sort((a, b) => a.key - b.key);
  const same =
    JSON.stringify(arbitrate(keyed.map(({ observation }) => observation))) === JSON.stringify(arbitrate(mixed));
  const ofTimely = best.timely > 0 ? `${((100 * best.rightOfTimely) / best.timely).toFixed(1)} %` : '–';
  const columns = [
    name,
    best.laps,
    best.timely,
    share(best),
    ofTimely,
    share(scored(race, everyThirdLap(race, false))),
    share(scored(race, [])),
    same ? 'same bytes' : 'DIFFERS',
  ];
  process.stdout.write(`| ${columns.join(' | ')} |\n`);
}
