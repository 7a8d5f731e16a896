import { carChannels } from '#simulator/channels.js';
import { race } from '#simulator/scenarios/race.js';
import { type ScenarioOverrides, withOverrides } from '#simulator/scenarios/scenario.js';
import { CarTelemetry } from '#simulator/telemetry/car-telemetry.js';
import { noiseTable } from '#simulator/telemetry/noise.js';
import { createWorld } from '#simulator/world/world.js';
import { type Figure, round } from './figure.js';

export interface WorldCost {
  /** CPU ms per second of race for world and samples; × speed / 10 = per cent of a core. */
  cpuMsPerRaceS: number;
  /** The same without samples. */
  worldCpuMsPerRaceS: number;
  nsPerSample: number;
}

const SEED = 1;
const WARM_UP_S = 20;

/** What it costs to make a race: `raceS` seconds of it in ticks of `tickMs`, after a warm-up. */
export function worldCost(overrides: ScenarioOverrides = {}, raceS = 200, tickMs = 500): WorldCost {
  const scenario = withOverrides(race, overrides);
  const alone = createWorld(scenario, SEED);
  alone.advanceTo(1000 * WARM_UP_S);
  const worldMs = cpuMs(() => alone.advanceTo(1000 * (WARM_UP_S + raceS)));

  let telemetry: CarTelemetry[] = [];
  const world = createWorld(scenario, SEED, {
    step: (fromMs, toMs) => {
      for (const car of telemetry) car.step(fromMs, toMs);
    },
  });
  const { rateHz } = scenario;
  const setup = { table: carChannels(rateHz), rateHz, track: world.track, noise: noiseTable(SEED), seed: SEED };
  telemetry = world.cars.map((car) => new CarTelemetry(car, setup));
  let samples = 0;
  const run = (untilMs: number) => {
    for (let at = world.nowMs + tickMs; at <= untilMs; at += tickMs) {
      for (const car of telemetry) car.begin(at);
      world.advanceTo(at);
      for (const car of telemetry) samples += car.end(0)?.values.length ?? 0;
    }
  };
  run(1000 * WARM_UP_S);
  samples = 0;
  const allMs = cpuMs(() => run(1000 * (WARM_UP_S + raceS)));
  return {
    cpuMsPerRaceS: allMs / raceS,
    worldCpuMsPerRaceS: worldMs / raceS,
    nsPerSample: (1e6 * (allMs - worldMs)) / samples,
  };
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The default race: 40 cars, 60 channels, 100 Hz. */
export async function worldFigures(): Promise<Figure[]> {
  const rounds = Array.from({ length: 3 }, () => worldCost());
  const figure = (name: string, unit: string, values: number[]): Figure => {
    const best = Math.min(...values);
    return { name, unit, value: round(best, 3), spread: round((Math.max(...values) - best) / best) };
  };
  return [
    figure(
      'world and samples, per race second',
      'ms CPU',
      rounds.map(({ cpuMsPerRaceS }) => cpuMsPerRaceS),
    ),
    figure(
      'world alone, per race second',
      'ms CPU',
      rounds.map(({ worldCpuMsPerRaceS }) => worldCpuMsPerRaceS),
    ),
    figure(
      'one simulated sample',
      'ns',
      rounds.map(({ nsPerSample }) => nsPerSample),
    ),
  ];
}
