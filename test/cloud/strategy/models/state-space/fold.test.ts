import { describe, expect, it } from 'vitest';
import { fromRows, type LapRow } from '#cloud/strategy/history/from-rows.js';
import { cutAtTime } from '#cloud/strategy/history/history.js';
import { type Field, readField } from '#cloud/strategy/models/field.js';
import { tyrePacePriorOf } from '#cloud/strategy/models/state-space/fitted/priors.js';
import { TyrePaceFold } from '#cloud/strategy/models/state-space/fold.js';
import type { TyrePace } from '#cloud/strategy/models/state-space/types.js';
import { fitTyrePace, updateTyrePace } from '#cloud/strategy/models/state-space/tyre-pace.js';
import { seededRandom } from '#wire/random.js';
import { madeLaps, TRUTH } from './made-laps.js';

const SEED = 20_261_122;
const prior = tyrePacePriorOf('nascar_cup');
const truth = { ...TRUTH, caution: [33, 38] as const };

function readRows(rows: readonly LapRow[]): Field {
  return readField(fromRows({ series: 'nascar_cup', lapsTotal: 100 }, rows));
}

function answers(pace: TyrePace, field: Field): unknown {
  return field.cars.map((form) => [
    pace.of(form),
    pace.lap(form, { ahead: 3 }),
    pace.lap(form, { ahead: 9, ageLaps: 7 }),
    pace.falloffS(form, 20),
    pace.driftSPerLap(form),
  ]);
}

describe(`state-space pace, a lap at a time (seed ${SEED})`, () => {
  const rows = madeLaps(truth, seededRandom(SEED));
  const whole = readRows(rows);

  it('says the same to the last digit as read at once, and reads no lap again', () => {
    const fold = new TyrePaceFold(prior);
    for (let untilS = 150; untilS < 2_700; untilS += 23) {
      const field = readField(cutAtTime(whole.history, untilS));
      const pace = updateTyrePace(fold, field);
      if (untilS % 4 !== 0) continue;
      expect(answers(pace, field)).toEqual(answers(fitTyrePace(field, prior), field));
    }
    expect(fold.restarts).toBe(1);
  });

  it('sorts in laps that come late, and takes corrections: the same as if it had known at once', () => {
    const random = seededRandom(SEED + 1);
    const ended = rows.filter(({ elapsed }) => elapsed! < 2_000).sort((a, b) => a.elapsed! - b.elapsed!);
    const late = ended.filter(() => random() < 0.1);
    const fold = new TyrePaceFold(prior);
    updateTyrePace(fold, readRows(ended.filter((row) => !late.includes(row))));
    const corrected = ended.map((row) => (row.lap === 20 ? { ...row, lap_time: row.lap_time! + 0.4 } : row));
    const field = readRows(corrected);
    expect(answers(updateTyrePace(fold, field), field)).toEqual(answers(fitTyrePace(field, prior), field));
    expect(fold.restarts).toBe(2);
  });

  it('does not read everything again for a lap of the last moments that is late', () => {
    const fold = new TyrePaceFold(prior);
    const ended = rows.filter(({ elapsed }) => elapsed! < 1_000).sort((a, b) => a.elapsed! - b.elapsed!);
    const late = ended.at(-9)!;
    updateTyrePace(fold, readRows(ended.filter((row) => row !== late)));
    const field = readRows(ended);
    expect(answers(updateTyrePace(fold, field), field)).toEqual(answers(fitTyrePace(field, prior), field));
    expect(fold.restarts).toBe(1);
  });

  it('begins again when a car is gone, or a compound is new', () => {
    const fold = new TyrePaceFold(prior);
    updateTyrePace(fold, whole);
    const fewer = readRows(rows.filter(({ car }) => car !== '3'));
    expect(answers(updateTyrePace(fold, fewer), fewer)).toEqual(answers(fitTyrePace(fewer, prior), fewer));
    const softer = readRows(rows.map((row) => (row.lap > 75 ? { ...row, compound: 'SOFT' } : row)));
    expect(answers(updateTyrePace(fold, softer), softer)).toEqual(answers(fitTyrePace(softer, prior), softer));
  });
});
