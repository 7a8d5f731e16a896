import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { readField } from '#cloud/strategy/models/field.js';
import type { TankStopPrior } from '#cloud/strategy/models/fitted/types.js';
import { fitStints } from '#cloud/strategy/models/stints.js';
import { TANK_FEATURES, type TankForm, tankFeatures, tankForm } from '#cloud/strategy/models/tank-features.js';
import { tankStops } from '#cloud/strategy/models/tank-stops.js';
import { fitTanks, type TankModel } from '#cloud/strategy/models/tanks.js';
import { median, quantile } from '#cloud/strategy/stats.js';
import type { StopCell, StopForecasts, StopMoment } from './fit-stops.js';
import { FOLDS, logistic, named, type Row } from './regress.js';

/** Laps ahead that weights are fitted on: further on, little is left of what is known now. */
const HORIZON = 12;
/** Stints end a bit before the tank does. */
const FULL_SHARE = 0.7;

export function tankStopForecasts(
  races: readonly PastRace[],
  cells: readonly StopCell[],
  stintLaps: number,
  ridge: number,
): StopForecasts {
  const tankS = usualTank(races);
  const tanks = new Map<StopMoment, TankModel>();
  const forms = cells.map(({ moment, form }): TankForm => {
    const known = tanks.get(moment) ?? fitTanks(moment.field, moment.stints, { seconds: tankS, laps: stintLaps });
    tanks.set(moment, known);
    return tankForm(form, moment.field, moment.along, known);
  });
  const rows = cells.flatMap(({ race, until, went }, index) =>
    Array.from({ length: Math.min(went, HORIZON, forms[index].laps) }, (_, later): Row => {
      const features = tankFeatures(forms[index], later);
      return {
        race,
        x: Float64Array.from(TANK_FEATURES, (name) => features[name]),
        y: until === later + 1 ? 1 : 0,
      };
    }),
  );
  const regress = (of: readonly Row[]) => named(TANK_FEATURES, logistic(of, ridge));
  const within5 = new Float64Array(cells.length);
  const until = new Float64Array(cells.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const rest = rows.filter(({ race }) => race % FOLDS !== fold);
    if (rest.length === 0 || rest.length === rows.length) continue;
    const weights = regress(rest);
    for (const [index, { race }] of cells.entries()) {
      if (race % FOLDS !== fold) continue;
      const said = tankStops(forms[index], weights);
      within5[index] = said.within5();
      until[index] = said.ahead(stintLaps).middle;
    }
  }
  const prior: TankStopPrior = { by: 'tanks', weights: regress(rows), stintLaps, tankS };
  return { prior, within5, until };
}

/** How long a full tank lasts under green, seconds: about the longest stints of each class, median over classes and races. */
function usualTank(races: readonly PastRace[]): number {
  const lastS = races.flatMap(({ history }) => {
    const field = readField(history);
    const stints = fitStints(field, 0);
    const medianS = new Map(field.cars.map((form) => [form.cls, form.classMedianS]));
    return [...medianS].flatMap(([cls, lapS]) => {
      const laps = quantile(stints.seen(cls).green, FULL_SHARE);
      return laps !== null && lapS > 0 ? [laps * lapS] : [];
    });
  });
  return median(lastS)!;
}
