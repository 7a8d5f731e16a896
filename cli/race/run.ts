import { join } from 'node:path';
import { callTimes } from '#cloud/engine/call-times.js';
import { carThing, TRACK_THING } from '#simulator/fleet/roster.js';
import type { Clock } from '#wire/clock.js';
import { wallClock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { SessionOpen } from '#wire/race-records.js';
import type { Config } from '../config/keys.js';
import {
  type DataDir,
  openDataDir,
  RUNTIME_FILE,
  type Runtime,
  readHistory,
  writeHistory,
  writeJson,
} from '../data-dir.js';
import { localCloudConfig } from '../local-cloud.js';
import { mqttHostFor } from '../mqtt-host.js';
import type { FleetStatus } from '../parts/fleet.js';
import type { PartContext, PartInfo, PartName, PartOptions } from '../parts/part.js';
import type { ServicesStats } from '../parts/services.js';
import { servicesOptions } from '../parts/services-options.js';
import { type Handle, startInProcess, startProcess } from '../processes/handle.js';
import { startLasting } from '../processes/lasting.js';
import { usageNow } from '../processes/protocol.js';
import { systemRandom } from '../random.js';
import { type AgentCounts, auditOf } from './audit.js';
import { ClockOwner } from './clock-owner.js';
import { type ConsumerHandle, Consumers, SPREAD, TOGETHER } from './consumers.js';
import { type Identities, OPERATOR, provideIdentities } from './identities.js';
import { LatencyProbe, type Percentiles } from './latency-probe.js';
import type { Voice } from './progress.js';
import type { Summary } from './summary.js';

export interface RunOptions {
  config: Config;
  /** Everything in one process. */
  single: boolean;
  /** Consumers in processes of their own, which are started again when they die. */
  spread: boolean;
  headless: boolean;
  voice: Voice;
  log: Log;
}

/** After the flag: how long agents may take until everything is acknowledged end to end. */
const DRAIN_TIMEOUT_MS = 60_000;
/** And consumers, until they have folded what is archived, and the archiver, until it has the end of the race. */
const SETTLE_TIMEOUT_MS = 10_000;
const SETTLE_POLL_MS = 100;
const PROGRESS_MS = 1_000;
/**
 * How far ahead of the race clock the data folder is written, wall time at full speed, and how often. Whoever starts after
 * a crash starts behind every time that this run has used: a session that seems older than the one before is ignored.
 */
const RESERVE_MS = 60_000;
const RESERVE_EVERY_MS = RESERVE_MS / 2;

/**
 * One race on this machine, from nothing to its summary. The order is the point: services before their clients, consumers
 * before producers; and backwards at the end, so that nothing accepted is left behind.
 */
export class RaceRun {
  readonly #options: RunOptions;
  readonly #dir: DataDir;
  readonly #clock: ClockOwner;
  readonly #handles: Handle<unknown>[] = [];
  readonly #race: string;
  readonly #races: number;
  readonly #reserving: NodeJS.Timeout;
  #services!: Handle<PartInfo<'services'>>;
  #consumers!: Consumers;
  #screen!: Handle<PartInfo<'screen'>>;
  #fleet!: Handle<PartInfo<'fleet'>>;
  #identities!: Identities;
  #probe: LatencyProbe | undefined;
  #session: SessionOpen | undefined;
  #startedMs = 0;
  #startedRaceMs = 0;
  #finishedMs = 0;
  #finishedRaceMs = 0;
  #stopping: Promise<void> | undefined;
  /** Rejects when a part ends that nobody stopped. */
  readonly failed: Promise<never>;
  #fail!: (error: Error) => void;

  constructor(options: RunOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    // Whoever waits for the race also waits for this; until then it must not count as unhandled.
    this.failed.catch(() => {});
    this.#dir = openDataDir(options.config.data);
    const history = readHistory(this.#dir);
    this.#race = `race-${history.races + 1}`;
    this.#clock = new ClockOwner(
      wallClock,
      history.lastRaceMs,
      options.config.speed,
      () => this.#handles.map(({ lag }) => lag),
      (sync) => {
        for (const handle of this.#handles) handle.setClock(sync);
      },
    );
    this.#races = history.races + 1;
    this.#reserveTime();
    this.#reserving = setInterval(() => this.#reserveTime(), RESERVE_EVERY_MS);
    this.#reserving.unref();
  }

  get url(): string {
    return this.#screen.info.url;
  }

  get screen(): PartInfo<'screen'> {
    return this.#screen.info;
  }

  async start(): Promise<void> {
    const { config } = this.#options;
    const things = [TRACK_THING, ...Array.from({ length: config.cars }, (_, index) => carThing(index + 1))];
    const wall: Clock = wallClock;
    this.#identities = await provideIdentities(this.#dir.certs, things, [config.listen], wall);

    const services = servicesOptions(config, this.#dir, this.#identities.server);
    this.#services = await this.#startPart('services', services);
    const { endpoints, mqttPort, bucket } = this.#services.info;
    const cloud = localCloudConfig(this.#dir.root, endpoints, config.region);

    this.#consumers = await Consumers.start(
      this.#options.spread ? SPREAD : TOGETHER,
      { cloud, bucket, exportsFolder: this.#dir.exports },
      (label, engine) => this.#startConsumer(label, engine),
    );
    this.#screen = await this.#startPart('screen', {
      cloud,
      host: config.listen,
      port: config.port,
      feedUrls: this.#consumers.feedUrls,
    });
    this.#fleet = await this.#startPart('fleet', {
      scenario: config.scenario,
      cars: config.cars,
      laps: config.laps,
      rateHz: config.rate,
      seed: config.seed,
      race: this.#race,
      agentsDir: this.#dir.agents,
      mqtt: { host: mqttHostFor(config.listen), port: mqttPort },
      identities: this.#identities.things,
      sdkInProcess: this.#options.single,
    });
    this.#writeRuntime();
  }

  async #startPart<Name extends PartName>(name: Name, options: PartOptions<Name>): Promise<Handle<PartInfo<Name>>> {
    const context: PartContext = {
      raceClock: this.#clock.clock,
      wallClock,
      random: systemRandom,
      log: this.#options.log,
    };
    const handle = this.#options.single
      ? await startInProcess(name, options, context)
      : await startProcess(name, options, this.#clock.clock.sync(), this.#fail);
    this.#handles.push(handle);
    return handle;
  }

  /** A name in leases belongs to one process: whoever starts after it must not be taken for it. */
  async #startConsumer(label: string, options: Omit<PartOptions<'engine'>, 'owner'>): Promise<ConsumerHandle> {
    const ownerOf = (start: number) => `${label}/${process.pid}.${start}`;
    const deadLetters = join(this.#dir.deadLetters, `${label}.jsonl`);
    if (!this.#options.spread) return await this.#startPart('engine', { ...options, deadLetters, owner: ownerOf(1) });
    let feedPort: number | undefined;
    const handle = await startLasting<PartInfo<'engine'>>({
      start: async (onExit, start) => {
        const own = { ...options, deadLetters, feedPort, owner: ownerOf(start) };
        const started = await startProcess('engine', own, this.#clock.clock.sync(), onExit, label);
        feedPort = Number(new URL(started.info.feedUrl).port);
        return started;
      },
      onFailure: this.#fail,
      log: this.#options.log,
    });
    this.#handles.push(handle);
    return handle;
  }

  /** Opens the session, starts the world; resolves when the last car took the flag. */
  async race(): Promise<void> {
    const { config, voice } = this.#options;
    this.#clock.start();
    if (this.#options.headless && config.speed === 1) {
      this.#probe = new LatencyProbe(`${this.url}/feed`, this.#clock.clock);
    }
    this.#startedMs = wallClock.nowMs();
    this.#startedRaceMs = this.#clock.clock.nowMs();
    this.#session = await this.#consumers.withPractice(await this.#fleet.call<SessionOpen>('session'));
    await this.#screen.call('put', this.#session);
    await this.#fleet.call('run');
    for (;;) {
      const status = await this.#fleet.call<FleetStatus>('status');
      voice.progress({
        type: 'progress',
        phase: status.finished ? 'finished' : 'running',
        lap: status.lap,
        lapsTotal: config.laps,
        flag: status.flag,
        raceSeconds: Math.round((this.#clock.clock.nowMs() - this.#startedRaceMs) / 1000),
        speed: this.#clock.clock.rate,
        heldBy: this.#clock.heldBy,
      });
      if (status.finished) break;
      await Promise.race([delay(PROGRESS_MS), this.failed]);
    }
    this.#finishedMs = wallClock.nowMs();
    this.#finishedRaceMs = this.#clock.clock.nowMs();
  }

  /**
   * Waits until every agent is acknowledged end to end: then everything is archived; and until reducers and engine have
   * folded it. Then the session is closed, and its close archived.
   */
  async drain(): Promise<void> {
    this.#options.voice.say('The flag is out: waiting until everything is acknowledged end to end.');
    const drained = await this.#fleet.call<boolean>('drain', DRAIN_TIMEOUT_MS);
    if (!drained) this.#options.log.warn('agents still hold unacknowledged records', { afterMs: DRAIN_TIMEOUT_MS });
    await this.#services.call('flushRules');
    await this.#settle('reducers and engine have folded what is archived', () => this.#consumers.haveCaughtUp());
    if (this.#session) {
      await this.#screen.call('put', {
        v: 1,
        kind: 'session',
        type: 'close',
        inputId: `close-${this.#race}`,
        race: this.#race,
        author: 'race',
        eventTimeMs: this.#clock.clock.nowMs(),
      });
      await this.#settle("the race's end is archived", () => this.#consumers.haveArchived(this.#race));
    }
    this.#clock.stop();
  }

  async #settle(what: string, isSettled: () => Promise<boolean>): Promise<void> {
    for (let leftMs = SETTLE_TIMEOUT_MS; leftMs > 0; leftMs -= SETTLE_POLL_MS) {
      if (await isSettled()) return;
      await delay(SETTLE_POLL_MS);
    }
    this.#options.log.warn('The race ends before its consumers are done.', { waitedFor: what });
  }

  async summary(): Promise<Summary> {
    const [services, consumers, agents] = await Promise.all([
      this.#services.call<ServicesStats>('stats'),
      this.#consumers.stats(),
      this.#fleet.call<AgentCounts[]>('agents'),
    ]);
    const own = { name: this.#options.single ? 'single' : 'parent', ...usageNow() };
    const processes = [
      own,
      ...(this.#options.single ? [] : this.#handles.map(({ name, usage }) => ({ name, ...usage }))),
    ];
    const sdk = await this.#fleet.call<{ name: string; cpuSeconds: number; rssMb: number }[]>('children');
    processes.push(...sdk);
    const raceSeconds = (this.#finishedRaceMs - this.#startedRaceMs) / 1000;
    const speedOne = this.#options.config.speed === 1;
    return {
      type: 'summary',
      audit: auditOf({
        agents,
        ruled: services.framesRuled,
        streamed: services.framesStreamed,
        consumedByBoot: consumers.consumedByBoot,
        archivedByBoot: consumers.archiver.archivedByBoot,
        duplicatesDropped: consumers.duplicatesDropped,
      }),
      latencyMs: {
        sampleToState: speedOne ? percentiles(consumers.sampleToState) : null,
        sampleToScreen: speedOne ? (this.#probe?.result() ?? null) : null,
      },
      speedReached: round(raceSeconds / ((this.#finishedMs - this.#startedMs) / 1000), 2),
      cpuSeconds: round(
        processes.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
        1,
      ),
      raceSeconds: round(raceSeconds, 1),
      rssMb: round(
        processes.reduce((sum, { rssMb }) => sum + rssMb, 0),
        0,
      ),
      processes: processes.map(({ name, cpuSeconds, rssMb }) => ({
        name,
        cpuSeconds: round(cpuSeconds, 1),
        rssMb: round(rssMb, 0),
      })),
      finish: consumers.engine.finish,
      calls: consumers.engine.calls.map(({ call, status, expectedGainMs }) => ({
        callId: call.callId,
        entry: call.entry,
        status,
        text: call.text,
        lapFrom: call.lapFrom,
        lapTo: call.lapTo,
        expectedGainMs,
      })),
      callTimes: callTimes(consumers.engine.calls),
      costUsd: null,
    };
  }

  /** Producers first, services last. May be called at any time, more than once. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#clock.stop();
    this.#probe?.stop();
    for (const handle of [...this.#handles].reverse()) {
      await handle
        .stop()
        .catch((error: unknown) =>
          this.#options.log.error('a part did not stop', { part: handle.name, error: String(error) }),
        );
    }
    clearInterval(this.#reserving);
    writeHistory(this.#dir, { races: this.#races, lastRaceMs: this.#clock.clock.nowMs() });
    this.#dir.release();
  }

  #reserveTime(): void {
    const lastRaceMs = this.#clock.clock.nowMs() + RESERVE_MS * this.#options.config.speed;
    writeHistory(this.#dir, { races: this.#races, lastRaceMs });
  }

  #writeRuntime(): void {
    const { endpoints, mqttPort } = this.#services.info;
    const { caPath, certPath, keyPath } = this.#identities.operator;
    const runtime: Runtime = {
      pid: process.pid,
      mqtt: {
        host: mqttHostFor(this.#options.config.listen),
        port: mqttPort,
        ca: caPath,
        cert: certPath,
        key: keyPath,
        clientId: OPERATOR,
      },
      endpoints,
      screen: this.#screen.info.url,
    };
    writeJson(join(this.#dir.root, RUNTIME_FILE), runtime);
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function percentiles(measured: { p50: number | null; p99: number | null } | null): Percentiles | null {
  if (measured?.p50 == null || measured.p99 == null) return null;
  return { p50: round(measured.p50, 1), p99: round(measured.p99, 1) };
}
