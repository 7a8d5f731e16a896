import type { SampleBlock } from '../sources/source.js';
import type { ChannelTable } from '../wire/channels.js';
import type { ChannelSummary } from '../wire/messages.js';

/** Channel whose integral is the fuel used; its unit in the table must be `kg/h`. */
const FUEL_FLOW = 'fuelFlow';
const FUEL_FLOW_UNIT = 'kg/h';
const SECOND_MS = 1000;
const US_PER_HOUR = 3_600_000_000;

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
  readonly #byChannel: (Accumulator | undefined)[];
  readonly #accumulators: Accumulator[];
  readonly #fuelChannel: number;
  #fuelKg = 0;
  #second = Number.NEGATIVE_INFINITY;
  #lastMs = 0;

  /** Channels that the table does not have are left out. */
  constructor(table: ChannelTable, channels: readonly string[], onSecond: (summary: SecondSummary) => void) {
    this.#onSecond = onSecond;
    this.#byChannel = Array.from({ length: table.channels.length });
    for (const name of new Set(channels)) {
      const index = table.indexOf(name);
      if (index >= 0) this.#byChannel[index] = new Accumulator(name);
    }
    this.#accumulators = this.#byChannel.filter((each) => each !== undefined);
    const fuel = table.indexOf(FUEL_FLOW);
    this.#fuelChannel = fuel >= 0 && table.channels[fuel].unit === FUEL_FLOW_UNIT ? fuel : -1;
  }

  push(block: SampleBlock): void {
    const { timeMs, periodUs, count } = block;
    for (let row = 0; row < count; ) {
      const atMs = timeMs + (row * periodUs) / 1000;
      const second = Math.floor(atMs / SECOND_MS);
      if (second > this.#second) {
        this.#close();
        this.#second = second;
      }
      // Rows up to the end of the present second go in one run.
      const leftUs = ((this.#second + 1) * SECOND_MS - atMs) * 1000;
      const rows = Math.min(count - row, Math.max(1, periodUs > 0 ? Math.ceil(leftUs / periodUs) : count));
      this.#accumulate(block, row, rows);
      row += rows;
      const lastMs = timeMs + ((row - 1) * periodUs) / 1000;
      if (lastMs > this.#lastMs) this.#lastMs = lastMs;
    }
  }

  #accumulate(block: SampleBlock, row: number, rows: number): void {
    const { channels, count, values, periodUs } = block;
    for (let c = 0; c < channels.length; c++) {
      const from = c * count + row;
      this.#byChannel[channels[c]]?.add(values, from, rows);
      if (channels[c] === this.#fuelChannel) {
        for (let i = from; i < from + rows; i++) {
          if (!Number.isNaN(values[i])) this.#fuelKg += (values[i] * periodUs) / US_PER_HOUR;
        }
      }
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
