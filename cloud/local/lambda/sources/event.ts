import type { Batch } from './batch.js';

/** What a function is given, JSON (developer guide: "Example Kinesis record event", "Tumbling windows"). */
export function eventOf({ records, window }: Batch, shardId: string, eventSourceARN: string): string {
  const list = `"Records":[${records.map(({ event }) => event).join(',')}]`;
  if (window === undefined) return `{${list}}`;
  const { startMs, endMs, state, isFinal, isTerminatedEarly } = window;
  const around = JSON.stringify({
    window: { start: secondsText(startMs), end: secondsText(endMs) },
    shardId,
    eventSourceARN,
    isFinalInvokeForWindow: isFinal,
    isWindowTerminatedEarly: isTerminatedEarly,
  });
  return `{${list},"state":${state},${around.slice(1)}`;
}

/** `2026-11-21T07:04:00Z`. */
export const secondsText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
