import { applyRecord } from '#cloud/race/apply.js';
import { addCall } from '#cloud/race/calls.js';
import { completeState, createRaceState } from '#cloud/race/create.js';
import type { RaceState, RaceTrigger } from '#cloud/race/types.js';
import { proposeCalls } from '#cloud/strategy/answers/calls.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import { ReadingMemory } from '#cloud/strategy/answers/reading.js';
import type { Answers } from '#cloud/strategy/answers/types.js';
import { ENGINE_VERSION } from '#cloud/strategy/answers/version.js';
import { Seen } from '#cloud/streams/seen.js';
import { positionBehind, SHARD_END, type ShardPosition } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { EngineRecord } from '#wire/engine-records.js';
import type { PeopleRecord, RaceRecord, SessionOpen } from '#wire/race-records.js';
import { type AgentRecord, type ParsedRecord, parseRaceRecord } from './records.js';
import { ReorderWindow } from './reorder-window.js';
import { checkVersion, type EngineMark, NOTHING_SPOKEN, type RaceSnapshot, SNAPSHOT_VERSION } from './snapshot.js';
import { concernsUs, triggerText } from './triggers.js';

/** Event time between two answers, where something concerns us: at speed 5 this is one in 200 ms of wall time. */
export const ASK_GAP_MS = 1_000;
/** And where only other cars' laps and stops are new. */
export const ASK_FIELD_GAP_MS = 5_000;
/** People's inputs remembered, newest last, so that the same one put twice is one. */
const MAX_INPUTS = 2_000;

export interface RaceCoreOptions {
  /** False: the race's state alone, without answers and so without calls of the strategy's. Default true. */
  asks?: boolean;
}

export interface CoreCounters {
  records: number;
  duplicates: number;
  /** Records that came after a later one of the same boot had been folded. */
  amendments: number;
  /** By reason: not usable, or before any session. */
  ignored: Record<string, number>;
  answers: number;
  forecasts: number;
  /** Answers and folds that raised an error: defects of ours, which must not stop the race. */
  failures: number;
}

function noCounts(): CoreCounters {
  return { records: 0, duplicates: 0, amendments: 0, ignored: {}, answers: 0, forecasts: 0, failures: 0 };
}

/** Of the form that this version reads; an engine of another version may have put it. */
function isForecast(value: Partial<Forecast> | null): value is Forecast {
  return value?.v === 1 && value.provenance != null;
}

/**
 * All that the race engine knows, changed only by the records of `pitwall-race`, one by one: no clock, no chance, no
 * waiting. The same records give the same bytes, so a snapshot and the records behind its positions give back what a
 * crash took (decisions 8 and 11). Questions to the strategy are part of it: they are spaced by event time, never by wall time.
 */
export class RaceCore {
  readonly positions: Record<string, ShardPosition>;
  readonly seen: Seen;
  readonly counters: CoreCounters = noCounts();
  state: RaceState | null;
  answer: Answers | null;
  /** What simulated races said last; older than the state by what it took to simulate them. */
  forecast: Forecast | null;
  /** Told of every failure that was counted, and of the record whose fold it was. */
  onFailure: (error: unknown, record?: RaceRecord) => void = () => {};
  /** Of reducers: apart from agents, whose boots are acknowledged and must not be crowded out. */
  readonly #told: Seen;
  readonly #window: ReorderWindow;
  /** Saves work, changes nothing: it is in no snapshot. */
  readonly #memory = new ReadingMemory();
  readonly #inputs: Set<string>;
  readonly #asks: boolean;
  /** Event time of the last question; a trigger too soon after it waits, the newest one is kept. */
  #askedMs: number;
  #toAsk: string | null;
  /** Something that concerns us is among what waits. */
  #isOurs: boolean;
  #spoken: EngineMark;

  constructor(stored?: RaceSnapshot, { asks = true }: RaceCoreOptions = {}) {
    this.#asks = asks;
    if (stored) checkVersion(stored);
    this.positions = { ...stored?.positions };
    this.seen = new Seen(stored?.seen);
    this.#told = new Seen(stored?.told);
    this.#window = new ReorderWindow(stored?.window);
    this.#inputs = new Set(stored?.inputs);
    this.state = stored?.state ? completeState(stored.state) : null;
    // Another version's answer has other groups; the next question comes within a lap.
    this.answer = stored?.answer?.provenance.engineVersion === ENGINE_VERSION ? stored.answer : null;
    this.#askedMs = stored?.askedMs ?? 0;
    this.#toAsk = stored?.toAsk ?? null;
    this.#isOurs = stored?.toAskIsOurs ?? false;
    this.forecast = stored?.forecast ?? null;
    this.#spoken = stored?.spoken ?? NOTHING_SPOKEN;
  }

  /** The session that this record would open, if it opens one: the engine takes its lease first, then calls `begin`. */
  opens(parsed: ParsedRecord): SessionOpen | undefined {
    if (parsed.from !== 'person' || parsed.record.kind !== 'session' || parsed.record.type !== 'open') return undefined;
    const open = parsed.record;
    if (this.#inputs.has(open.inputId) || open.race === this.state?.session.race) return undefined;
    // An older session, read again or late, does not end a newer one.
    if (this.state && open.eventTimeMs <= this.state.session.eventTimeMs) return undefined;
    return open;
  }

  /** Starts a race; identities and positions go on, because a car's boot may span two races. */
  begin(open: SessionOpen): void {
    this.state = createRaceState(open);
    this.answer = null;
    this.forecast = null;
    this.#askedMs = 0;
    this.#toAsk = null;
    this.#isOurs = false;
    this.#spoken = NOTHING_SPOKEN;
  }

  /** Folds one record of a shard and returns what happened by it, calls included. */
  take(shardId: string, record: StreamRecord, parsed = parseRaceRecord(record)): RaceTrigger[] {
    this.positions[shardId] = positionBehind(record);
    this.counters.records++;
    const triggers: RaceTrigger[] = [];
    const fold = (agentRecord: AgentRecord) => this.#foldAgent(agentRecord, triggers);
    this.#window.advance(record.arrivalMs, this.seen, fold);
    switch (parsed.from) {
      case 'agent':
        this.#takeAgent(parsed.record, record.arrivalMs, fold);
        break;
      case 'person':
        this.#takePerson(parsed.record, triggers);
        break;
      case 'reducers': {
        const { thing, boot, seq } = parsed.identity;
        if (this.#told.mark(thing, boot, seq - 1, seq)) this.#fold(parsed.record, triggers);
        else this.counters.duplicates++;
        break;
      }
      case 'engine':
        this.#takeEngine(parsed.record, triggers);
        break;
      case 'other':
        this.#fold(parsed.record, triggers, record.arrivalMs);
        break;
      case 'refused':
        this.#ignore(parsed.reason);
        break;
    }
    this.#ask(triggers);
    return triggers;
  }

  endShard(shardId: string): void {
    this.positions[shardId] = SHARD_END;
  }

  toJSON(): RaceSnapshot {
    return {
      version: SNAPSHOT_VERSION,
      positions: this.positions,
      seen: this.seen.toJSON(),
      told: this.#told.toJSON(),
      window: this.#window.toJSON(),
      inputs: [...this.#inputs],
      state: this.state,
      answer: this.answer,
      askedMs: this.#askedMs,
      toAsk: this.#toAsk,
      toAskIsOurs: this.#isOurs,
      forecast: this.forecast,
      spoken: this.#spoken,
    };
  }

  #takeAgent(record: AgentRecord, arrivalMs: number, fold: (record: AgentRecord) => void): void {
    const { thing, boot, seq } = record;
    if (this.seen.has(thing, boot, seq)) {
      this.counters.duplicates++;
    } else if (!this.state) {
      // Nothing to fold into, so nothing to put in order.
      fold(record);
    } else if (!this.#window.admit(record, arrivalMs, this.seen, fold)) {
      this.counters.duplicates++;
    }
  }

  #takePerson(record: PeopleRecord, triggers: RaceTrigger[]): void {
    if (this.#inputs.has(record.inputId)) {
      this.counters.duplicates++;
      return;
    }
    this.#inputs.add(record.inputId);
    if (this.#inputs.size > MAX_INPUTS) {
      const [oldest] = this.#inputs;
      this.#inputs.delete(oldest);
    }
    this.#fold(record, triggers);
  }

  #takeEngine(record: EngineRecord, triggers: RaceTrigger[]): void {
    const { race, fence, seq } = record;
    const newest = this.#spoken;
    if (this.state?.session.race !== race) {
      this.#ignore(this.state ? 'otherRace' : 'noSession');
    } else if (fence < newest.fence) {
      // Put by who had the race before, and had not heard yet that it has another owner.
      this.#ignore('fenced');
    } else if (fence === newest.fence && seq <= newest.seq) {
      this.counters.duplicates++;
    } else {
      this.#spoken = { fence, seq };
      if (record.kind === 'forecast') this.#takeForecast(record.forecast, triggers);
      else this.#fold(record, triggers);
    }
  }

  #takeForecast(forecast: object, triggers: RaceTrigger[]): void {
    if (!isForecast(forecast)) {
      this.#ignore('unknownForecast');
      return;
    }
    this.forecast = forecast;
    this.counters.forecasts++;
    this.#propose(triggers);
  }

  #foldAgent(record: AgentRecord, triggers: RaceTrigger[]): void {
    const { thing, boot, prev, seq } = record;
    if (seq < (this.seen.get(thing, boot)?.ranges.max ?? 0)) this.counters.amendments++;
    this.seen.mark(thing, boot, prev, seq);
    this.#fold(record, triggers);
  }

  #fold(record: RaceRecord, triggers: RaceTrigger[], arrivalMs?: number): void {
    if (!this.state) {
      this.#ignore('noSession');
      return;
    }
    try {
      triggers.push(...applyRecord(this.state, record, arrivalMs));
    } catch (error) {
      this.#fail(error, record);
    }
  }

  /** At once when the last answer is old enough, else with the first record after that. */
  #ask(triggers: RaceTrigger[]): void {
    const { state } = this;
    if (!state || !this.#asks) return;
    if (triggers.length > 0) this.#toAsk = triggerText(triggers[triggers.length - 1]);
    this.#isOurs ||= triggers.some((trigger) => concernsUs(state, trigger));
    if (!this.#toAsk || state.lastEventMs - this.#askedMs < (this.#isOurs ? ASK_GAP_MS : ASK_FIELD_GAP_MS)) return;
    const trigger = this.#toAsk;
    this.#toAsk = null;
    this.#isOurs = false;
    if (state.phase !== 'open' && state.phase !== 'running') return;
    this.#askedMs = state.lastEventMs;
    this.counters.answers++;
    try {
      this.answer = quickAnswers({ state, trigger, memory: this.#memory });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#propose(triggers);
  }

  #propose(triggers: RaceTrigger[]): void {
    const { state, answer, forecast } = this;
    if (!state || !answer || !this.#asks) return;
    try {
      for (const call of proposeCalls(state, answer, forecast)) triggers.push(...addCall(state, call));
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown, record?: RaceRecord): void {
    this.counters.failures++;
    this.onFailure(error, record);
  }

  #ignore(reason: string): void {
    this.counters.ignored[reason] = (this.counters.ignored[reason] ?? 0) + 1;
  }
}
