/**
 * What the arbiter costs: taking in one observation of a car whose window is full, in order and some places late, and a
 * whole race record through the fold that asks it.
 */
import { LapFold, WINDOW_OBSERVATIONS } from '#cloud/race/arbiter/fold.js';
import type { Observation } from '#cloud/race/arbiter/types.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, round } from './figure.js';

const LAPS = 600;
const ROUNDS = 5;
/** In a race of 40 laps a feed that is a lap late is this many observations late. */
const LATE_PLACES = 4;
const GREEN_MS = 1_800_000_000_000;

export function arbiterFigures(): Figure[] {
  const inOrder = observations(LAPS);
  const late = inOrder.map((observation, i) => ({ observation, at: i + (i % 10 === 0 ? LATE_PLACES : 0) }));
  late.sort((a, b) => a.at - b.at);
  return [
    p99Of('arbiter.update', inOrder),
    p99Of(
      'arbiter.update-late',
      late.map(({ observation }) => observation),
    ),
  ];
}

/** 99th percentile of one update once the window is full, ms; the best of the rounds. */
function p99Of(name: string, told: readonly Observation[]): Figure {
  const rounds: number[] = [];
  for (let r = 0; r < ROUNDS; r++) {
    const fold = new LapFold();
    const times: number[] = [];
    told.forEach((observation, i) => {
      const startMs = performance.now();
      fold.add(observation);
      if (i >= WINDOW_OBSERVATIONS) times.push(performance.now() - startMs);
    });
    times.sort((a, b) => a - b);
    rounds.push(times[Math.floor(times.length * 0.99)]);
  }
  const best = Math.min(...rounds);
  return { name, unit: 'ms p99', value: round(best, 3), spread: round((Math.max(...rounds) - best) / best) };
}

/** Every lap by car and timing, as both tell it; the car's clock is days off and its count one too high. */
function observations(laps: number): Observation[] {
  const random = seededRandom(1);
  const told: Observation[] = [];
  let elapsedMs = 0;
  for (let lap = 1; lap <= laps; lap++) {
    const lapTimeMs = Math.round(90_000 + 1_500 * random());
    elapsedMs += lapTimeMs;
    const atMs = GREEN_MS + elapsedMs;
    const carMs = lapTimeMs + Math.round(80 * random() - 40);
    told.push(
      { source: 'timing', receivedAt: atMs + 300, car: '24', lap, lapTimeMs, elapsedMs },
      { source: 'car', receivedAt: atMs + 400, car: '24', lap: lap + 1, lapTimeMs: carMs, carTime: atMs - 2.2e8 },
    );
  }
  return told;
}
