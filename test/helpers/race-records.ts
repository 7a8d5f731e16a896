/** Records of a race from one line each: a test shows only what it is about. */
import type {
  Flag,
  FlagMessage,
  PassingMessage,
  RecountMessage,
  RetirementMessage,
  StopMessage,
  SummaryEvent,
} from '#wire/messages.js';
import type { RosterEntry, SessionOpen } from '#wire/race-records.js';

export const RACE = 'test-race';
export const TIMING_THING = 'timing-1';
/** 2026-11-21 18:00 UTC. */
export const START_MS = Date.UTC(2026, 10, 21, 18);

export function rosterEntry(entry: string, more: Partial<RosterEntry> = {}): RosterEntry {
  return {
    entry,
    number: entry,
    driver: `Driver ${entry}`,
    team: 'Team',
    cls: 'cup',
    transponder: `tx-${entry}`,
    thing: `car-${entry}`,
    own: false,
    ...more,
  };
}

export function sessionOpen(more: Partial<SessionOpen> = {}): SessionOpen {
  return {
    v: 1,
    inputId: 'open-1',
    race: RACE,
    author: 'control',
    eventTimeMs: START_MS - 60_000,
    kind: 'session',
    type: 'open',
    name: 'Test race',
    track: 'Test oval',
    lapsTotal: 60,
    timingThing: TIMING_THING,
    pitToCar: 'none',
    car: { tankKg: 50, fuelPerLapKg: 2, pitLossMs: 30_000, tyreLifeLaps: 30 },
    roster: ['1', '2', '3'].map((entry) => rosterEntry(entry)),
    seed: 7,
    ...more,
  };
}

/** A trackside agent: each record gets the next seq of its boot. */
export class TimingFeed {
  #seq = 0;
  readonly boot: string;

  constructor(boot = '1-00000000000000aa') {
    this.boot = boot;
  }

  #envelope(atMs: number): { v: 1; thing: string; boot: string; seq: number; prev: number; eventTimeMs: number } {
    this.#seq++;
    return { v: 1, thing: TIMING_THING, boot: this.boot, seq: this.#seq, prev: this.#seq - 1, eventTimeMs: atMs };
  }

  passing(entry: string, lap: number, atMs: number, more: Partial<PassingMessage> = {}): PassingMessage {
    return {
      ...this.#envelope(atMs),
      kind: 'timing',
      type: 'passing',
      transponder: `tx-${entry}`,
      number: entry,
      loop: 'SF',
      lap,
      lapTimeMs: null,
      position: null,
      elapsedMs: atMs - START_MS,
      ...more,
    };
  }

  flag(flag: Flag, lap: number, atMs: number): FlagMessage {
    return { ...this.#envelope(atMs), kind: 'timing', type: 'flag', flag, lap };
  }

  stop(entry: string, lap: number, atMs: number, more: Partial<StopMessage> = {}): StopMessage {
    return {
      ...this.#envelope(atMs),
      kind: 'timing',
      type: 'stop',
      number: entry,
      lap,
      boxTimeMs: 12_000,
      laneTimeMs: 40_000,
      tyresChanged: 4,
      ...more,
    };
  }

  recount(entry: string, lap: number, atMs: number): RecountMessage {
    const { thing, boot, seq, prev, eventTimeMs } = this.#envelope(atMs);
    const named = { transponder: `tx-${entry}`, number: entry };
    return { v: 1, thing, boot, seq, prev, eventTimeMs, kind: 'timing', type: 'recount', ...named, lap };
  }

  retirement(entry: string, lap: number, atMs: number): RetirementMessage {
    return { ...this.#envelope(atMs), kind: 'timing', type: 'retirement', number: entry, lap };
  }
}

export function summary(entry: string, atMs: number, more: Partial<SummaryEvent> = {}): SummaryEvent {
  return {
    v: 1,
    kind: 'event',
    type: 'summary',
    thing: `car-${entry}`,
    boot: '1-00000000000000bb',
    seq: Math.max(1, Math.round((atMs - START_MS) / 1000) + 1_000_000),
    prev: 0,
    eventTimeMs: atMs,
    lapHint: 0,
    channels: {},
    ...more,
  };
}
