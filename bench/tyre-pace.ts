/** What the state-space pace costs: a race of 40 cars and 267 laps read at once, and one more lap of it. */

import { fromRows } from '#cloud/strategy/history/from-rows.js';
import { cutAtTime } from '#cloud/strategy/history/history.js';
import { readField } from '#cloud/strategy/models/field.js';
import { tyrePacePriorOf } from '#cloud/strategy/models/state-space/fitted/priors.js';
import { TyrePaceFold } from '#cloud/strategy/models/state-space/fold.js';
import { fitTyrePace, updateTyrePace } from '#cloud/strategy/models/state-space/tyre-pace.js';
import { seededRandom } from '#wire/random.js';
import { madeLaps, TRUTH } from '../test/cloud/strategy/models/state-space/made-laps.js';
import { type Figure, round } from './figure.js';

const ROUNDS = 15;
const UPDATES = 400;
const STEP_S = 0.8;

export function tyrePaceFigures(): Figure[] {
  const prior = tyrePacePriorOf('nascar');
  const rows = madeLaps({ ...TRUTH, cars: 40, laps: 267, stintLaps: 40 }, seededRandom(1));
  const { history } = readField(fromRows({ series: 'nascar', lapsTotal: 267 }, rows));
  const field = readField(history);
  const whole = sortedMs(ROUNDS, () => fitTyrePace(field, prior));

  const fold = new TyrePaceFold(prior);
  const fields = Array.from({ length: UPDATES }, (_, index) => readField(cutAtTime(history, 7_000 + index * STEP_S)));
  updateTyrePace(fold, fields[0]);
  let next = 0;
  const updates = sortedMs(UPDATES - 1, () => updateTyrePace(fold, fields[++next]));
  return [
    { name: 'tyre-pace.race', unit: 'ms, 40 cars × 267 laps', value: round(whole[0]), spread: spread(whole) },
    {
      name: 'tyre-pace.update',
      unit: 'ms p99',
      value: round(updates[Math.floor(0.99 * updates.length)], 3),
      spread: spread(updates),
    },
  ];
}

function sortedMs(times: number, work: () => void): number[] {
  return Array.from({ length: times }, () => {
    const startMs = performance.now();
    work();
    return performance.now() - startMs;
  }).sort((a, b) => a - b);
}

/** (Median − best) ÷ best. */
function spread(sorted: readonly number[]): number {
  return round((sorted[sorted.length >> 1] - sorted[0]) / sorted[0]);
}
