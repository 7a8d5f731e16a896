import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { RaceView } from '#cloud/dashboard/view.js';
import type { CallState, RaceState, RaceTrigger } from '#cloud/race/types.js';
import { fanOutNames } from '#cloud/resources.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import { type Consumer, type ConsumerStats, startConsumer } from '#cloud/streams/consumer.js';
import { type DeadLetterStore, loggedDeadLetters } from '#cloud/streams/dead-letters.js';
import { kinesisRecords, pushedRecords } from '#cloud/streams/kinesis-records.js';
import { type RefusedCounters, RefusedRecords } from '#cloud/streams/refused-records.js';
import { isAfter, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { createSnapshotStore } from '#cloud/streams/snapshots.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { RaceClock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { RaceRecord, SessionOpen } from '#wire/race-records.js';
import { callsToSend, sendCall } from './call-publisher.js';
import { FlagTeller } from './flag-teller.js';
import { FOLLOW_POLL_MS, Follower, type FollowerStats, type TailBatch } from './follower.js';
import { RaceCore } from './race-core.js';
import { parseRaceRecord, WHY } from './records.js';
import { rowsOf } from './rows.js';
import { raceKey, readCurrentRace, type Seat, type SeatOptions, takeSeat, writeCurrentRace } from './seat.js';
import { SpeedMeter } from './speed-meter.js';
import { raceView } from './view.js';

export interface RaceEngineOptions extends Omit<SeatOptions, 'onBroken' | 'onWait'> {
  kinesis: KinesisClient;
  iotData: IoTDataPlaneClient;
  raceClock: RaceClock;
  /** Takes what cannot be used; without it each is named in the log. */
  deadLetters?: DeadLetterStore;
  /** A whole view, at most five a second and at once for calls and flags; `epoch` is the fence. */
  publishView(view: RaceView, epoch: number): void;
}

export interface RaceEngineStats {
  records: number;
  duplicates: number;
  amendments: number;
  /** By reason: refused by the envelope, before any session, or not usable by the race's folds. */
  ignored: Record<string, number>;
  answers: number;
  failures: number;
  /** Where unusable records went. */
  refused: RefusedCounters;
  /** 0 while idle or on standby. */
  fence: number;
  role: 'idle' | 'standby' | 'active';
  race: string | null;
  phase: RaceState['phase'] | null;
  lap: number;
  lapsTotal: number;
  flag: RaceState['flag'];
  greenAtMs: number | null;
  snapshots: { count: number; failed: number; bytes: number; ms: number };
  rowsWritten: number;
  rowsFailed: number;
  callsSent: number;
  lagMs: number;
  /** Entries in the order of the race, winner first. */
  finish: string[];
  calls: CallState[];
  /** How far each shard of the race stream is folded. */
  positions: Record<string, ShardPosition>;
  stream: ConsumerStats | null;
  /** Of a standby: what it has in hand. */
  following: FollowerStats | null;
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
/** Wall time between snapshots while anything changes; a lap of the leader brings one at once. */
const SNAPSHOT_MS = 5_000;
/** From here on, wall ms behind the stream, the screen says that it is not live yet. */
const CATCHING_UP_MS = 2_000;
const RETRY = { firstMs: 250, lastMs: 5_000 };

/**
 * The single writer of a race (decision 7). Idle until a session is opened; then takes the lease `race#<id>`, folds the
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
  readonly #flags: FlagTeller;
  readonly #speed: SpeedMeter;
  readonly #stop = new AbortController();
  /** Ends the present reading, so that it begins again from the newest snapshot. */
  #again = new AbortController();
  /** Why it has to begin again, where that was a fault. */
  #fault: unknown;
  readonly #loop: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #core = new RaceCore();
  #seat: Seat | undefined;
  #waitsFor: string | undefined;
  #consumer: Consumer | undefined;
  #follower: Follower | undefined;
  /** Read by the follower: comes before what the stream gives. */
  #tail: TailBatch[] = [];
  /** The race is ours already, with all that is known of it: nothing is to be recovered. */
  #isSeated = false;
  #isPolling = false;
  /** Ends an idle engine's polling, so that it goes on by pushes. */
  #turn = new AbortController();
  /** Of the race before, let go when the next one can be found by others. */
  #seatBefore: Seat | undefined;
  readonly #refused: RefusedRecords;
  /** Folds that failed while the record in hand was taken. */
  #failed: { error: unknown; record: RaceRecord }[] = [];
  #committing: Promise<void> | undefined;
  #savedMs = 0;
  #changed = false;
  #viewDue = false;
  #sending: Promise<void> | undefined;
  readonly #snapshots = { count: 0, failed: 0, bytes: 0, ms: 0 };
  #callsSent = 0;

  constructor(options: RaceEngineOptions) {
    const { log, wallClock, raceClock } = options;
    this.#options = options;
    this.#flags = new FlagTeller(options);
    this.#speed = new SpeedMeter(raceClock, wallClock);
    const { resources, random, deadLetters = loggedDeadLetters(log) } = options;
    this.#refused = new RefusedRecords({ stream: resources.streams.race.name, deadLetters, log, random });
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
    this.#loop = this.#run();
  }

  lagMs(): number {
    const raceMs = this.#consumer?.stats().lagMs ?? 0;
    const { rate } = this.#options.raceClock;
    return rate > 0 ? raceMs / rate : raceMs;
  }

  stats(): RaceEngineStats {
    const { counters, state } = this.#core;
    const rows = this.#seat?.writer.stats();
    return {
      ...counters,
      ignored: { ...counters.ignored, ...state?.ignored },
      refused: { ...this.#refused.counters },
      fence: this.#fence(),
      role: this.#seat ? 'active' : this.#waitsFor ? 'standby' : 'idle',
      race: state?.session.race ?? null,
      phase: state?.phase ?? null,
      lap: state?.lap ?? 0,
      lapsTotal: state?.session.lapsTotal ?? 0,
      flag: state?.flag ?? 'none',
      greenAtMs: state?.greenAtMs ?? null,
      snapshots: { ...this.#snapshots },
      rowsWritten: rows?.written ?? 0,
      rowsFailed: rows?.failed ?? 0,
      callsSent: this.#callsSent,
      lagMs: this.lagMs(),
      finish: [...(state?.order ?? [])],
      calls: Object.values(state?.calls ?? {}),
      positions: { ...this.#core.positions },
      stream: this.#consumer?.stats() ?? null,
      following: this.#follower?.stats() ?? null,
    };
  }

  async commit(): Promise<void> {
    while (this.#committing) await this.#committing;
    if (!this.#changed || !this.#seat?.lease.held()) return;
    this.#committing = this.#commit(this.#seat).finally(() => {
      this.#committing = undefined;
    });
    await this.#committing;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    this.#again.abort();
    this.#refused.stop();
    await this.#loop;
    await this.#sending;
    await this.#flags.idle();
    await this.commit();
    await this.#leaveSeat();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      this.#again = new AbortController();
      try {
        const isSeated = this.#isSeated && !this.#seat?.lease.lost.aborted;
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
    const { dynamodb, resources } = this.#options;
    await this.#committing;
    await this.#leaveSeat();
    for (;;) {
      this.#know(new RaceCore());
      const race = await readCurrentRace(dynamodb, resources.tables.state.name);
      if (!race) return;
      const json = await this.#sit(race);
      if (!this.#seat) return;
      // Its owner may have let it go for the next race.
      if ((await readCurrentRace(dynamodb, resources.tables.state.name)) !== race) {
        await this.#leaveSeat();
        continue;
      }
      if (json) this.#know(new RaceCore(JSON.parse(json)));
      this.#viewDue = true;
      return;
    }
  }

  #know(core: RaceCore): void {
    this.#core = core;
    this.#changed = false;
    core.onFailure = (error, record) => {
      if (record) this.#failed.push({ error, record });
      const stack = error instanceof Error ? error.stack : undefined;
      this.#options.log.error('A fold or an answer failed; the race goes on without it.', {
        code: errorCode(error),
        stack,
      });
    };
  }

  /** Folds what the follower has in hand, then reads the race stream until the engine stops or has to begin again. */
  async #follow(): Promise<void> {
    const again = this.#again.signal;
    for (const batch of this.#tail.splice(0)) await this.#fold(batch);
    while (!again.aborted) {
      this.#turn = new AbortController();
      this.#consumer = this.#read();
      await firstOf(again, this.#turn.signal);
      await this.#consumer.stop();
      this.#consumer = undefined;
    }
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault) throw fault;
  }

  /** The active engine by pushes, an idle one by slow polls (decision 7). */
  #read(): Consumer {
    const { log, wallClock, raceClock, random, deadLetters = loggedDeadLetters(log) } = this.#options;
    const shared = { ...this.#source(), deadLetters };
    this.#isPolling = !this.#seat;
    const idle = { source: kinesisRecords(shared), pollMs: FOLLOW_POLL_MS, idlePollMs: FOLLOW_POLL_MS };
    return startConsumer({
      ...(this.#isPolling ? idle : { source: pushedRecords({ ...shared, consumerName: fanOutNames.engine, random }) }),
      positions: this.#core.positions,
      onRecords: (batch) => this.#fold(batch),
      deadLetters,
      log,
      wallClock,
      raceClock,
      random,
    });
  }

  #source() {
    const { kinesis, resources, raceClock, log } = this.#options;
    return { client: kinesis, streamName: resources.streams.race.name, raceClock, log };
  }

  async #fold({ shardId, records, ended }: TailBatch): Promise<void> {
    for (const record of records) {
      // What is left is read again, from the snapshot's positions.
      if (this.#again.signal.aborted) return;
      if (!isAfter(record, this.#core.positions[shardId] ?? TRIM_HORIZON)) continue;
      const parsed = parseRaceRecord(record);
      const open = this.#core.opens(parsed);
      if (open && !(await this.#tryBeginRace(open))) return;
      if (parsed.from === 'refused' && !(await this.#refused.put(shardId, record, parsed.reason, WHY[parsed.reason])))
        return;
      const leaderLap = this.#core.state?.lap;
      await this.#act(this.#core.take(shardId, record, parsed));
      await this.#putFailedAside(shardId, record);
      this.#changed = true;
      if (open) await this.#commitFirst(open);
      else if (leaderLap !== this.#core.state?.lap) this.#savedMs = Number.NEGATIVE_INFINITY;
    }
    if (ended) {
      this.#core.endShard(shardId);
      this.#changed = true;
    }
    await this.#seat?.writer.room();
    this.#viewDue = true;
  }

  /** Records whose fold failed: the one in hand, or one that had waited for it. */
  async #putFailedAside(shardId: string, at: StreamRecord): Promise<void> {
    for (const { error, record } of this.#failed.splice(0)) {
      const message = error instanceof Error ? error.message : String(error);
      const data = Buffer.from(JSON.stringify(record));
      await this.#refused.put(shardId, { ...at, data }, errorCode(error), message);
    }
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
    this.#seatBefore = this.#seat;
    this.#seat = undefined;
    const json = await this.#sit(open.race);
    const fence = this.#fence();
    if (fence === 0) return false;
    if (json) {
      const { dynamodb, resources } = this.#options;
      await writeCurrentRace(dynamodb, resources.tables.state.name, open.race);
      await this.#leaveSeatBefore();
      this.#know(new RaceCore(JSON.parse(json)));
      this.#isSeated = true;
      this.#viewDue = true;
      this.#again.abort();
      return false;
    }
    this.#tail = [];
    this.#core.begin(open);
    this.#options.log.info('A race was begun.', { race: open.race, fence });
    return true;
  }

  async #commitFirst(open: SessionOpen): Promise<void> {
    const { dynamodb, resources } = this.#options;
    await this.commit();
    await writeCurrentRace(dynamodb, resources.tables.state.name, open.race);
    // A standby of the race before that gets its lease now sees that it is over.
    await this.#leaveSeatBefore();
    if (this.#isPolling) this.#turn.abort();
  }

  /** Waits for the seat; while another engine has it, the race is followed. Returns the newest snapshot. */
  async #sit(race: string): Promise<string | undefined> {
    this.#waitsFor = race;
    try {
      const taken = await takeSeat(
        {
          ...this.#options,
          onBroken: (error) => this.#loseSeat(race, error),
          onWait: () => {
            this.#follower = this.#followerOf(race);
          },
        },
        race,
        this.#stop.signal,
      );
      this.#seat = taken?.seat;
      taken?.seat.lease.lost.addEventListener('abort', () => this.#loseSeat(race), { once: true });
      return taken?.json;
    } finally {
      this.#waitsFor = undefined;
      this.#tail = (await this.#follower?.stop()) ?? [];
      this.#follower = undefined;
    }
  }

  #followerOf(race: string): Follower {
    const { dynamodb, resources, log, deadLetters = loggedDeadLetters(log) } = this.#options;
    return new Follower({
      ...this.#options,
      source: kinesisRecords({ ...this.#source(), deadLetters }),
      store: createSnapshotStore({ dynamodb, tableName: resources.tables.state.name, key: raceKey(race) }),
      positions: this.#core.positions,
    });
  }

  #fence(): number {
    return this.#seat?.lease.fence ?? 0;
  }

  async #leaveSeat(): Promise<void> {
    const seat = this.#seat;
    this.#seat = undefined;
    await seat?.lease.release();
    await this.#leaveSeatBefore();
  }

  async #leaveSeatBefore(): Promise<void> {
    const seat = this.#seatBefore;
    this.#seatBefore = undefined;
    await seat?.lease.release();
  }

  /** Another engine has the race, or its rows cannot be written: begin again from the newest snapshot, as its standby. */
  #loseSeat(race: string, error?: PitwallError): void {
    if (this.#seat?.race !== race) return;
    if (error) this.#options.log.error(error.message, { ...error.toJSON() });
    this.#again.abort();
  }

  /** Rows, calls to the car and the screen, for what a record brought. */
  async #act(triggers: RaceTrigger[]): Promise<void> {
    const { state } = this.#core;
    if (!state || !this.#seat || triggers.length === 0) return;
    for (const trigger of triggers) this.#write(state, trigger);
    // Before the next record, so that a replay finds the same order of acceptance, sending and answer.
    if (triggers.some((trigger) => trigger.type === 'call' && trigger.status === 'accepted')) await this.#sendCalls();
    if (triggers.some(({ type }) => type === 'call' || type === 'flag' || type === 'session')) this.#publishView();
  }

  #write(state: RaceState, trigger: RaceTrigger): void {
    const { tables } = this.#options.resources;
    for (const { table, row } of rowsOf(state, trigger)) this.#seat?.writer.put(tables[table].name, row);
  }

  /** Also what an earlier try, or an earlier owner, left accepted. One round at a time. */
  async #sendCalls(): Promise<void> {
    await this.#sending;
    this.#sending = this.#sendRound().finally(() => {
      this.#sending = undefined;
    });
    await this.#sending;
  }

  async #sendRound(): Promise<void> {
    const { iotData, log } = this.#options;
    const { state } = this.#core;
    if (!state) return;
    for (const call of callsToSend(state)) {
      if (!this.#seat?.lease.held()) return;
      const trigger = await sendCall(iotData, state, call, log);
      if (!trigger) return;
      this.#callsSent++;
      this.#changed = true;
      this.#write(state, trigger);
      this.#viewDue = true;
    }
  }

  #tick(): void {
    const nowMs = this.#options.wallClock.nowMs();
    if (this.#viewDue) this.#publishView();
    const { state } = this.#core;
    if (!this.#seat || !state) return;
    if (!this.#sending && callsToSend(state).length > 0) void this.#sendCalls();
    if (this.#seat.lease.held()) this.#flags.tick(state, this.#fence());
    if (!this.#committing && this.#changed && nowMs - this.#savedMs >= SNAPSHOT_MS) void this.commit();
  }

  #publishView(): void {
    const { state, answer } = this.#core;
    if (!state || !this.#seat?.lease.held()) return;
    this.#viewDue = false;
    const moment = {
      raceTimeMs: this.#options.raceClock.nowMs(),
      speed: this.#speed.read(),
      ...(this.lagMs() >= CATCHING_UP_MS && { behindMs: this.#consumer?.stats().lagMs }),
    };
    this.#options.publishView(raceView(state, answer, moment), this.#seat.lease.fence);
  }

  async #commit(seat: Seat): Promise<void> {
    const { wallClock, log } = this.#options;
    const startMs = wallClock.nowMs();
    const core = this.#core;
    this.#changed = false;
    this.#savedMs = startMs;
    // Everything up to the first await is one moment: state, positions and ranges agree.
    const json = JSON.stringify(core);
    try {
      // A replay starts behind the snapshot, so the rows of what it holds must be there first.
      await seat.writer.flush();
      if (!seat.lease.held()) throw new PitwallError('PW-STATE-FENCED', { what: `The lease of ${seat.race} ran out.` });
      this.#snapshots.bytes = await seat.store.save(json);
      this.#snapshots.count++;
      this.#snapshots.ms = wallClock.nowMs() - startMs;
    } catch (error) {
      this.#snapshots.failed++;
      this.#changed = true;
      log.warn('The race could not be committed.', { race: seat.race, code: errorCode(error) });
      if (error instanceof PitwallError && seat.lease.held()) this.#loseSeat(seat.race, error);
    }
  }
}

function firstOf(...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
