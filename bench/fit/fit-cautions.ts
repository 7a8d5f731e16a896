import type { PastRace } from '#cloud/strategy/backtest/past-race.js';
import { cautionsOf } from '#cloud/strategy/models/cautions.js';
import { readField } from '#cloud/strategy/models/field.js';
import type { CautionPrior } from '#cloud/strategy/models/fitted/types.js';
import { progress } from '#cloud/strategy/models/progress.js';
import { median } from '#cloud/strategy/stats.js';

/** How often slow phases began, by the winner's laps. The prior weighs as much as one race of the series. */
export function fitCautionPrior(races: readonly PastRace[]): CautionPrior {
  const seen = races.map(({ history, laps }) => {
    const { leader } = progress(readField(history), { laps, durationS: null });
    return cautionsOf(leader === null ? [] : leader.car.flag);
  });
  const sum = (of: (race: (typeof seen)[number]) => number) => seen.reduce((total, race) => total + of(race), 0);
  return {
    perLap: sum(({ starts }) => starts) / sum(({ laps }) => laps),
    weightLaps: median(races.map(({ laps }) => laps)) ?? 0,
    lengthLaps: median(seen.flatMap(({ lengths }) => lengths)) ?? 0,
  };
}
