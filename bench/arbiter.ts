/**
 * What the arbiter costs: taking in one observation of a car whose window is full, in order and some places late, and a
 * whole race record through the fold that asks it.
 */

import { applyRecord } from '#cloud/race/apply.js';
import { LapFold, WINDOW_OBSERVATIONS } from '#cloud/race/arbiter/fold.js';
import type { Observation } from '#cloud/race/arbiter/types.js';
import { createRaceState } from '#cloud/race/create.js';
import type { CarLapEvent, PassingMessage } from '#wire/messages.js';
import type { RaceRecord } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { makeRace } from '../test/helpers/made-race.js';
import { rosterEntry, sessionOpen } from '../test/helpers/race-records.js';
import { type Figure, round } from './figure.js';

const LAPS = 600;
const ROUNDS = 5;
const CARS = 40;
const RACE_LAPS = 60;
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
    raceUpdate(),
  ];
}

/** 99th percentile of one race record, 40 cars, laps by timing and car; without what strategy makes of it. */
function raceUpdate(): Figure {
  const roster = Array.from({ length: CARS }, (_, i) => rosterEntry(String(i + 1), { own: i < 2 }));
  const records: RaceRecord[] = [];
  for (const record of makeRace({ cars: CARS, laps: RACE_LAPS, noiseMs: 100, fuelPerLapKg: 2 })) {
    records.push(record);
    if (record.kind === 'timing' && record.type === 'passing') records.push(byCar(record, records.length));
  }
  const { value, spread } = p99(() => {
    const state = createRaceState(sessionOpen({ roster, lapsTotal: RACE_LAPS }));
    return records.map((record) => () => applyRecord(state, record));
  });
  return { name: 'race.update', unit: 'ms p99', value, spread };
}

function byCar({ number, lap, lapTimeMs, eventTimeMs }: PassingMessage, seq: number): CarLapEvent {
  const boot = '1-00000000000000bb';
  const head = { v: 1, thing: `car-${number}`, boot, seq, prev: seq - 1, eventTimeMs: eventTimeMs + 40 } as const;
  return { ...head, kind: 'event', type: 'lap', lapHint: lap + 1, lapTimeMs: (lapTimeMs ?? 0) + 15 };
}

/** 99th percentile of one update once the window is full. */
function p99Of(name: string, told: readonly Observation[]): Figure {
  const { value, spread } = p99(() => {
    const fold = new LapFold();
    for (const observation of told.slice(0, WINDOW_OBSERVATIONS)) fold.add(observation);
    return told.slice(WINDOW_OBSERVATIONS).map((observation) => () => fold.add(observation));
  });
  return { name, unit: 'ms p99', value, spread };
}

/** Of the works that one round is made of, ms; the best of the rounds. */
function p99(begin: () => (() => void)[]): { value: number; spread: number } {
  const rounds: number[] = [];
  for (let r = 0; r < ROUNDS; r++) {
    const times = begin().map((work) => {
      const startMs = performance.now();
      work();
      return performance.now() - startMs;
    });
    times.sort((a, b) => a - b);
    rounds.push(times[Math.floor(times.length * 0.99)]);
  }
  const best = Math.min(...rounds);
  return { value: round(best, 3), spread: round((Math.max(...rounds) - best) / best) };
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
