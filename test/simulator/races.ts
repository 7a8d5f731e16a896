import { createHash } from 'node:crypto';
import { race } from '#simulator/scenarios/race.js';
import { type Scenario, type ScenarioOverrides, withOverrides } from '#simulator/scenarios/scenario.js';
import type { PassingEvent, StopEvent, WorldEvent } from '#simulator/world/events.js';
import { createWorld, type World, type WorldWatch } from '#simulator/world/world.js';

export interface RunRace {
  world: World;
  events: WorldEvent[];
}

/** No race lasts longer; a world that never ends must fail a test, not hang it. */
const RACE_MOST_MS = 2 * 3600 * 1000;

/** A whole race in one go. */
export function runRace(scenario: Scenario, seed: number, watch: WorldWatch = {}): RunRace {
  const events: WorldEvent[] = [];
  const world = createWorld(scenario, seed, { ...watch, event: (event) => events.push(event) });
  while (world.finishedAtMs === null && world.nowMs < RACE_MOST_MS) world.advanceTo(world.nowMs + 10_000);
  return { world, events };
}

/** Without cautions and failures: what is left is the cars. */
export function calmRace(overrides: ScenarioOverrides): Scenario {
  const scenario = withOverrides(race, overrides);
  const never = scenario.laps + 100;
  return { ...scenario, retirementChance: 0, cautions: { ...scenario.cautions, first: [never, never + 1], stages: 1 } };
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

export function passings(events: WorldEvent[], loop: PassingEvent['loop'], car?: number): PassingEvent[] {
  return events.filter(
    (event): event is PassingEvent =>
      event.type === 'passing' && event.loop === loop && (car === undefined || event.car === car),
  );
}

export function stopsOf(events: WorldEvent[], car?: number): StopEvent[] {
  return events.filter(
    (event): event is StopEvent => event.type === 'stop' && (car === undefined || event.car === car),
  );
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
