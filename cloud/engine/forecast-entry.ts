/** Entry point of the thread that simulates races: questions come one at a time, each is answered when it is computed. */
import { parentPort } from 'node:worker_threads';
import type { RaceState } from '#cloud/race/types.js';
import { drawHere, forecast } from '#cloud/strategy/answers/forecast.js';
import { ReadingMemory } from '#cloud/strategy/answers/reading.js';
import type { ThreadAnswer, ThreadQuestion } from './forecast-thread.js';

/** Of one race: laps that were read need not be read again. */
let known = { race: '', memory: new ReadingMemory() };

parentPort?.on('message', (question: ThreadQuestion) => {
  const answer = (told: ThreadAnswer) => parentPort?.postMessage(told);
  compute(question).then(
    (told) => answer({ forecast: told }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : String(error) }),
  );
});

async function compute({ state: json, trigger, runs, interrupt }: ThreadQuestion) {
  const state: RaceState = JSON.parse(json);
  const { race } = state.session;
  if (race !== known.race) known = { race, memory: new ReadingMemory() };
  return await forecast(
    { state, trigger, runs, memory: known.memory },
    drawHere(() => Atomics.load(interrupt, 0) !== 0),
  );
}
