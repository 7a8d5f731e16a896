/**
 * A forecast beside the fold, as the engine asks for it after each lap: by its thread, on state and budget of a race. Laps 20 to
 * 39 of 60, 40 cars, two of them own; green. Time is from the question to its answer, the state's way to the thread in it.
 */
import { FORECAST_RUNS } from '#cloud/engine/forecast-desk.js';
import { forecastThread } from '#cloud/engine/forecast-thread.js';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { makeRace } from '../test/helpers/made-race.js';
import { rosterEntry, sessionOpen } from '../test/helpers/race-records.js';
import { type Figure, round } from './figure.js';

const CARS = 40;
const OWN = 2;
const LAPS = 60;
const ASKED = { from: 20, to: 40 };

export async function engineForecastFigures(): Promise<Figure[]> {
  const roster = Array.from({ length: CARS }, (_, i) => rosterEntry(String(i + 1), { own: i < OWN }));
  const state = createRaceState(sessionOpen({ roster, lapsTotal: LAPS, rules: 'nascar' }));
  const stopLaps = (car: number) => [14 + (car % 5), 34 + (car % 7)];
  const records = makeRace({ cars: CARS, laps: ASKED.to, falloffMs: 20, noiseMs: 100, stopLaps });
  const forecaster = forecastThread();
  const never = new AbortController().signal;
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  let bytes = 0;
  try {
    for (const record of records) {
      const before = state.lap;
      applyRecord(state, record);
      if (state.lap === before || state.lap < ASKED.from) continue;
      const startMs = performance.now();
      const startCpu = process.cpuUsage();
      const told = await forecaster.forecast({ state, trigger: `lap 1/${state.lap}`, runs: FORECAST_RUNS }, never);
      const { user, system } = process.cpuUsage(startCpu);
      if (!told) throw new Error(`No forecast on lap ${state.lap}.`);
      seconds.push((performance.now() - startMs) / 1_000);
      cpuSeconds.push((user + system) / 1e6);
      bytes = Math.max(bytes, JSON.stringify(told).length);
    }
  } finally {
    await forecaster.close();
  }
  // The first one starts the thread.
  const [first, ...rest] = seconds;
  const warm = [...rest].sort((a, b) => a - b);
  const p95 = warm[Math.floor(warm.length * 0.95)];
  const cpu = cpuSeconds.slice(1).sort((a, b) => a - b);
  const spread = round((warm[warm.length - 1] - warm[0]) / warm[0]);
  const runs = `${FORECAST_RUNS.base} + ${FORECAST_RUNS.option} an option`;
  return [
    { name: `forecast, ${CARS} cars, ${OWN} own, ${runs}: p95`, unit: 's', value: round(p95, 3), spread },
    { name: 'forecast: core seconds, median', unit: 's', value: round(cpu[cpu.length >> 1], 3), spread: 0 },
    { name: 'forecast: the first one, thread started', unit: 's', value: round(first, 3), spread: 0 },
    { name: 'forecast: as a record', unit: 'KB', value: round(bytes / 1024, 1), spread: 0 },
  ];
}
