import { SimulatedSource } from '#device/sources/simulated.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { CallMessage } from '#wire/messages.js';
import { carChannels } from '../channels.js';
import { CarTelemetry } from '../telemetry/car-telemetry.js';
import { noiseTable } from '../telemetry/noise.js';
import type { StopOrder } from '../world/car.js';
import type { WorldEvent } from '../world/events.js';
import type { FinishRow } from '../world/result.js';
import { createWorld, STEP_MS, type World } from '../world/world.js';
import type { AgentLike, TimingBody, TrackAgentLike } from './agents.js';
import { carThing, TRACK_THING } from './roster.js';
import { LONGEST_DELAY_MS, TimingFeed } from './timing-feed.js';
import { type CarTruth, truthOf } from './truth.js';
import type { Fleet, FleetOptions, FleetStats, FleetStatus } from './types.js';

export type { Fleet, FleetOptions, FleetStats, FleetStatus } from './types.js';

const TICK_MS = 100;
const TICK_MOST_MS = 2000;
/** Agents started at the same time: each opens a journal and a TLS connection. */
const START_TOGETHER = 8;

/**
 * One agent a car and one beside the track, fed by a world that follows the race clock. Resolves when all agents are
 * started; raises what a factory raised, after stopping those that were started.
 *
 * @example
 * const fleet = await startFleet({ scenario: race, seed: 7, raceClock, log, startCarAgent, startTrackAgent });
 * fleet.run();
 * await fleet.finished;
 */
export async function startFleet<Stats>(options: FleetOptions<Stats>): Promise<Fleet<Stats>> {
  const fleet = new SimulatedFleet(options);
  try {
    await fleet.start();
  } catch (error) {
    await fleet.stop().catch((second: unknown) => {
      options.log.error('an agent did not stop', { code: errorCode(second), error: String(second) });
    });
    throw error;
  }
  return fleet;
}

interface FleetCar<Stats> {
  source: SimulatedSource;
  telemetry: CarTelemetry;
  agent: AgentLike<Stats> | undefined;
}

class SimulatedFleet<Stats> implements Fleet<Stats> {
  readonly world: World;
  readonly finished: Promise<void>;
  readonly #options: FleetOptions<Stats>;
  readonly #cars: FleetCar<Stats>[];
  readonly #feed: TimingFeed;
  #track: TrackAgentLike<Stats> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #epochMs = 0;
  #behindMs = 0;
  #blocks = 0;
  #samples = 0;
  #timingMessages = 0;
  readonly #timingRefused: Record<string, number> = {};
  #resolveFinished: () => void = () => {};

  constructor(options: FleetOptions<Stats>) {
    const { scenario, seed } = options;
    this.#options = options;
    this.finished = new Promise((resolve) => {
      this.#resolveFinished = resolve;
    });
    this.world = createWorld(scenario, seed, {
      event: (event) => this.#onEvent(event),
      step: (fromMs, toMs) => {
        for (const { telemetry } of this.#cars) telemetry.step(fromMs, toMs);
      },
    });
    const table = carChannels(scenario.rateHz);
    const setup = { table, rateHz: scenario.rateHz, track: this.world.track, noise: noiseTable(seed), seed };
    this.#cars = this.world.cars.map((car) => ({
      source: new SimulatedSource(carThing(car.field.number), table),
      telemetry: new CarTelemetry(car, setup),
      agent: undefined,
    }));
    this.#feed = new TimingFeed(
      this.world.cars.map(({ field }) => field),
      seed,
    );
  }

  async start(): Promise<void> {
    this.#track = await this.#options.startTrackAgent(TRACK_THING);
    for (let from = 0; from < this.#cars.length; from += START_TOGETHER) {
      const started = await Promise.allSettled(
        this.#cars.slice(from, from + START_TOGETHER).map(async (car, index) => {
          const { number } = this.world.cars[from + index].field;
          car.agent = await this.#options.startCarAgent(carThing(number), car.source, (call) =>
            this.#onCall(number, call),
          );
        }),
      );
      const failed = started.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
    }
  }

  run(): void {
    if (this.#timer) return;
    this.#epochMs = Math.round(this.#options.raceClock.nowMs());
    this.#timer = setInterval(() => this.#tick(), this.#options.tickMs ?? TICK_MS);
  }

  #tick(): void {
    const wantedMs = this.#options.raceClock.nowMs() - this.#epochMs;
    const mostMs = this.world.nowMs + (this.#options.tickMostMs ?? TICK_MOST_MS);
    const steps = Math.floor(Math.min(wantedMs, mostMs) / STEP_MS);
    this.#advance(steps * STEP_MS);
    this.#behindMs = Math.max(0, wantedMs - this.world.nowMs);
    const { finishedAtMs, nowMs } = this.world;
    if (finishedAtMs !== null && nowMs > finishedAtMs + LONGEST_DELAY_MS) {
      clearInterval(this.#timer);
      this.#behindMs = 0;
      this.#resolveFinished();
    }
  }

  #advance(untilMs: number): void {
    if (untilMs <= this.world.nowMs) return;
    for (const { telemetry } of this.#cars) telemetry.begin(untilMs);
    this.world.advanceTo(untilMs);
    for (const { telemetry, source } of this.#cars) {
      const block = telemetry.end(this.#epochMs);
      if (!block) continue;
      source.push(block);
      this.#blocks++;
      this.#samples += block.count * block.channels.length;
    }
    for (const body of this.#feed.arrived(this.world.nowMs)) this.#publish(body);
  }

  #publish(body: TimingBody): void {
    try {
      this.#track?.publishTiming(body);
      this.#timingMessages++;
    } catch (error) {
      const code = errorCode(error);
      this.#timingRefused[code] = (this.#timingRefused[code] ?? 0) + 1;
      this.#options.log.error('a timing message was refused', { code, type: body.type, error: String(error) });
    }
  }

  #onEvent(event: WorldEvent): void {
    this.#feed.take(event, this.#epochMs);
    if (event.type !== 'passing' || event.lapTimeMs === null) return;
    const { telemetry, source } = this.#cars[event.car];
    source.lap({ ...telemetry.beacon.line(event.lapTimeMs), atMs: this.#epochMs + event.atMs });
  }

  /** Throwing is how an agent learns that its car refuses a call. */
  #onCall(number: number, call: CallMessage): void {
    const { action, lapFrom, lapTo, service } = call;
    if (action === 'cancel') this.cancelStop(number);
    else if (!this.orderStop(number, { lapFrom, lapTo, service })) {
      throw new PitwallError('PW-SIM-CALL', {
        what: `Car ${number} cannot stop on laps ${lapFrom} to ${lapTo} any more.`,
      });
    }
  }

  orderStop(number: number, order: StopOrder): boolean {
    return this.world.orderStop(number, order);
  }

  cancelStop(number: number): boolean {
    return this.world.cancelStop(number);
  }

  status(): FleetStatus {
    const { flag, lap, cautions } = this.world.control;
    return { flag, lap, cautions, finished: this.world.finishedAtMs !== null };
  }

  stats(): FleetStats<Stats> {
    const agents = this.#agents();
    return {
      behindMs: Math.max(this.#behindMs, ...agents.map((agent) => agent.behindMs?.() ?? 0)),
      worldMs: this.world.nowMs,
      blocks: this.#blocks,
      samples: this.#samples,
      timingMessages: this.#timingMessages,
      timingRefused: { ...this.#timingRefused },
      agents: agents.map((agent) => agent.stats()),
    };
  }

  truth(): CarTruth[] {
    return this.world.cars.map((car, index) => truthOf(car, this.#cars[index].telemetry.errors));
  }

  result(): FinishRow[] {
    return this.world.result();
  }

  async drained(timeoutMs: number): Promise<boolean> {
    const drained = await Promise.all(this.#agents().map((agent) => agent.drained(timeoutMs)));
    return drained.every(Boolean);
  }

  /** Stops every agent, also when one of them fails to: the first failure is raised at the end. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const stopped = await Promise.allSettled(this.#agents().map((agent) => agent.stop()));
    const failed = stopped.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  #agents(): AgentLike<Stats>[] {
    const agents: (AgentLike<Stats> | undefined)[] = [this.#track, ...this.#cars.map(({ agent }) => agent)];
    return agents.filter((agent) => agent !== undefined);
  }
}
