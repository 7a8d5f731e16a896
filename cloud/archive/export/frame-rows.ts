import { sampleUs } from '#cloud/reduce/sample-times.js';
import type { ChannelTable } from '#wire/channels.js';
import type { Frame } from '#wire/frame.js';

/** Samples of one thing under one channel table, wide: a row for each moment, a column for each channel. */
export interface FrameRows {
  /** Ascending, µs of race-clock epoch. */
  timesUs: Float64Array;
  /** By the table's index: physical value at each moment, NaN where the channel was not sampled or is missing. */
  columns: Float64Array[];
}

export function rowsOf(frames: readonly Frame[], table: ChannelTable): FrameRows {
  const moments = new Set<number>();
  for (const { header, groups } of frames) {
    for (const group of groups) {
      for (let i = 0; i < group.count; i++) moments.add(timeUs(header.eventTimeMs, sampleUs(group, i)));
    }
  }
  const timesUs = Float64Array.from(moments).sort();
  const rowAt = new Map(Array.from(timesUs, (time, row) => [time, row]));
  const columns = table.channels.map(() => new Float64Array(timesUs.length).fill(Number.NaN));
  for (const { header, groups } of frames) {
    for (const group of groups) {
      for (let i = 0; i < group.count; i++) {
        const row = rowAt.get(timeUs(header.eventTimeMs, sampleUs(group, i))) ?? 0;
        for (let c = 0; c < group.channels.length; c++) {
          columns[group.channels[c]][row] = group.values[c * group.count + i];
        }
      }
    }
  }
  return { timesUs, columns };
}

function timeUs(eventTimeMs: number, afterUs: number): number {
  return Math.round(eventTimeMs * 1_000 + afterUs);
}
