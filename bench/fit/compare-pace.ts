/**
 * Next five laps, as the back-test asks for them (part a): the regression of `pace.ts` beside the state-space pace, on the
 * same laps. Both as they ship, fitted on all of these races.
 *
 *     node --conditions=source --import tsx bench/fit/compare-pace.ts DATA [GROUP…]
 */
import { newNextLaps, scoreNextLaps } from '#cloud/strategy/backtest/next-laps.js';
import { origins, type PastRace } from '#cloud/strategy/backtest/past-race.js';
import { mean } from '#cloud/strategy/backtest/scores.js';
import { cutAtLap } from '#cloud/strategy/history/history.js';
import { type CarForm, type Field, readField } from '#cloud/strategy/models/field.js';
import { priorOf } from '#cloud/strategy/models/fitted/priors.js';
import { fitPace } from '#cloud/strategy/models/pace.js';
import { tyrePacePriorOf } from '#cloud/strategy/models/state-space/fitted/priors.js';
import { fitTyrePace } from '#cloud/strategy/models/state-space/tyre-pace.js';
import type { Prediction } from '#cloud/strategy/predict/types.js';
import { pastRaces } from './races.js';

const HORIZON = 5;
const FIRST_LAP = 10;

type LapAsked = (form: CarForm, ahead: number) => { mean: number; lo80: number; hi80: number } | null;

const METHODS: Record<string, (field: Field) => LapAsked> = {
  regression: (field) => {
    const pace = fitPace(field, priorOf(field.history.series).pace);
    return (form, ahead) => pace.lapTime(form, ahead);
  },
  'state space': (field) => {
    const pace = fitTyrePace(field, tyrePacePriorOf(field.history.series));
    return (form, ahead) => {
      const said = pace.lap(form, { ahead });
      return said && { mean: said.meanS, lo80: said.lo80, hi80: said.hi80 };
    };
  },
};

function predicted(field: Field, said: LapAsked): Prediction {
  const nextLaps: NonNullable<Prediction['nextLaps']> = {};
  for (const form of field.cars) {
    nextLaps[form.car.car] = Array.from({ length: HORIZON }, (_, index) => index + 1).flatMap((ahead) => {
      const lap = said(form, ahead);
      return lap === null ? [] : [{ lap: form.lap + ahead, mean: lap.mean, lo80: lap.lo80, hi80: lap.hi80 }];
    });
  }
  return { nextLaps };
}

function score(past: PastRace, method: (field: Field) => LapAsked) {
  const scores = newNextLaps();
  for (const lap of origins(past, FIRST_LAP)) {
    const field = readField(cutAtLap(past.history, lap));
    scoreNextLaps(scores, past, lap, predicted(field, method(field)));
  }
  const { errorsS, covered, asked } = scores;
  return { engineS: mean(errorsS.engine), lastLapS: mean(errorsS.lastLap), covered: covered / asked, asked };
}

const [dataDir, ...only] = process.argv.slice(2);
for (const [group, races] of pastRaces(dataDir)) {
  if (group === 'other' || (only.length > 0 && !only.includes(group))) continue;
  for (const [name, method] of Object.entries(METHODS)) {
    const scored = races.map((past) => score(past, method)).filter(({ asked }) => asked > 0);
    const of = (figure: (race: (typeof scored)[number]) => number) => mean(scored.map(figure));
    const cells = [of(({ engineS }) => engineS), of(({ lastLapS }) => lastLapS), of(({ covered }) => covered)];
    process.stdout.write(`| ${group} | ${name} | ${cells.map((cell) => cell.toFixed(3)).join(' | ')} |\n`);
  }
}
