/**
 * Drawn races against `predict` on races that are over: chance to win (Brier), 80 % interval of the final place, order of mean
 * places (Kendall's tau). `node --conditions=source --import tsx bench/fit/monte-carlo-scores.ts DATA_DIR [EVERY] [RUNS]`
 * asks every EVERY-th race of F1 (default 4; all of NASCAR and WEC) at 25, 50 and 75 % of its distance.
 */
import { RULES } from '#cloud/race/rules/rules.js';
import { knownAt, type OrderScore, scoreOrder } from '#cloud/strategy/backtest/order.js';
import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { brier, mean } from '#cloud/strategy/backtest/scores.js';
import type { RaceHistory } from '#cloud/strategy/history/history.js';
import { readModels } from '#cloud/strategy/monte-carlo/read-models.js';
import { simulate } from '#cloud/strategy/monte-carlo/simulate.js';
import { startOf } from '#cloud/strategy/monte-carlo/start.js';
import { finishOf } from '#cloud/strategy/monte-carlo/summary.js';
import { NONE, STANDING } from '#cloud/strategy/monte-carlo/types.js';
import { predict } from '#cloud/strategy/predict/predict.js';
import type { Prediction } from '#cloud/strategy/predict/types.js';
import { pastRaces } from './races.js';

const SHARES = [0.25, 0.5, 0.75];
const SEED = 20261121;
const RULES_OF = { f1: RULES.f1, nascar: RULES.nascar, wec: RULES.endurance } as const;

const [dataDir, every = '4', runs = '200'] = process.argv.slice(2);
const races = pastRaces(dataDir);
for (const group of ['f1', 'nascar', 'wec'] as const) {
  const asked = races.get(group)!.filter((_, index) => group !== 'f1' || index % Number(every) === 0);
  for (const at of SHARES) {
    const scores = asked.flatMap((race) => scoresOf(race, at, group));
    process.stdout.write(
      `| ${group} | ${scores.length} | ${100 * at} % | ${figures(scores.map(([drawn]) => drawn))} |\n`,
    );
    process.stdout.write(`| ${group}, predict | | | ${figures(scores.map(([, said]) => said))} |\n`);
  }
}

function scoresOf(race: PastRace, at: number, group: keyof typeof RULES_OF): [OrderScore, OrderScore][] {
  const known = knownAt(race, at);
  if (known === undefined) return [];
  const said = predict({ history: known, want: ['finish'], seed: SEED });
  return [[scoreOrder(race, at, known, drawn(known, group)), scoreOrder(race, at, known, said)]];
}

function drawn(known: RaceHistory, group: keyof typeof RULES_OF): Prediction {
  const models = readModels(known);
  const start = startOf(models.field, models, { rules: RULES_OF[group] });
  const options = { runs: Number(runs), seed: SEED };
  const [outcome] = simulate(start, [{ car: NONE, stops: 'asUsual', caution: 'drawn' }], options);
  const finish: Prediction['finish'] = {};
  for (const [car, name] of start.cars.entries()) {
    const summary = start.standing[car] === STANDING.running ? finishOf(outcome, car) : null;
    if (summary === null) continue;
    const { mean, low, high } = summary.place;
    finish[name] = { mean, lo80: low, hi80: high, pWin: summary.pWin };
  }
  return { finish };
}

/** Win Brier | coverage | tau of the mean place | tau of persistence. */
function figures(scores: readonly OrderScore[]): string {
  const covered = scores.reduce((sum, score) => sum + score.covered, 0);
  const asked = scores.reduce((sum, score) => sum + score.asked, 0);
  return [
    brier(scores.flatMap(({ wins }) => wins)).toFixed(4),
    `${((100 * covered) / asked).toFixed(0)} %`,
    mean(scores.map(({ tau }) => tau.engine)).toFixed(3),
    mean(scores.map(({ tau }) => tau.persistence)).toFixed(3),
  ].join(' | ');
}
