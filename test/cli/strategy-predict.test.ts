import { describe, expect, it } from 'vitest';
import type { Prediction } from '#cloud/strategy/predict/types.js';
import { namedRandom } from '#wire/random.js';
import { predictLine } from '../../cli/commands/strategy-predict.js';
import { madeRows } from '../cloud/strategy/predict/made-rows.js';

describe('strategy predict', () => {
  const laps = madeRows({ cars: 4, laps: 20, random: namedRandom(7, 'line') });
  const race = { series: 'f1', track: null, lapsTotal: 50 };

  it('answers all that can be said where nothing is named', () => {
    const said = predictLine({ id: 1, race, laps }) as Prediction;
    expect(Object.keys(said).sort()).toEqual(['finish', 'nextLaps', 'nextStop', 'remaining']);
    expect(said.nextLaps!['1']).toHaveLength(5);
    expect(Object.keys(said.nextStop!['2']).sort()).toEqual(['lap', 'pWithin5']);
  });

  it('answers a what-if with place and seconds', () => {
    const said = predictLine({ race, laps, whatIf: { car: '1', pitOnLap: 21 } }) as Prediction;
    expect(said.rejoin!.seconds).toBeGreaterThan(180);
    expect(predictLine({ race, laps, whatIf: { car: '1', pitOnLap: 21 }, want: ['rejoin'] })).toEqual({
      rejoin: said.rejoin,
    });
  });

  it('answers a race that has not begun with empty parts', () => {
    expect(predictLine({ race, laps: [] })).toEqual({ nextLaps: {}, finish: {}, nextStop: {}, remaining: {} });
  });

  it.each([
    [{}, 'race'],
    [{ race: { lapsTotal: 3 }, laps: [] }, 'race.series'],
    [{ race, laps: [{ car: 1, lap: 1 }] }, 'laps.0.car'],
    [{ race, laps: [], want: ['weather'] }, 'want.0'],
    [{ race, laps: [], want: ['rejoin'] }, 'whatIf'],
  ])('refuses %j and says where', (line, where) => {
    expect(() => predictLine(line)).toThrow(
      expect.objectContaining({ code: 'PW-USAGE-LINE', message: expect.stringContaining(where) }),
    );
  });
});
