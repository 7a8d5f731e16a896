import { describe, expect, it } from 'vitest';
import { namedRandom } from '#wire/random.js';
import { whatIfLine } from '../../cli/commands/strategy-whatif.js';
import { madeRows } from '../cloud/strategy/predict/made-rows.js';
import { notFinite } from '../helpers/made-race.js';

interface Said {
  runs: number;
  options: {
    car: string;
    pWin: number;
    finish: { mean: number; lo80: number; hi80: number };
    rejoin?: { position: number; gapAhead: number | null; ahead: string | null };
    gain: { mean: number; lo80: number; hi80: number };
    gainSeconds: { mean: number };
  }[];
}

describe('strategy whatif', () => {
  const laps = madeRows({ cars: 8, laps: 20, random: namedRandom(7, 'whatif') });
  const race = { series: 'f1', track: null, lapsTotal: 40 };
  const line = (options: unknown, more = {}) => ({ id: 1, race, laps, options, runs: 60, ...more });
  const ask = async (options: unknown, more = {}) => (await whatIfLine(line(options, more))) as unknown as Said;

  it('compares ways to drive one race on the same luck', async () => {
    const said = await ask([
      { car: '2', stops: [{ lap: 30 }] },
      { car: '2', stops: [{ lap: 30 }] },
      { car: '2', stops: [{ lap: 30 }, { lap: 33 }] },
    ]);
    expect(said.runs).toBe(60);
    expect(said.options).toHaveLength(3);
    expect(said.options[1]).toEqual(said.options[0]);
    expect(said.options[0].gain).toEqual({ mean: 0, lo80: 0, hi80: 0 });
    // A stop that nobody needs costs more than its new tyres give in three laps.
    expect(said.options[2].gainSeconds.mean).toBeLessThan(-5);
    expect(said.options[0].rejoin!.position).toBeGreaterThan(1);
    expect(notFinite(said)).toEqual([]);
  });

  it('knows a race without a stop, and one as usual', async () => {
    const { options } = await ask([
      { car: '2', stops: [] },
      { car: '2', stops: null },
    ]);
    expect(options[0]).not.toHaveProperty('rejoin');
    expect(options[1].finish.lo80).toBeLessThanOrEqual(options[1].finish.hi80);
  });

  it('is the same for the same line, and another for another seed', async () => {
    const options = [{ car: '3', stops: null }];
    const said = await ask(options);
    expect(await ask(options)).toEqual(said);
    expect(await ask(options, { seed: 2 })).not.toEqual(said);
  });

  it.each([
    [{}, 'race'],
    [line([]), 'options'],
    [line([{ car: '2' }]), 'options.0.stops'],
    [line([{ car: '2', stops: [{ lap: 30, tyres: 3 }] }]), 'options.0.stops.0.tyres'],
    [line([{ car: '99', stops: null }]), 'car 99'],
    [line([{ car: '2', stops: [{ lap: 20 }] }]), 'lap 20'],
    [line([{ car: '2', stops: null }], { runs: 0 }), 'runs'],
  ])('refuses a line and says where (%#)', async (wrong, where) => {
    await expect(whatIfLine(wrong)).rejects.toThrow(
      expect.objectContaining({ code: 'PW-USAGE-LINE', message: expect.stringContaining(where) }),
    );
  });
});
