import type { RegularBlock } from '#device/sources/source.js';
import type { CallMessage } from '#wire/messages.js';

/**
 * Between the fleet's process and one that hosts a car's agent. Every message carries the mark and the thing, so that
 * many cars, and other talk, can share one channel.
 *
 *     fleet → host   block, lap, drain, stop
 *     host → fleet   ready, failed, took (one per block), stats (now and then, and before every answer), call, drained, stopped
 */
export interface RemoteMessage<Body> {
  type: 'remoteCar';
  thing: string;
  body: Body;
}

export type ToHost =
  | { kind: 'block'; block: RegularBlock }
  | { kind: 'lap'; lapHint: number; lapTimeMs: number; atMs: number }
  | { kind: 'drain'; id: number; timeoutMs: number }
  | { kind: 'stop' };

export type ToFleet<Stats> =
  | { kind: 'ready'; stats: Stats }
  | { kind: 'failed'; code: string; message: string }
  /** The agent has taken samples up to this race-clock time. */
  | { kind: 'took'; untilMs: number }
  | { kind: 'stats'; stats: Stats }
  | { kind: 'call'; call: CallMessage }
  | { kind: 'drained'; id: number; drained: boolean }
  | { kind: 'stopped'; stats: Stats };

/**
 * One end of a pipe for plain data and typed arrays: Node's IPC with `serialization: 'advanced'`, or two arrays in a
 * test. `send` must have copied the message when it returns.
 */
export interface Channel {
  send(message: unknown): void;
  /** Hears every message of the channel; returns how to stop hearing. */
  listen(listener: (message: unknown) => void): () => void;
}

/** The body, if the message is one of ours for this thing. */
export function bodyFor<Body>(message: unknown, thing: string): Body | undefined {
  const candidate = message as Partial<RemoteMessage<Body>> | null;
  return candidate?.type === 'remoteCar' && candidate.thing === thing ? candidate.body : undefined;
}

/** Race-clock time of the end of a block's last sample. */
export function endOf(block: RegularBlock): number {
  return block.timeMs + (block.count * block.periodUs) / 1000;
}
