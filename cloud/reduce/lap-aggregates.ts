import type { ChannelTable } from '#wire/channels.js';
import type { Frame, SampleGroup } from '#wire/frame.js';
import type { LapChannelsRecord } from '#wire/race-records.js';
import { type Range, RangeSet } from '#wire/ranges.js';
import type { KnownTable } from './channel-tables.js';
import { firstSampleAt, sampleUs } from './sample-times.js';

/** Laps of one boot that late frames may still amend; beyond it the lowest is closed for good. */
const MAX_LAPS_HELD = 8;
/** A lap is told this long (event time) after its last sample, when frames out of order have had their chance. */
const REORDER_MS = 2_000;
/** The car's lap counter says "invalid" (messages.ts, `lapHint`). */
const INVALID_LAP = 32_768;
/** min, max, sum, count of each channel, side by side. */
const FIELDS = 4;

interface LapAggregate {
  lapHint: number;
  fromMs: number;
  toMs: number;
  samples: number;
  tableHash: string;
  /** Channel i at i × FIELDS. */
  values: Float64Array;
  /** Something came since it was last told. */
  changed: boolean;
}

export interface LapFoldJson {
  closed: Range[];
  open: (Omit<LapAggregate, 'values' | 'changed'> & { values: string })[];
}

interface Segment {
  lapHint: number;
  fromUs: number;
  toUs: number;
}

/**
 * Minimum, maximum and mean of every channel over each lap that the car itself counted, for one (thing, boot). Sums and
 * extremes do not depend on the order of frames; late ones amend their lap, which is told again.
 */
export class LapFold {
  /** Frames that came after their lap had been closed for good. */
  tooLate = 0;
  readonly #laps = new Map<number, LapAggregate>();
  /** Laps closed for good; a restart closes all that had been told. */
  readonly #closed: RangeSet;
  #finished: LapAggregate[] = [];
  #newestMs = Number.NEGATIVE_INFINITY;
  #newestLap = -1;

  constructor(stored: LapFoldJson = { closed: [], open: [] }) {
    this.#closed = new RangeSet(stored.closed);
    for (const lap of stored.open) {
      const bytes = Buffer.from(lap.values, 'base64');
      const values = new Float64Array(bytes.length / 8);
      Buffer.from(values.buffer).set(bytes);
      this.#laps.set(lap.lapHint, { ...lap, values, changed: true });
      if (lap.toMs > this.#newestMs) this.#newestLap = lap.lapHint;
      this.#newestMs = Math.max(this.#newestMs, lap.toMs);
    }
  }

  fold(frame: Frame, known: KnownTable): void {
    if (known.lapIndex < 0) return;
    const { eventTimeMs } = frame.header;
    for (const segment of this.#segments(frame, known)) {
      if (this.#closed.has(segment.lapHint)) {
        this.tooLate++;
        continue;
      }
      const lap = this.#open(segment.lapHint, frame.header.tableHash, known.table.channels.length);
      // A table that changes in mid-lap renumbers the channels: the lap goes on under the newer one alone.
      if (lap.tableHash !== frame.header.tableHash) reset(lap, frame.header.tableHash, known.table.channels.length);
      for (const group of frame.groups) addGroup(lap, group, segment, eventTimeMs);
      lap.changed = true;
      if (lap.toMs > this.#newestMs) {
        this.#newestMs = lap.toMs;
        this.#newestLap = segment.lapHint;
      }
    }
  }

  /** Laps to tell: new ones that are over, and amended ones. `tableOf` gives the names. */
  takeFinished(thing: string, boot: string, tableOf: (hash: string) => ChannelTable | undefined): LapChannelsRecord[] {
    const told = this.#finished;
    this.#finished = [];
    for (const lap of this.#laps.values()) {
      const over = lap.lapHint !== this.#newestLap && lap.toMs + REORDER_MS <= this.#newestMs;
      if (over && lap.changed) told.push(lap);
    }
    const records: LapChannelsRecord[] = [];
    for (const lap of told) {
      lap.changed = false;
      const table = tableOf(lap.tableHash);
      if (table && lap.samples > 0) records.push(toRecord(lap, thing, boot, table));
    }
    return records;
  }

  toJSON(): LapFoldJson {
    const closed = new RangeSet(this.#closed.toJSON());
    const open: LapFoldJson['open'] = [];
    for (const { changed, values, ...lap } of this.#laps.values()) {
      if (lap.samples === 0) continue;
      if (changed) open.push({ ...lap, values: Buffer.from(values.buffer).toString('base64') });
      else closed.add(lap.lapHint);
    }
    return { closed: closed.toJSON(), open };
  }

  /** Cuts the frame where its lap counter changes. */
  #segments(frame: Frame, known: KnownTable): Segment[] {
    const segments: Segment[] = [];
    for (const group of frame.groups) {
      const column = group.channels.indexOf(known.lapIndex);
      if (column < 0) continue;
      for (let i = 0; i < group.count; i++) {
        const lapHint = group.values[column * group.count + i];
        // NaN (missing) is not a safe integer either.
        if (!Number.isSafeInteger(lapHint) || lapHint < 0 || lapHint >= INVALID_LAP) continue;
        const last = segments[segments.length - 1];
        if (last?.lapHint === lapHint) continue;
        const fromUs = last ? sampleUs(group, i) : Number.NEGATIVE_INFINITY;
        if (last) last.toUs = fromUs;
        segments.push({ lapHint, fromUs, toUs: Number.POSITIVE_INFINITY });
      }
      break;
    }
    return segments;
  }

  #open(lapHint: number, tableHash: string, channels: number): LapAggregate {
    let lap = this.#laps.get(lapHint);
    if (lap) return lap;
    lap = { lapHint, fromMs: 0, toMs: 0, samples: 0, tableHash, values: new Float64Array(0), changed: true };
    reset(lap, tableHash, channels);
    this.#laps.set(lapHint, lap);
    if (this.#laps.size > MAX_LAPS_HELD) this.#closeLowest(lapHint);
    return lap;
  }

  #closeLowest(except: number): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (const lapHint of this.#laps.keys()) if (lapHint < lowest && lapHint !== except) lowest = lapHint;
    const lap = this.#laps.get(lowest);
    if (!lap) return;
    this.#laps.delete(lowest);
    this.#closed.add(lowest);
    if (lap.changed) this.#finished.push(lap);
  }
}

function reset(lap: LapAggregate, tableHash: string, channels: number): void {
  lap.tableHash = tableHash;
  lap.fromMs = Number.POSITIVE_INFINITY;
  lap.toMs = Number.NEGATIVE_INFINITY;
  lap.samples = 0;
  lap.values = new Float64Array(channels * FIELDS);
  for (let at = 0; at < lap.values.length; at += FIELDS) {
    lap.values[at] = Number.POSITIVE_INFINITY;
    lap.values[at + 1] = Number.NEGATIVE_INFINITY;
  }
}

function addGroup(lap: LapAggregate, group: SampleGroup, segment: Segment, eventTimeMs: number): void {
  const { channels, count, values } = group;
  const first = segment.fromUs === Number.NEGATIVE_INFINITY ? 0 : firstSampleAt(group, segment.fromUs);
  const end = segment.toUs === Number.POSITIVE_INFINITY ? count : firstSampleAt(group, segment.toUs);
  if (first >= end) return;
  lap.fromMs = Math.min(lap.fromMs, eventTimeMs + sampleUs(group, first) / 1000);
  lap.toMs = Math.max(lap.toMs, eventTimeMs + sampleUs(group, end - 1) / 1000);
  const totals = lap.values;
  for (let c = 0; c < channels.length; c++) {
    const at = channels[c] * FIELDS;
    let min = totals[at];
    let max = totals[at + 1];
    let sum = 0;
    let present = 0;
    for (let i = c * count + first; i < c * count + end; i++) {
      const value = values[i];
      if (Number.isNaN(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value;
      present++;
    }
    totals[at] = min;
    totals[at + 1] = max;
    totals[at + 2] += sum;
    totals[at + 3] += present;
    lap.samples += present;
  }
}

function toRecord(lap: LapAggregate, thing: string, boot: string, table: ChannelTable): LapChannelsRecord {
  const channels: LapChannelsRecord['channels'] = {};
  table.channels.forEach(({ name }, index) => {
    const at = index * FIELDS;
    const count = lap.values[at + 3];
    if (count > 0) {
      channels[name] = { min: lap.values[at], max: lap.values[at + 1], mean: lap.values[at + 2] / count };
    }
  });
  const { lapHint, fromMs, toMs, samples } = lap;
  return { v: 1, kind: 'lapChannels', thing, boot, lapHint, fromMs, toMs, channels, samples };
}
