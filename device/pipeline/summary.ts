import type { SampleBlock } from '../sources/source.js';
import type { ChannelTable } from '../wire/channels.js';
import type { ChannelSummary } from '../wire/messages.js';
import { rowMs } from './sample-times.js';

/** Channel whose integral is the fuel used; its unit in the table must be `kg/h`. */
const FUEL_FLOW = 'fuelFlow';
const FUEL_FLOW_UNIT = 'kg/h';
const SECOND_MS = 1000;
const MS_PER_HOUR = 3_600_000;
/** Where fuel flow comes irregularly, a sample stands for the time since the last one, up to this. */
const FUEL_GAP_MAX_MS = 1000;

/** What a second of samples amounts to; the agent adds the lap and the envelope. */
export interface SecondSummary {
  /** Race-clock epoch ms of the newest sample in it. */
  eventTimeMs: number;
  channels: Record<string, ChannelSummary>;
  fuelUsedKg?: number;
}

/**
 * Min, max, mean and last of chosen channels over each second of race time, and the integral of fuel flow since boot.
 * A second ends with the first sample of the next one: what it says depends on the samples alone, not on when they came.
 * Samples of a second that has ended count towards the present one.
 */
export class Summariser {
  readonly #onSecond: (summary: SecondSummary) => void;
  /** Accumulator per channel index of the table; undefined where the channel is not summarised. */
  readonly #table: ChannelTable;
  #byChannel: (Accumulator | undefined)[] = [];
  #accumulators: Accumulator[] = [];
  readonly #fuelChannel: number;
  #fuelKg = 0;
  /** Time of the last irregular sample of fuel flow. */
  #fuelMs = Number.POSITIVE_INFINITY;
  #second = Number.NEGATIVE_INFINITY;
  #lastMs = 0;

  /** Channels that the table does not have are left out. */
  constructor(table: ChannelTable, channels: readonly string[], onSecond: (summary: SecondSummary) => void) {
    this.#onSecond = onSecond;
    this.#table = table;
    this.choose(channels);
    const fuel = table.indexOf(FUEL_FLOW);
    this.#fuelChannel = fuel >= 0 && table.channels[fuel].unit === FUEL_FLOW_UNIT ? fuel : -1;
  }

  /** Summarises these channels from now on; the second under way is left out of those it had begun. */
  choose(channels: readonly string[]): void {
    this.#byChannel = Array.from({ length: this.#table.channels.length });
    for (const name of new Set(channels)) {
      const index = this.#table.indexOf(name);
      if (index >= 0) this.#byChannel[index] = new Accumulator(name);
    }
    this.#accumulators = this.#byChannel.filter((each) => each !== undefined);
  }

  push(block: SampleBlock): void {
    for (let row = 0; row < block.count; ) {
      const second = Math.floor(rowMs(block, row) / SECOND_MS);
      if (second > this.#second) {
        this.#close();
        this.#second = second;
      }
      // Rows up to the end of the present second go in one run.
      const end = endOfRun(block, row, (this.#second + 1) * SECOND_MS);
      this.#accumulate(block, row, end);
      row = end;
      const lastMs = rowMs(block, row - 1);
      if (lastMs > this.#lastMs) this.#lastMs = lastMs;
    }
  }

  #accumulate(block: SampleBlock, from: number, end: number): void {
    const { channels, count, values } = block;
    for (let c = 0; c < channels.length; c++) {
      this.#byChannel[channels[c]]?.add(values, c * count + from, end - from);
      if (channels[c] === this.#fuelChannel) this.#burn(block, c * count, from, end);
    }
  }

  #burn(block: SampleBlock, column: number, from: number, end: number): void {
    for (let row = from; row < end; row++) {
      const flow = block.values[column + row];
      let forMs: number;
      if (block.timesUs) {
        const atMs = rowMs(block, row);
        forMs = Math.min(Math.max(0, atMs - this.#fuelMs), FUEL_GAP_MAX_MS);
        this.#fuelMs = atMs;
      } else {
        forMs = block.periodUs / 1000;
      }
      if (!Number.isNaN(flow)) this.#fuelKg += (flow * forMs) / MS_PER_HOUR;
    }
  }

  #close(): void {
    const channels: Record<string, ChannelSummary> = {};
    let any = false;
    for (const accumulator of this.#accumulators) {
      if (accumulator.count === 0) continue;
      channels[accumulator.name] = accumulator.take();
      any = true;
    }
    if (!any && (this.#fuelChannel < 0 || this.#second === Number.NEGATIVE_INFINITY)) return;
    const summary: SecondSummary = { eventTimeMs: this.#lastMs, channels };
    if (this.#fuelChannel >= 0) summary.fuelUsedKg = this.#fuelKg;
    this.#onSecond(summary);
  }
}

/** The first row after `row` that is not before `endMs`. */
function endOfRun(block: SampleBlock, row: number, endMs: number): number {
  if (block.timesUs) {
    let end = row + 1;
    while (end < block.count && rowMs(block, end) < endMs) end++;
    return end;
  }
  const leftUs = (endMs - rowMs(block, row)) * 1000;
  const rows = block.periodUs > 0 ? Math.ceil(leftUs / block.periodUs) : block.count;
  return Math.min(block.count, row + Math.max(1, rows));
}

class Accumulator {
  readonly name: string;
  count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #sum = 0;
  #last = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(values: Float64Array, from: number, rows: number): void {
    for (let i = from; i < from + rows; i++) {
      const value = values[i];
      if (Number.isNaN(value)) continue;
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
      this.#sum += value;
      this.#last = value;
      this.count++;
    }
  }

  take(): ChannelSummary {
    const summary = { min: this.#min, max: this.#max, mean: this.#sum / this.count, last: this.#last };
    this.count = 0;
    this.#sum = 0;
    this.#min = Number.POSITIVE_INFINITY;
    this.#max = Number.NEGATIVE_INFINITY;
    return summary;
  }
}
