/**
 * The table of `pitwall strategy backtest` on races that nobody has fitted on: races are dealt into seven parts, and each is
 * forecast by priors that were fitted on the other six.
 *
 *     node --conditions=source --import tsx bench/fit/cross-validate.ts DATA [GROUP…]
 */
import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { report, rowOf } from '#cloud/strategy/backtest/report.js';
import { type RaceScores, scoreRace } from '#cloud/strategy/backtest/score-race.js';
import { predictBy } from '#cloud/strategy/predict/predict.js';
import { namedRandom } from '#wire/random.js';
import { fitPrior, SETTINGS, stoppingRaces } from './prior.js';
import { pastRaces } from './races.js';
import { FOLDS } from './regress.js';

/** Of every draw; the table is the same each time. */
const SEED = 20_260_101;

const [dataDir, ...only] = process.argv.slice(2);
const groups = pastRaces(dataDir);
const all = groups.get('other')!;
for (const [group, races] of groups) {
  if (group === 'other' || !(group in SETTINGS) || (only.length > 0 && !only.includes(group))) continue;
  const scores: RaceScores[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const unseen = races.filter((_, race) => race % FOLDS === fold);
    process.stderr.write(`${group} ${fold + 1}/${FOLDS}\n`);
    scores.push(...scoreUnseen(group, races, unseen));
  }
  for (const line of report(scores, namedRandom(SEED, 'intervals'))) process.stdout.write(`${rowOf(line)}\n`);
}

function scoreUnseen(group: string, races: readonly PastRace[], unseen: readonly PastRace[]): RaceScores[] {
  if (unseen.length === 0) return [];
  const rest = races.filter((race) => !unseen.includes(race));
  const { prior } = fitPrior(group, rest, stoppingRaces(group, rest, all), SETTINGS[group]);
  const predict = predictBy(() => prior);
  return unseen.map((race) => scoreRace(race, predict, SEED));
}
