import type { z } from 'zod';
import type { ChannelTable } from '../wire/channels.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { AgentEvent, Envelope, TimingMessage } from '../wire/messages.js';
import type { Random } from '../wire/random.js';

/** Each member of a union without some of its fields (`Omit` alone would keep the common fields only). */
export type Without<Union, Fields extends PropertyKey> = Union extends unknown ? Omit<Union, Fields> : never;

/** A journaled message as its maker knows it: the agent adds the envelope. `eventTimeMs` defaults to the race clock's now. */
export type Body<Message extends Envelope> = Without<Message, keyof Envelope> & { eventTimeMs?: number };

/** What a source tells beside samples: `{ kind: 'event', type: 'lap', lapHint, lapTimeMs, eventTimeMs }`. */
export type EventBody = Body<AgentEvent>;

/** What a trackside source tells: `{ kind: 'timing', type: 'passing', transponder, number, loop, … }`. */
export type TimingBody = Body<TimingMessage>;

interface Samples {
  /** Epoch ms of the first sample (regular), or of the origin of `timesUs` (irregular), in the source's time (`Source.stamps`). */
  timeMs: number;
  /** Samples per channel, ≥ 1. */
  count: number;
  /** Indices into the source's channel table, ascending. */
  channels: Uint16Array;
  /** Physical values, channel-major: channel c's sample i at `c × count + i`; NaN = missing. */
  values: Float64Array;
}

/**
 * Samples of some channels at the same times, equally far apart.
 *
 * @example
 * // two channels (0 and 3 of the table), three samples each, 100 Hz
 * { timeMs, periodUs: 10_000, count: 3, channels: Uint16Array.of(0, 3), values: Float64Array.of(1, 2, 3, 7, 8, NaN) }
 */
export interface RegularBlock extends Samples {
  /** Microseconds between samples, whole. */
  periodUs: number;
  timesUs?: undefined;
}

/**
 * Samples of some channels at the same times, whenever those were: one message of a bus within a window.
 *
 * @example
 * // one channel, at 0, 9.8 and 20.1 ms after timeMs
 * { timeMs, timesUs: Int32Array.of(0, 9_800, 20_100), count: 3, channels: Uint16Array.of(5), values: Float64Array.of(1, 2, 3) }
 */
export interface IrregularBlock extends Samples {
  /** Microseconds after `timeMs` of each sample, ascending (equal ones allowed); the first `count` entries count. */
  timesUs: Int32Array;
  periodUs?: undefined;
}

export type SampleBlock = RegularBlock | IrregularBlock;

/** What a source knows of the true time: a satellite receiver's sentence, a peer's answer. */
export interface TimeFix {
  /** True UTC, epoch ms … */
  utcMs: number;
  /** … at this moment of the monotonic clock (`SourceContext.wallClock.nowMs()`). */
  atMonotonicMs: number;
  quality: 'peer' | 'gps';
  /** How far `utcMs` may be off, ms. */
  errorMs: number;
}

/** Where a source puts what it reads. A block is copied before `samples` returns: its arrays may be used again. */
export interface SourceSink {
  samples(block: SampleBlock): void;
  event(body: EventBody): void;
  /** Trackside agents only. */
  timing(body: TimingBody): void;
  timeFix(fix: TimeFix): void;
  /**
   * The source gave up for now, or for good: the agent logs and counts it and the other sources go on. A source that
   * tries again by itself says so here each time it lost its input, not on every attempt.
   */
  failed(error: Error): void;
  /** Nothing more will come: the file is at its end, stdin is closed, or it `failed` for good. */
  ended(): void;
  /**
   * Calls back once, when everything that this source handed over before is in the journal: a checkpoint may move, the next
   * part of a recording may follow. At most one frame window later; a source waits for one at a time.
   */
  whenJournaled(done: () => void): void;
}

/** One input of an agent: a bus, a log, a simulated car. The table does not change while it runs. */
export interface Source {
  /** Unique within the agent. */
  readonly name: string;
  /** Absent: a source without samples, such as a timing feed. */
  readonly table?: ChannelTable;
  /**
   * Whose time block and event times are. `race` (default): the race clock, the source stamps on arrival. `own`: the
   * clock of whatever wrote the stamps (a logger, a file of last year): the agent maps them by an offset per source.
   */
  readonly stamps?: 'race' | 'own';
  start(sink: SourceSink): void;
  /** Nothing comes after it has resolved. What is under way is pushed before. */
  stop(): void | Promise<void>;
  /** Counts since the start of what was read, dropped or could not be decoded, by name; shown in the agent's health. */
  stats?(): Record<string, number>;
}

/** What a source is opened with. */
export interface SourceContext {
  /** Name of the source in its agent. */
  name: string;
  /** Folder of the configuration file: relative paths start here. */
  dir: string;
  /** Folder for this source's own checkpoints; made before `open`. */
  stateDir: string;
  /** Event times. */
  raceClock: Clock;
  /** Time-outs and polls; monotonic. */
  wallClock: Clock;
  random: Random;
  log: Log;
  /** Given where a source may read standard input. */
  stdin?: NodeJS.ReadableStream;
}

/**
 * A kind of source that `car.json` and `trackside.json` can name: each module in this folder exports one, `kinds.ts` lists
 * them. `config` is a strict object without `kind` and `name`, which belong to every entry.
 *
 * @example
 * export const csvKind: SourceKind<CsvConfig> = { kind: 'csv', config: csvConfig, open: openCsv };
 */
export interface SourceKind<Config = unknown> {
  readonly kind: string;
  readonly config: z.ZodType<Config>;
  /** Raises a coded error when the input can never work as configured; one that is not there *yet* is waited for. */
  open(config: Config, context: SourceContext): Promise<Source>;
}
