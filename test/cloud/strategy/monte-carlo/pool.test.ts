import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { MonteCarloPool, POOL_WAITING_MAX, type PoolQuestion } from '#cloud/strategy/monte-carlo/pool.js';
import type { PoolAnswer, PoolRequest } from '#cloud/strategy/monte-carlo/pool-messages.js';
import { Simulation, simulate } from '#cloud/strategy/monte-carlo/simulate.js';
import { NONE } from '#cloud/strategy/monte-carlo/types.js';
import { luckyStart } from './plain-start.js';

const SEED = 12;
const QUESTION: PoolQuestion = {
  start: luckyStart({ cars: 8, lapsTotal: 40 }),
  options: [
    { car: NONE, stops: 'asUsual', caution: 'drawn' },
    { car: 2, stops: [{ lap: 15, service: { tyres: 2, fuel: 'toEnd' } }], caution: { inLaps: 5 } },
  ],
  runs: 23,
  seed: SEED,
};
const wanted = simulate(QUESTION.start, QUESTION.options, { runs: 23, seed: SEED });

/** A thread that is none: answers after some turns, or fails. */
class FakeWorker extends EventEmitter {
  #simulation: Simulation | undefined;
  readonly #fails: () => boolean;

  constructor(fails: () => boolean) {
    super();
    this.#fails = fails;
  }

  postMessage(request: PoolRequest): void {
    if (request.type === 'question') {
      this.#simulation = new Simulation(request.start, request.options);
      return;
    }
    setImmediate(() => {
      if (this.#fails()) this.emit('error', new Error('out of memory'));
      else
        this.emit('message', { outcomes: this.#simulation!.simulate({ ...request, seed: SEED }) } satisfies PoolAnswer);
    });
  }

  ref(): void {}
  unref(): void {}

  async terminate(): Promise<number> {
    this.emit('exit', 1);
    return 1;
  }
}

const fake = (fails: () => boolean = () => false) => new FakeWorker(fails) as unknown as Worker;

describe(`a pool (seed ${SEED})`, () => {
  it.each([0, 1, 2])('of %i threads gives what one call gives', async (workers) => {
    const pool = new MonteCarloPool({ workers, startWorker: () => fake() });
    expect(await pool.simulate(QUESTION)).toEqual(wanted);
    expect(await pool.simulate({ ...QUESTION, firstRun: 3, runs: 5 })).toEqual(
      simulate(QUESTION.start, QUESTION.options, { firstRun: 3, runs: 5, seed: SEED }),
    );
    await pool.close();
  });

  it('interrupted gives the runs that are complete, from the first one on', async () => {
    const pool = new MonteCarloPool({ workers: 0 });
    const interrupt = new AbortController();
    const answer = pool.simulate({ ...QUESTION, runs: 5_000, interrupt: interrupt.signal });
    for (let turn = 0; turn < 6; turn++) await new Promise(setImmediate);
    interrupt.abort();
    const outcomes = await answer;
    const { runs } = outcomes[0];
    expect(runs).toBeGreaterThan(0);
    expect(runs).toBeLessThan(5_000);
    expect(outcomes[1].runs).toBe(runs);
    const whole = simulate(QUESTION.start, QUESTION.options, { runs, seed: SEED });
    expect(outcomes[1].place.subarray(0, runs * 8)).toEqual(whole[1].place);
    expect(pool.counters.interrupted).toBe(1);
  });

  it('interrupted before it begins gives nothing, and takes the next question', async () => {
    const pool = new MonteCarloPool({ workers: 0 });
    const [none] = await pool.simulate({ ...QUESTION, interrupt: AbortSignal.abort() });
    expect(none.runs).toBe(0);
    expect((await pool.simulate(QUESTION))[0].runs).toBe(23);
  });

  it('turns questions away when too many wait', async () => {
    const pool = new MonteCarloPool({ workers: 0 });
    const asked = Array.from({ length: POOL_WAITING_MAX + 1 }, () => pool.simulate({ ...QUESTION, runs: 1 }));
    await expect(pool.simulate(QUESTION)).rejects.toMatchObject({ code: 'PW-FORECAST-BUSY' });
    await Promise.all(asked);
    expect(await pool.simulate(QUESTION)).toEqual(wanted);
    expect(pool.counters).toMatchObject({ refused: 1, failed: 0 });
  });

  it('whose thread fails says so, and starts new ones for the next question', async () => {
    let failures = 1;
    const pool = new MonteCarloPool({ workers: 2, startWorker: () => fake(() => failures-- > 0) });
    await expect(pool.simulate(QUESTION)).rejects.toMatchObject({ code: 'PW-FORECAST-THREAD' });
    expect(await pool.simulate(QUESTION)).toEqual(wanted);
    expect(pool.counters.failed).toBe(1);
    await pool.close();
  });
});
