import type { JsonObject } from './merge-patch.js';
import type { RaceView, SamplePoints } from './view.js';

/**
 * Where a client stands in the feed. `epoch` is the fence of the engine that published (decision 12), `seq` grows by one
 * a delta. Text form, the `id` of a server-sent event: `<epoch>.<seq>`.
 */
export interface FeedId {
  epoch: number;
  seq: number;
}

/** Whether the screen hears its engine, in words for the person who sees nothing move. */
export interface SourceStatus {
  state: 'up' | 'down';
  /** Empty when up and nothing is wrong. */
  reason: string;
}

/** What the feed carries. Snapshot and delta are numbered; samples and status are not, and a lost one is not repaired. */
export type FeedEvent =
  | { type: 'snapshot'; id: FeedId; view: RaceView }
  | { type: 'delta'; id: FeedId; patch: JsonObject }
  | { type: 'samples'; points: SamplePoints }
  | { type: 'status'; status: SourceStatus };

/** Takes events in order. Must not throw and must not wait. */
export type FeedSink = (event: FeedEvent) => void;

/** Asked for instead of a thing's name: the samples of every thing. */
export const EVERY_THING = '*';

export function formatFeedId(id: FeedId): string {
  return `${id.epoch}.${id.seq}`;
}

/** Undefined for anything that is not `<epoch>.<seq>`: an id that a stranger sent is worth a snapshot, not an error. */
export function parseFeedId(text: string | undefined): FeedId | undefined {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text ?? '');
  return match ? { epoch: Number(match[1]), seq: Number(match[2]) } : undefined;
}
