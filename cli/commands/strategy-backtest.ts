import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { report, rowOf } from '#cloud/strategy/backtest/report.js';
import { scoreRace } from '#cloud/strategy/backtest/score-race.js';
import { seriesGroup } from '#cloud/strategy/models/field.js';
import { predict } from '#cloud/strategy/predict/predict.js';
import { PitwallError } from '#wire/errors.js';
import { namedRandom } from '#wire/random.js';
import { EXIT } from '../exit.js';
import { listRaces, readRace } from '../strategy/race-files.js';

/** Of every draw; the table is the same each time. */
const SEED = 20_260_101;

/** `pitwall strategy backtest`: the engine beside the baselines, on races that are over. Exit 6 when a `must` is missed. */
export function backtest(flags: { data: string; series?: string; race?: string; json?: boolean }): void {
  const listed = listRaces(flags.data).filter(
    (race) =>
      race.usable &&
      (flags.series === undefined || seriesGroup(race.series) === flags.series || race.series === flags.series) &&
      (flags.race === undefined || race.id === flags.race),
  );
  if (listed.length === 0) {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: 'No race is left to be scored.',
      why: `series ${flags.series ?? 'any'}, race ${flags.race ?? 'any'}.`,
      fix: 'Look into races/index.json for the names.',
    });
  }
  const scores = listed.map((listing, index) => {
    process.stderr.write(`${index + 1}/${listed.length} ${listing.id}\n`);
    const race: PastRace = { ...listing, history: readRace(flags.data, listing) };
    return scoreRace(race, predict, SEED);
  });
  const lines = report(scores, namedRandom(SEED, 'intervals'));
  for (const line of lines) process.stdout.write(`${flags.json ? JSON.stringify(line) : rowOf(line)}\n`);
  if (lines.some(({ met }) => met === 'missed')) process.exitCode = EXIT.threshold;
}
