import { afterAll, describe, expect, it } from 'vitest';
import { MonteCarloPool } from '#cloud/strategy/monte-carlo/pool.js';
import { simulate } from '#cloud/strategy/monte-carlo/simulate.js';
import { NONE, type Option } from '#cloud/strategy/monte-carlo/types.js';
import { luckyStart } from './plain-start.js';

const SEED = 31;
const OPTIONS: readonly Option[] = [
  { car: NONE, stops: 'asUsual', caution: 'drawn' },
  { car: 4, stops: [{ lap: 20, service: { tyres: 4, fuel: 'fill' } }], caution: 'drawn' },
];

describe(`real threads (seed ${SEED})`, () => {
  const pool = new MonteCarloPool();
  afterAll(() => pool.close());

  it('give the same bytes as none', async () => {
    const start = luckyStart({ cars: 20, lapsTotal: 60 });
    const drawn = await pool.simulate({ start, options: OPTIONS, runs: 33, seed: SEED });
    expect(drawn).toEqual(simulate(start, OPTIONS, { runs: 33, seed: SEED }));
  });

  it('stop when they are interrupted', async () => {
    const start = luckyStart({ cars: 40, lapsTotal: 300 });
    const interrupt = new AbortController();
    const answer = pool.simulate({ start, options: OPTIONS, runs: 100_000, seed: SEED, interrupt: interrupt.signal });
    setTimeout(() => interrupt.abort(), 200);
    const [{ runs }] = await answer;
    expect(runs).toBeLessThan(100_000);
  });
});
