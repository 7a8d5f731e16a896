import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import type { Component, ComponentStatus } from './component.js';
import { containLeaks, containNoMore } from './leaks.js';
import { startOrder } from './order.js';
import { Supervised, type SupervisionLimits } from './supervised.js';

export interface SupervisorOptions {
  components: readonly Component[];
  wallClock: Clock;
  random: Random;
  log: Log;
  limits?: SupervisionLimits;
}

const DEFAULT_LIMITS: Required<SupervisionLimits> = {
  startMs: 10_000,
  stopMs: 5_000,
  failuresMax: 5,
  steadyMs: 60_000,
  backoff: { minMs: 500, maxMs: 30_000 },
};
const LOOK_EVERY_MS = 1000;

/**
 * Runs the modules beside the data path, each after those that it depends on, and keeps their faults from it: what one
 * throws or rejects, also long after and from a timer, is counted as that component's failure; one that hangs in a promise
 * is given up. One that never gives the thread back cannot be contained in its process.
 */
export class Supervisor {
  readonly #all: Supervised[];
  readonly #byName: Map<string, Supervised>;
  readonly #wallClock: Clock;
  #nextLookMs = 0;
  #isStarted = false;
  #isStopped = false;

  /** Raises PW-COMPONENT-ORDER. */
  constructor({ components, limits, ...shared }: SupervisorOptions) {
    const all = { ...DEFAULT_LIMITS, ...limits };
    this.#wallClock = shared.wallClock;
    this.#all = startOrder(components).map((component) => new Supervised({ ...shared, component, limits: all }));
    this.#byName = new Map(this.#all.map((each) => [each.component.name, each]));
  }

  start(): void {
    if (this.#all.length === 0) return;
    this.#isStarted = true;
    containLeaks();
    this.#look();
  }

  /** Call a few times a second. */
  tick(): void {
    if (this.#isStopped || this.#wallClock.nowMs() < this.#nextLookMs) return;
    this.#look();
  }

  /** By name. */
  status(): Record<string, ComponentStatus> {
    return Object.fromEntries(this.#all.map((each) => [each.component.name, each.status]));
  }

  /** What is wrong with the first that is broken. */
  get ailment(): string | undefined {
    const broken = this.#all.find(({ state }) => state === 'BROKEN');
    return broken && `component "${broken.component.name}" is broken: ${broken.status.reason}`;
  }

  /** Each before those that it depends on. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const each of this.#all.toReversed()) await each.stop();
    if (this.#isStarted) containNoMore();
  }

  #look(): void {
    this.#nextLookMs = this.#wallClock.nowMs() + LOOK_EVERY_MS;
    for (const each of this.#all) each.tick(this.#mayRun(each));
  }

  #mayRun({ component }: Supervised): boolean {
    return (component.dependsOn ?? []).every((name) => this.#byName.get(name)?.state === 'RUNNING');
  }
}
