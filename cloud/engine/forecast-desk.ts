import type { RaceState, RaceTrigger } from '#cloud/race/types.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';
import { backOffMs } from '#cloud/streams/back-off.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { EngineVoice } from './engine-voice.js';
import type { Forecaster, ForecastRuns } from './forecaster.js';
import type { RaceInHand } from './race-in-hand.js';
import { triggerText } from './triggers.js';

export interface ForecastDeskOptions {
  forecaster: Forecaster;
  voice: EngineVoice;
  /** Default `FORECAST_RUNS`. */
  runs?: ForecastRuns;
  /** Whether what is folded is the race as it is now: nobody waits for a forecast of laps that are over. */
  isLive(): boolean;
  wallClock: Clock;
  random: Random;
  log: Log;
}

export interface DeskCounters {
  asked: number;
  /** Questions that a newer one replaced before they were asked. */
  replaced: number;
  /** By a flag, or a stop of an own car. */
  interrupted: number;
  /** Given to the stream; its fold makes it the race's forecast. */
  said: number;
  /** Interrupted before any run was complete, or of a race that has another owner or another session by now. */
  void: number;
  tooLarge: number;
  failed: number;
  /** Of the newest: wall time from question to answer, size as a record, runs reached for everybody. */
  ms: number;
  bytes: number;
  runs: number;
}

/** An answer for 40 cars, 2 of them own, takes well below a core second beside a race at speed 5; `bench/engine-memory.ts` has it. */
export const FORECAST_RUNS: ForecastRuns = { base: 200, option: 40 };
/** Event time between two questions that can wait; flags and own stops do not. */
const FORECAST_GAP_MS = 5_000;
/** A record may have 1 MiB, and the newest stands in each snapshot. 60 cars with six of their own take some 80 KiB. */
export const FORECAST_BYTES_MAX = 256 * 1_024;
const RETRY = { firstMs: 1_000, lastMs: 60_000 };

/**
 * Asks for forecasts, one at a time, beside the fold: on a lap of the leader, a fact, a retirement of an own car, and at
 * once on a flag or an own stop, which interrupt what is being computed. While one is computed the newest question waits.
 * What comes of it goes into the race's stream, and only from there into what is known (decision 10). A failure costs a
 * forecast, never the race: quick answers go on.
 */
export class ForecastDesk {
  readonly counters: DeskCounters = {
    asked: 0,
    replaced: 0,
    interrupted: 0,
    said: 0,
    void: 0,
    tooLarge: 0,
    failed: 0,
    ms: 0,
    bytes: 0,
    runs: 0,
  };
  readonly #race: RaceInHand;
  readonly #options: ForecastDeskOptions;
  #waiting: { trigger: string; isUrgent: boolean } | undefined;
  /** Of the last question. */
  #asked = { race: '', atMs: Number.NEGATIVE_INFINITY };
  /** Race and lap of the leader that were asked on last, or wait: a question follows from the first car over the line. */
  #lapNoted = '';
  #computing: { done: Promise<void>; interrupt: AbortController } | undefined;
  #failures = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(race: RaceInHand, options: ForecastDeskOptions) {
    this.#race = race;
    this.#options = options;
  }

  /** What a record brought. */
  consider(triggers: readonly RaceTrigger[]): void {
    const { state } = this.#race.core;
    if (!state) return;
    for (const trigger of triggers) {
      const weight = weightOf(state, trigger);
      if (weight === 'none' || (trigger.type === 'lap' && !this.#isNewLap(state))) continue;
      const isUrgent = weight === 'urgent';
      if (this.#waiting) this.counters.replaced++;
      this.#waiting = { trigger: triggerText(trigger), isUrgent: isUrgent || (this.#waiting?.isUrgent ?? false) };
      if (isUrgent) this.#interrupt();
    }
    this.tick();
  }

  /** Asks what waits, as soon as it can be asked; call it often. */
  tick(): void {
    const { core, seat } = this.#race;
    const { state } = core;
    if (!this.#waiting || this.#computing || this.#isStopped || !state || !seat?.lease.held()) return;
    if (state.phase !== 'running') {
      this.#waiting = undefined;
      return;
    }
    const isNewRace = state.session.race !== this.#asked.race;
    if (!isNewRace && !this.#waiting.isUrgent && state.lastEventMs - this.#asked.atMs < FORECAST_GAP_MS) return;
    if (this.#options.wallClock.nowMs() < this.#notBeforeMs || !this.#options.isLive()) return;
    const { trigger } = this.#waiting;
    this.#waiting = undefined;
    this.#asked = { race: state.session.race, atMs: state.lastEventMs };
    const interrupt = new AbortController();
    const done = this.#ask(state, trigger, interrupt.signal).finally(() => {
      this.#computing = undefined;
      this.tick();
    });
    this.#computing = { done, interrupt };
  }

  /** Interrupts what is being computed and asks nothing more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#computing?.interrupt.abort();
    await this.#options.forecaster.close();
    await this.#computing?.done;
  }

  #isNewLap({ session, lap }: RaceState): boolean {
    const noted = `${session.race} ${lap}`;
    if (noted === this.#lapNoted) return false;
    this.#lapNoted = noted;
    return true;
  }

  #interrupt(): void {
    if (!this.#computing || this.#computing.interrupt.signal.aborted) return;
    this.counters.interrupted++;
    this.#computing.interrupt.abort();
  }

  async #ask(state: RaceState, trigger: string, interrupt: AbortSignal): Promise<void> {
    const { forecaster, runs = FORECAST_RUNS, wallClock, random, log } = this.#options;
    const { fence } = this.#race;
    const { race } = state.session;
    const startMs = wallClock.nowMs();
    this.counters.asked++;
    try {
      const forecast = await forecaster.forecast({ state, trigger, runs }, interrupt);
      this.#failures = 0;
      this.counters.ms = wallClock.nowMs() - startMs;
      const isOurs = this.#race.fence === fence && this.#race.core.state?.session.race === race;
      if (forecast && isOurs && !this.#isStopped) await this.#say(forecast);
      else this.counters.void++;
    } catch (error) {
      if (this.#isStopped) return;
      this.#failures++;
      this.counters.failed++;
      this.#notBeforeMs = wallClock.nowMs() + backOffMs(this.#failures, RETRY, random);
      log.error('A forecast failed; the race goes on with quick answers.', { trigger, code: errorCode(error) });
    }
  }

  async #say(forecast: Forecast): Promise<void> {
    const { voice, log } = this.#options;
    const bytes = Buffer.byteLength(JSON.stringify(forecast));
    this.counters.bytes = bytes;
    this.counters.runs = forecast.provenance.baseRuns;
    if (bytes > FORECAST_BYTES_MAX) {
      this.counters.tooLarge++;
      log.error('A forecast is too large for a record; it is not told.', { bytes, most: FORECAST_BYTES_MAX });
      return;
    }
    if (await voice.say({ kind: 'forecast', eventTimeMs: forecast.atMs, forecast })) this.counters.said++;
  }
}

/** Whether a forecast is asked for on what happened: not, as soon as one is due, or at once. */
function weightOf({ entries, lap }: RaceState, trigger: RaceTrigger): 'none' | 'due' | 'urgent' {
  switch (trigger.type) {
    case 'flag':
      return 'urgent';
    case 'stop':
      return entries[trigger.entry]?.roster.own ? 'urgent' : 'none';
    case 'retired':
      return entries[trigger.entry]?.roster.own ? 'due' : 'none';
    case 'lap':
      return trigger.lap.lap === lap ? 'due' : 'none';
    case 'fact':
      return 'due';
    default:
      return 'none';
  }
}
