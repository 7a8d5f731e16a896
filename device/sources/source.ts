import type { ChannelTable } from '../wire/channels.js';
import type { AgentEvent, Envelope } from '../wire/messages.js';

/** Each member of a union without some of its fields (`Omit` alone would keep the common fields only). */
export type Without<Union, Fields extends PropertyKey> = Union extends unknown ? Omit<Union, Fields> : never;

/** A journaled message as its maker knows it: the agent adds the envelope. `eventTimeMs` defaults to the race clock's now. */
export type Body<Message extends Envelope> = Without<Message, keyof Envelope> & { eventTimeMs?: number };

/** What a source tells beside samples: `{ kind: 'event', type: 'lap', lapHint, lapTimeMs, eventTimeMs }`. */
export type EventBody = Body<AgentEvent>;

/**
 * Samples of some channels at the same times. `values` is channel-major: channel c's sample i at `c × count + i`.
 *
 * @example
 * // two channels (0 and 3 of the table), three samples each, 100 Hz
 * { timeMs, periodUs: 10_000, count: 3, channels: Uint16Array.of(0, 3), values: Float64Array.of(1, 2, 3, 7, 8, NaN) }
 */
export interface SampleBlock {
  /** Race-clock epoch ms of the first sample. */
  timeMs: number;
  /** Microseconds between samples, whole. */
  periodUs: number;
  /** Samples per channel. */
  count: number;
  /** Indices into the source's channel table, ascending. */
  channels: Uint16Array;
  /** Physical values, channel-major; NaN = missing. */
  values: Float64Array;
}

/** Where a source puts what it reads. A block is copied before `samples` returns: its arrays may be used again. */
export interface SourceSink {
  samples(block: SampleBlock): void;
  event(body: EventBody): void;
}

/** One input of an agent: a bus, a log, a simulated car. The table does not change while it runs. */
export interface Source {
  readonly name: string;
  readonly table: ChannelTable;
  start(sink: SourceSink): void;
  stop(): void;
}
