/**
 * What the fold waits for: quick answers on each lap of the leader, 40 cars with stops, two of them own, laps 20 to 59; and calls
 * from them. Once with what a live race keeps from question to question, once without.
 */
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { proposeCalls } from '#cloud/strategy/answers/calls.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import { ReadingMemory } from '#cloud/strategy/answers/reading.js';
import { makeRace } from '../test/helpers/made-race.js';
import { rosterEntry, sessionOpen } from '../test/helpers/race-records.js';
import { type Figure, round } from './figure.js';

const CARS = 40;
const OWN = 2;
const LAPS = { from: 20, to: 60 };
const NEWEST = 12;

export function quickAnswersFigures(): Figure[] {
  const roster = Array.from({ length: CARS }, (_, i) => rosterEntry(String(i + 1), { own: i < OWN }));
  const state = createRaceState(sessionOpen({ roster, lapsTotal: LAPS.to + 30, rules: 'nascar', series: 'nascar' }));
  const stopLaps = (car: number) => [14 + (car % 5), 34 + (car % 7)];
  const memory = new ReadingMemory();
  const kept: number[] = [];
  const anew: number[] = [];
  for (const record of makeRace({ cars: CARS, laps: LAPS.to, falloffMs: 20, noiseMs: 100, stopLaps })) {
    const before = state.lap;
    applyRecord(state, record);
    if (state.lap === before || state.lap < LAPS.from) continue;
    const trigger = `lap 1/${state.lap}`;
    kept.push(timedMs(() => proposeCalls(state, quickAnswers({ state, trigger, memory }))));
    anew.push(timedMs(() => proposeCalls(state, quickAnswers({ state, trigger }))));
  }
  return [figure('quick-answers.live', kept), figure('quick-answers.anew', anew)];
}

function timedMs(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

/** Of the last laps, which have most to read. */
function figure(name: string, ms: readonly number[]): Figure {
  const sorted = ms.slice(-NEWEST).sort((a, b) => a - b);
  return { name, unit: 'ms', value: round(sorted[0]), spread: round((sorted.at(-1)! - sorted[0]) / sorted[0]) };
}
