import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Flag } from '#wire/messages.js';
import type { Scenario } from '../scenarios/scenario.js';
import type { StopOrder } from '../world/car.js';
import type { FinishRow } from '../world/result.js';
import type { World } from '../world/world.js';
import type { AgentFactory } from './agents.js';
import type { CarTruth } from './truth.js';

export interface FleetOptions<Stats> extends AgentFactory<Stats> {
  scenario: Scenario;
  seed: number;
  raceClock: Clock;
  log: Log;
  /** Wall ms between ticks. Default 100. */
  tickMs?: number;
  /** Race ms that one tick may catch up with at most: bounds a block's length, and what a late tick costs. Default 2000. */
  tickMostMs?: number;
}

export interface FleetStatus {
  /** The leader's completed laps. */
  lap: number;
  flag: Flag;
  cautions: number;
  finished: boolean;
}

export interface FleetStats<Stats> {
  /**
   * Race ms by which the world, or an agent that takes its samples elsewhere, is behind the race clock. Small as long as
   * ticks keep up; the owner of the clock slows it when this grows.
   */
  behindMs: number;
  /** Race ms since the world began. */
  worldMs: number;
  blocks: number;
  /** Samples of all channels of all cars. */
  samples: number;
  timingMessages: number;
  /** Timing messages that the agent refused, by error code. */
  timingRefused: Record<string, number>;
  agents: Stats[];
}

export interface Fleet<Stats> {
  readonly world: World;
  /** The world begins to move at the race clock's now: the pace lap. Once. */
  run(): void;
  /** Resolves once every car finished or retired, and the last news of it has reached the trackside agent. */
  readonly finished: Promise<void>;
  status(): FleetStatus;
  stats(): FleetStats<Stats>;
  /** What no sensor shows, for tests. */
  truth(): CarTruth[];
  result(): FinishRow[];
  /** A call that a person passed on by radio. False when it can no longer be obeyed. */
  orderStop(number: number, order: StopOrder): boolean;
  cancelStop(number: number): boolean;
  /** All agents acknowledged end to end within `timeoutMs` of wall time. */
  drained(timeoutMs: number): Promise<boolean>;
  stop(): Promise<void>;
}
