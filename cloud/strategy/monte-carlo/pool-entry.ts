/** Entry point of a thread that draws races: a question, then parts of its runs, each answered when it is drawn. */
import { parentPort } from 'node:worker_threads';
import { buffersOf } from './outcome.js';
import type { PoolAnswer, PoolRequest } from './pool-messages.js';
import { Simulation } from './simulate.js';

let question: { simulation: Simulation; seed: number; stop: Int32Array } | undefined;

parentPort?.on('message', (request: PoolRequest) => {
  try {
    if (request.type === 'question') {
      const { start, options, seed, stop } = request;
      question = { simulation: new Simulation(start, options), seed, stop };
      return;
    }
    if (question === undefined) throw new Error('a part came before its question');
    const { simulation, seed, stop } = question;
    const { firstRun, runs } = request;
    const outcomes = simulation.simulate({ firstRun, runs, seed, isInterrupted: () => Atomics.load(stop, 0) !== 0 });
    parentPort?.postMessage({ outcomes } satisfies PoolAnswer, buffersOf(outcomes));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ error: why } satisfies PoolAnswer);
  }
});
