import type { RaceView, SamplePoints } from '#cloud/dashboard/view.js';
import { RaceCore } from '#cloud/engine/race-core.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import { SpeedMeter } from '#cloud/engine/speed-meter.js';
import { raceView } from '#cloud/engine/view.js';
import { distance } from '#cloud/race/distance.js';
import { FrameIntake } from '#cloud/reduce/frame-intake.js';
import { type Consumer, startConsumer } from '#cloud/streams/consumer.js';
import { ARCHIVE_THEN_LIVE } from '#cloud/streams/positions.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { ShardSource, StreamGap } from '#cloud/streams/source.js';
import { type Clock, RaceClock } from '#wire/clock.js';
import { errorCode, type PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Manifest } from './manifest.js';
import { paced } from './paced.js';

export interface ReplayOptions {
  race: string;
  /** The race's stream, `pitwall-race`. */
  source: ShardSource;
  /** Streams of frames, for the strip charts; at `max` they are not read: nobody could see them. */
  frames: readonly ShardSource[];
  displayChannels: readonly string[];
  /** Channel tables that frames may name: of cars that told theirs before the archive of the race begins. */
  tables?: Manifest['tables'];
  /** Race ms per wall ms, or as fast as it can be folded. */
  speed: number | 'max';
  /** Race time at which the archive begins. */
  fromMs: number;
  /** The live race clock, when the replay is to go on live. */
  live?: Clock;
  publishView(view: RaceView, epoch: number): void;
  publishSamples(points: SamplePoints): void;
  onGap?(gap: StreamGap): void;
  onFailure?(error: PitwallError): void;
  log: Log;
  wallClock: Clock;
  random: Random;
}

export interface ReplayStats {
  records: number;
  duplicates: number;
  answers: number;
  gaps: number;
  frames: number;
  lap: number;
  lapsTotal: number;
  flag: RaceView['flag'];
  /** Race time passed since the archive begins. */
  raceMs: number;
  phase: RaceView['phase'] | null;
  /** Race ms behind live; null without live. */
  behindMs: number | null;
  /** Race ms per wall ms over the last seconds. */
  speed: number;
  finish: string[];
}

export interface Replay {
  /** Resolves when everything is read: without live at the archive's end, with live never. */
  ended: Promise<void>;
  stats(): ReplayStats;
  stop(): Promise<void>;
}

/** Views a second: what the engine publishes at most. */
const TICK_MS = 200;
const POLL_MS = 200;
/** A live race is polled as tools do: a shard allows five polls a second to all of them. */
const LIVE_POLL_MS = 1_000;
/** Of a replay's feed: no engine's fence is as low, so that a page never takes the one for the other. */
const EPOCH = 0;
/** While live is nearer than that, race ms, the clock is live's. */
const ABREAST_MS = 1_000;

/**
 * An archived race once more: the same folds, the same questions to the strategy, the same views as the engine's, under
 * one clock for all streams. It writes nothing and sends nothing.
 *
 * @example
 * const replay = startReplay({ race, source: turbo({ archive, raceClock, random }), frames: [], speed: 10, fromMs: manifest.fromMs, … });
 * await replay.ended;
 */
export function startReplay(options: ReplayOptions): Replay {
  return new RunningReplay(options);
}

class RunningReplay implements Replay {
  readonly ended: Promise<void>;
  readonly #options: ReplayOptions;
  readonly #clock: RaceClock;
  readonly #speed: SpeedMeter;
  readonly #core = new RaceCore();
  readonly #intake: FrameIntake;
  readonly #consumers: Consumer[];
  readonly #timer: NodeJS.Timeout;
  #end: () => void = () => {};
  #isOver = false;
  #isAbreast = false;
  #newestMs: number;
  #frames = 0;
  #viewDue = false;

  constructor(options: ReplayOptions) {
    const { source, frames, speed, fromMs, wallClock, displayChannels, publishSamples } = options;
    this.#options = options;
    this.#newestMs = fromMs;
    this.#clock = new RaceClock(wallClock);
    this.#clock.follow({ type: 'clock', wallMs: wallClock.nowMs(), raceMs: fromMs, rate: speed === 'max' ? 0 : speed });
    this.#speed = new SpeedMeter({ nowMs: () => this.#nowMs() }, wallClock);
    this.#intake = new FrameIntake({ displayChannels, hub: publishSamples, raceClock: this.#clock, wallClock });
    for (const channels of Object.values(options.tables ?? {})) this.#intake.tables.add([...channels]);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const race = this.#read(source, (batch) => this.#fold(batch));
    const others = speed === 'max' ? [] : frames.map((each) => this.#read(each, (batch) => this.#show(batch)));
    this.#consumers = [race, ...others];
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stats(): ReplayStats {
    const { counters, state } = this.#core;
    return {
      records: counters.records,
      duplicates: counters.duplicates,
      answers: counters.answers,
      gaps: this.#consumers.reduce((sum, consumer) => sum + consumer.stats().gaps, 0),
      frames: this.#frames,
      lap: state?.lap ?? 0,
      lapsTotal: (state && distance(state).laps) ?? 0,
      flag: state?.flag ?? 'none',
      raceMs: Math.max(0, this.#nowMs() - this.#options.fromMs),
      phase: state?.phase ?? null,
      behindMs: this.#behindMs() ?? null,
      speed: this.#speed.read(),
      finish: [...(state?.order ?? [])],
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    this.#publish();
    this.#end();
  }

  #read(source: ShardSource, onRecords: (batch: ShardBatch) => Promise<void>): Consumer {
    const { speed, live, onGap, onFailure, log, wallClock, random } = this.#options;
    return startConsumer({
      source: speed === 'max' ? source : paced(source, this.#clock),
      positions: {},
      initial: source.hasArchive ? ARCHIVE_THEN_LIVE : undefined,
      pollMs: live ? LIVE_POLL_MS : POLL_MS,
      idlePollMs: live ? LIVE_POLL_MS : POLL_MS,
      onRecords,
      onGap,
      onFailure,
      log,
      wallClock,
      raceClock: live ?? this.#clock,
      random,
    });
  }

  async #fold({ shardId, records, ended }: ShardBatch): Promise<void> {
    for (const record of records) {
      if (this.#isOver) return;
      const parsed = parseRaceRecord(record);
      const open = this.#core.opens(parsed);
      if (open?.race === this.#options.race) this.#core.begin(open);
      else if (open && this.#core.state) {
        // The next race was opened: what comes is not this one's.
        this.#isOver = true;
        return;
      }
      this.#newestMs = Math.max(this.#newestMs, record.arrivalMs);
      this.#core.take(shardId, record, parsed);
    }
    if (ended) this.#core.endShard(shardId);
    this.#viewDue = true;
    // At full speed nothing else would let the views out.
    if (this.#options.speed === 'max') await new Promise((resolve) => setImmediate(resolve));
  }

  async #show({ records }: ShardBatch): Promise<void> {
    for (const record of records) this.#intake.take(record);
    this.#frames += records.length;
    for (const { reason, message } of this.#intake.takeRefused())
      this.#options.log.warn('A frame of the archive cannot be used.', { reason, message });
  }

  #tick(): void {
    this.#followLive();
    if (this.#viewDue || this.#options.speed !== 'max') this.#publish();
    if (!this.#options.live && this.#consumers.every((consumer) => isRead(consumer))) this.#end();
  }

  /** The replay's clock until it has caught up with live's, then that one. */
  #followLive(): void {
    const { live, wallClock, speed } = this.#options;
    if (!live) return;
    const nowMs = live.nowMs();
    const [race] = this.#consumers;
    const isAtEnd = race.stats().shardsReading > 0 && race.stats().lagMs === 0;
    const reached = speed === 'max' ? isAtEnd : this.#clock.nowMs() >= nowMs - ABREAST_MS;
    if (!this.#isAbreast && !reached) return;
    this.#isAbreast = true;
    this.#clock.follow({ type: 'clock', wallMs: wallClock.nowMs(), raceMs: nowMs, rate: 1 });
  }

  #behindMs(): number | undefined {
    const { live } = this.#options;
    if (!live) return undefined;
    return this.#isAbreast ? 0 : Math.max(0, live.nowMs() - this.#nowMs());
  }

  /** Race time shown: the clock's, or at full speed that of the newest record. */
  #nowMs(): number {
    const { live, speed } = this.#options;
    const nowMs = speed === 'max' && !this.#isAbreast ? this.#newestMs : this.#clock.nowMs();
    // A fast clock may have run past live before it was held to it.
    return live ? Math.min(nowMs, live.nowMs()) : nowMs;
  }

  #publish(): void {
    const { state, answer, forecast } = this.#core;
    this.#viewDue = false;
    if (!state) return;
    const moment = {
      raceTimeMs: this.#nowMs(),
      speed: this.#speed.read(),
      behindMs: this.#isAbreast ? undefined : this.#behindMs(),
      isReplay: this.#options.live === undefined,
    };
    try {
      this.#options.publishView(raceView(state, answer, moment, forecast), EPOCH);
    } catch (error) {
      this.#options.log.error('A view of the replay could not be published.', { code: errorCode(error) });
    }
  }
}

/** Nothing is read and nothing will be: every shard has ended. */
function isRead(consumer: Consumer): boolean {
  const { shardsReading, shardsEnded, shardsFailed } = consumer.stats();
  return shardsReading === 0 && shardsFailed === 0 && shardsEnded > 0;
}
