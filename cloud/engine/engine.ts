import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { ArchiveReader } from '#cloud/archive/reader.js';
import type { RaceView } from '#cloud/dashboard/view.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import { type DeadLetterStore, loggedDeadLetters } from '#cloud/streams/dead-letters.js';
import { RefusedRecords } from '#cloud/streams/refused-records.js';
import type { RaceClock } from '#wire/clock.js';
import { errorCode, type PitwallError } from '#wire/errors.js';
import type { SessionOpen } from '#wire/race-records.js';
import { Committer } from './committer.js';
import type { TailBatch } from './follower.js';
import type { Forecaster, ForecastRuns } from './forecaster.js';
import { RaceCore } from './race-core.js';
import { RaceEffects } from './race-effects.js';
import { RaceInHand } from './race-in-hand.js';
import { RaceReader } from './race-reader.js';
import { RecordFolder } from './record-folder.js';
import type { SeatOptions } from './seat.js';
import { type RaceEngineStats, raceStats } from './stats.js';
import { Tenure } from './tenure.js';

export type { RaceEngineStats } from './stats.js';

export interface RaceEngineOptions extends Omit<SeatOptions, 'onBroken' | 'onWait'> {
  kinesis: KinesisClient;
  iotData: IoTDataPlaneClient;
  raceClock: RaceClock;
  /** Takes what cannot be used; without it each is named in the log. */
  deadLetters?: DeadLetterStore;
  /** What is archived of a race is read from there first; without it a late engine has what the stream still holds. */
  archive?: ArchiveReader;
  /** Simulates races beside the fold; without it there are quick answers alone. Closed with the engine. */
  forecaster?: Forecaster;
  /** Budget of a forecast. Default `FORECAST_RUNS`. */
  forecastRuns?: ForecastRuns;
  /** A whole view, at most five a second and at once for calls and flags; `epoch` is the fence. */
  publishView(view: RaceView, epoch: number): void;
}

export interface RaceEngine {
  stats(): RaceEngineStats;
  /** How far behind the race stream, wall ms at the present rate of the race clock. */
  lagMs(): number;
  /** Commits what is folded; resolves when it is durable. For tests and for a drain. */
  commit(): Promise<void>;
  /** Stops reading, commits, releases the lease. */
  stop(): Promise<void>;
}

const TICK_MS = 200;
const RETRY = { firstMs: 250, lastMs: 5_000 };

/**
 * The single writer of a race (decision 8). Idle until a session is opened; then takes the lease `race#<id>`, folds the
 * race stream as it is pushed, writes laps and calls under its fence, publishes views. Started beside an active one it is
 * the standby: it follows by slow polls, and with the lease goes on from the newest snapshot. A closed session stays in hand, so that what arrives late
 * is still folded, until the next one is opened.
 *
 * @example
 * const engine = await startRaceEngine({ kinesis, dynamodb, iotData, resources, raceClock, wallClock, random, log, owner, publishView });
 * await engine.stop();
 */
export async function startRaceEngine(options: RaceEngineOptions): Promise<RaceEngine> {
  return new RunningEngine(options);
}

class RunningEngine implements RaceEngine {
  readonly #options: RaceEngineOptions;
  readonly #race = new RaceInHand();
  readonly #refused: RefusedRecords;
  readonly #tenure: Tenure;
  readonly #reader: RaceReader;
  readonly #folder: RecordFolder;
  readonly #committer: Committer;
  readonly #effects: RaceEffects;
  readonly #stop = new AbortController();
  /** Ends the present reading, so that it begins again from the newest snapshot. */
  #again = new AbortController();
  /** Why it has to begin again, where that was a fault. */
  #fault: unknown;
  /** The race is ours already, with all that is known of it: nothing is to be recovered. */
  #isSeated = false;
  readonly #timer: NodeJS.Timeout;
  readonly #loop: Promise<void>;

  constructor(options: RaceEngineOptions) {
    const { resources, log, deadLetters = loggedDeadLetters(log) } = options;
    const stream = resources.streams.race;
    const shared = { ...options, deadLetters };
    this.#options = options;
    this.#refused = new RefusedRecords({ ...shared, stream: stream.name });
    this.#reader = new RaceReader(this.#race, { ...shared, stream, onRecords: (batch) => this.#fold(batch) });
    this.#tenure = new Tenure(this.#race, {
      ...shared,
      slowSource: () => this.#reader.slowSource(),
      onLost: (race, error) => this.#loseSeat(race, error),
    });
    this.#committer = new Committer(this.#race, {
      ...shared,
      onBroken: (race, error) => this.#loseSeat(race, error),
    });
    this.#effects = new RaceEffects(this.#race, {
      ...shared,
      behindMs: () => (this.#reader.isLive() ? undefined : this.#reader.behind().raceMs),
    });
    this.#folder = new RecordFolder(this.#race, {
      ...shared,
      refused: this.#refused,
      begin: (open) => this.#tryBeginRace(open),
      begun: (open) => this.#commitFirst(open),
      act: (triggers) => this.#effects.act(triggers),
      onLeaderLap: () => this.#committer.hurry(),
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
    this.#loop = this.#run();
  }

  lagMs(): number {
    return this.#reader.behind().wallMs;
  }

  stats(): RaceEngineStats {
    return {
      ...raceStats(this.#race.core),
      ...this.#effects.stats(),
      refused: { ...this.#refused.counters },
      fence: this.#race.fence,
      role: this.#tenure.role,
      snapshots: { ...this.#committer.counters },
      lagMs: this.lagMs(),
      stream: this.#reader.stats(),
      following: this.#tenure.following(),
    };
  }

  commit(): Promise<void> {
    return this.#committer.commit();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    this.#again.abort();
    this.#refused.stop();
    await this.#loop;
    await this.#effects.stop();
    await this.commit();
    await this.#tenure.leave();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      this.#again = new AbortController();
      try {
        const isSeated = this.#isSeated && !this.#race.seat?.lease.lost.aborted;
        this.#isSeated = false;
        if (!isSeated) await this.#recover();
        if (signal.aborted) return;
        failures = 0;
        await this.#follow();
      } catch (error) {
        failures++;
        this.#options.log.error('The race engine cannot go on; it begins again.', { code: errorCode(error) });
        await pause(backOffMs(failures, RETRY, this.#options.random), signal);
      }
    }
  }

  /** Newest snapshot of the race begun last, once its lease is ours; nothing when there was no race yet. */
  async #recover(): Promise<void> {
    await this.#committer.idle();
    await this.#tenure.leave();
    for (;;) {
      this.#folder.know(new RaceCore());
      const race = await this.#tenure.readCurrent();
      if (!race) return;
      const json = await this.#tenure.sit(race, this.#stop.signal);
      if (!this.#race.seat) return;
      // Its owner may have let it go for the next race.
      if ((await this.#tenure.readCurrent()) !== race) {
        await this.#tenure.leave();
        continue;
      }
      if (json) this.#takeOver(json);
      return;
    }
  }

  #takeOver(snapshot: string): void {
    this.#folder.know(new RaceCore(JSON.parse(snapshot)));
    this.#race.isViewDue = true;
    this.#race.isTakingOver = true;
  }

  /** Folds what a standby had in hand, then reads the race stream until the engine stops or has to begin again. */
  async #follow(): Promise<void> {
    try {
      for (const batch of this.#tenure.takeTail()) await this.#fold(batch);
    } finally {
      this.#race.isTakingOver = false;
    }
    await this.#reader.read(this.#again.signal);
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault) throw fault;
  }

  #fold(batch: TailBatch): Promise<void> {
    return this.#folder.fold(batch, this.#again.signal);
  }

  async #tryBeginRace(open: SessionOpen): Promise<boolean> {
    try {
      return await this.#beginRace(open);
    } catch (error) {
      this.#fault = error;
      this.#again.abort();
      return false;
    }
  }

  /** False when another engine has carried this race on already: then its snapshot is the place to go on from. */
  async #beginRace(open: SessionOpen): Promise<boolean> {
    await this.commit();
    this.#tenure.rise();
    const json = await this.#tenure.sit(open.race, this.#stop.signal);
    if (!this.#race.seat) return false;
    if (json) {
      await this.#tenure.makeCurrent(open.race);
      this.#takeOver(json);
      this.#isSeated = true;
      this.#again.abort();
      return false;
    }
    this.#tenure.takeTail();
    this.#race.core.begin(open);
    this.#options.log.info('A race was begun.', { race: open.race, fence: this.#race.fence });
    return true;
  }

  async #commitFirst(open: SessionOpen): Promise<void> {
    await this.commit();
    await this.#tenure.makeCurrent(open.race);
    this.#reader.hurry();
  }

  /** Another engine has the race, or its rows cannot be written: begin again from the newest snapshot, as its standby. */
  #loseSeat(race: string, error?: PitwallError): void {
    if (this.#race.seat?.race !== race) return;
    if (error) this.#options.log.error(error.message, { ...error.toJSON() });
    this.#again.abort();
  }

  #tick(): void {
    this.#effects.tick();
    if (this.#race.seat && this.#race.core.state) this.#committer.tick();
  }
}
