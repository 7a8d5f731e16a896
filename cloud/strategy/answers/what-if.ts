import { type RaceRules, RULES } from '#cloud/race/rules/rules.js';
import type { RulesId } from '#wire/race-records.js';
import type { RaceHistory } from '../history/history.js';
import { ofSeries } from '../models/field.js';
import { readModels } from '../monte-carlo/read-models.js';
import { startOf } from '../monte-carlo/start.js';
import { gainOf, rejoinOf, type Spread } from '../monte-carlo/summary.js';
import { NO_LIMIT, NONE, type Option, type PlannedStop, STANDING } from '../monte-carlo/types.js';
import { type Draw, drawHere } from './forecast.js';
import { odds } from './forecast-own.js';

/** One way to drive one car's race. */
export interface WhatIfOption {
  car: string;
  /** Stops by the lap that ends in the pits, then as usual; none at all: to the flag without; null: as usual from now on. */
  stops: readonly PlannedStop[] | null;
}

export interface WhatIfQuestion {
  history: RaceHistory;
  options: readonly WhatIfOption[];
  runs: number;
  seed: number;
}

/** Places from 1; `lo80` … `hi80` holds the outcome four times in five. */
interface Interval {
  mean: number;
  lo80: number;
  hi80: number;
}

export interface WhatIfAnswer {
  car: string;
  pWin: number;
  pTop5: number;
  pTop10: number;
  finish: Interval;
  /** At the end of the out-lap of the next stop, gap in seconds; absent where no run saw one. */
  rejoin?: { position: number; gapAhead: number | null; ahead: string | null; behind: string | null };
  /** Against the first option, > 0 = better: places at the flag, and seconds of race time. */
  gain: Interval;
  gainSeconds: Interval;
}

/** A question that cannot be answered, in words. */
export class WhatIfError extends Error {}

/** Rules by group of series; one that is not known promises nothing. */
const RULES_OF: Record<string, RulesId> = { nascar: 'nascar', f1: 'f1', wec: 'endurance', grcup: 'sprint' };

/**
 * What would come of each option, by races drawn on the same luck. Pure: the same question gives the same answer, wherever the
 * races are drawn.
 *
 * @throws WhatIfError for a car that is not in the race, or no longer runs, and for a stop on a lap that is over
 *
 * @example
 * await whatIf({ history, options: [{ car: '44', stops: null }, { car: '44', stops: [{ lap: 21, service }] }], runs: 200, seed: 1 })
 */
export async function whatIf(
  { history, options, runs, seed }: WhatIfQuestion,
  draw: Draw = drawHere(),
): Promise<{ runs: number; options: WhatIfAnswer[] }> {
  const { field, ...models } = readModels(history);
  const start = startOf(field, models, { rules: rulesOfSeries(history.series) });
  const drawn = options.map(({ car, stops }): Option => {
    const index = start.cars.indexOf(car);
    if (index < 0) throw new WhatIfError(`car ${car} has no lap`);
    if (start.standing[index] !== STANDING.running) throw new WhatIfError(`car ${car} does not run any more`);
    for (const { lap } of stops ?? []) {
      if (lap <= start.lap[index])
        throw new WhatIfError(`lap ${lap} of car ${car} is over: it has done ${start.lap[index]}`);
    }
    if (stops === null) return { car: index, stops: 'asUsual', caution: 'drawn' };
    if (stops.length === 0) return { car: index, stops, asUsualFromLap: NO_LIMIT, caution: 'drawn' };
    return { car: index, stops: [...stops].sort((a, b) => a.lap - b.lap), caution: 'drawn' };
  });
  const outcomes = await draw(start, drawn, { runs, seed });
  const name = (index: number) => (index === NONE ? null : start.cars[index]);
  return {
    runs,
    options: outcomes.map((outcome, index) => {
      const { car } = drawn[index];
      const { finish, win, top5, top10 } = odds(outcome, car);
      const rejoin = rejoinOf(outcome, car);
      const gain = gainOf(outcome, outcomes[0], car)!;
      return {
        car: options[index].car,
        pWin: win,
        pTop5: top5,
        pTop10: top10,
        finish: interval(finish),
        ...(rejoin && {
          rejoin: {
            position: Math.round(rejoin.place.mean),
            gapAhead: rejoin.aheadS?.mean ?? null,
            ahead: name(rejoin.ahead),
            behind: name(rejoin.behind),
          },
        }),
        gain: interval(gain.places),
        gainSeconds: interval(gain.seconds),
      };
    }),
  };
}

function rulesOfSeries(series: string): RaceRules {
  return RULES[ofSeries(RULES_OF, series) ?? 'sprint'];
}

function interval({ mean, low, high }: Spread): Interval {
  return { mean, lo80: low, hi80: high };
}
