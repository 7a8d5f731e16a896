import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { forecastThread } from '#cloud/engine/forecast-thread.js';
import type { Forecaster } from '#cloud/engine/forecaster.js';
import { createRaceState } from '#cloud/race/create.js';
import { sessionOpen } from './race-stream.js';

/** Threads that run `onQuestion` with `question` and `answer`; how many were started. */
function threads(...onQuestion: string[]): { start: () => Worker; started: () => number } {
  let started = 0;
  const start = () => {
    const body = onQuestion[Math.min(started++, onQuestion.length - 1)];
    const code = `const { parentPort } = require('node:worker_threads');
      parentPort.on('message', (question) => {
        const answer = (forecast) => parentPort.postMessage({ forecast });
        ${body}
      });`;
    return new Worker(code, { eval: true });
  };
  return { start, started: () => started };
}

const opened: Forecaster[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((forecaster) => forecaster.close()));
});

function opens(options: Parameters<typeof forecastThread>[0]): Forecaster {
  const forecaster = forecastThread(options);
  opened.push(forecaster);
  return forecaster;
}

const question = { state: createRaceState(sessionOpen()), trigger: 'lap 1/4', runs: { base: 7, option: 3 } };
const never = new AbortController().signal;

test('the question reaches the thread whole, and its answer comes back; one thread serves all', async () => {
  const { start, started } = threads(
    'answer({ race: JSON.parse(question.state).session.race, trigger: question.trigger, runs: question.runs })',
  );
  const forecaster = opens({ start });
  const answers = [await forecaster.forecast(question, never), await forecaster.forecast(question, never)];
  const { race } = question.state.session;
  expect(answers).toEqual([1, 2].map(() => ({ race, trigger: 'lap 1/4', runs: { base: 7, option: 3 } })));
  expect(started()).toBe(1);
});

test('an interruption is seen in the thread while it computes; nothing to say is undefined', async () => {
  const { start } = threads('while (Atomics.load(question.interrupt, 0) === 0); answer(null)');
  const interrupt = new AbortController();
  const answer = opens({ start }).forecast(question, interrupt.signal);
  interrupt.abort();
  expect(await answer).toBeUndefined();
});

test.each([
  ['falls over', 'throw new Error("out of laps")', 60_000, /out of laps/],
  ['ends', 'process.exit(3)', 60_000, /ended with 3/],
  ['cannot compute', 'parentPort.postMessage({ error: "no car" })', 60_000, /no car/],
  ['says nothing', '', 1_500, /said nothing for 1500 ms/],
])('a thread that %s fails its question; the next question has a new thread', async (_, broken, answerMs, why) => {
  const { start, started } = threads(broken, 'answer({ lap: 4 })');
  const forecaster = opens({ start, answerMs });
  const failure = forecaster.forecast(question, never);
  await expect(failure).rejects.toMatchObject({ code: 'PW-FORECAST-THREAD', message: expect.stringMatching(why) });
  expect(await forecaster.forecast(question, never)).toEqual({ lap: 4 });
  expect(started()).toBe(2);
});
