import { z } from 'zod';
import { ChannelTable } from '../wire/channels.js';
import type { EventBody, RegularBlock, Source, SourceContext, SourceKind } from './source.js';

/** What a simulated car tells. */
export interface SimulatedSink {
  samples(block: RegularBlock): void;
  event(body: EventBody): void;
}

/**
 * A source driven from outside: whoever holds the world pushes what the car's sensors would give. Pushes before `start`
 * or after `stop` go nowhere, as with a real sensor that nobody reads.
 *
 * @example
 * const source = new SimulatedSource('car-24', table);
 * source.push({ timeMs, periodUs: 10_000, count: 10, channels, values });
 * source.lap({ lapHint: 12, lapTimeMs: 29_874, atMs: timeMs });
 */
export class SimulatedSource implements Source {
  readonly name: string;
  readonly table: ChannelTable;
  #sink: SimulatedSink | undefined;

  constructor(name: string, table: ChannelTable) {
    this.name = name;
    this.table = table;
  }

  start(sink: SimulatedSink): void {
    this.#sink = sink;
  }

  stop(): void {
    this.#sink = undefined;
  }

  push(block: RegularBlock): void {
    this.#sink?.samples(block);
  }

  /** The car's own beacon saw the line at `atMs` (race-clock epoch ms). */
  lap(lap: { lapHint: number; lapTimeMs: number; atMs: number }): void {
    const { lapHint, lapTimeMs, atMs } = lap;
    this.#sink?.event({ kind: 'event', type: 'lap', lapHint, lapTimeMs, eventTimeMs: atMs });
  }
}

const BLOCK_MS = 100;
/** Bound on what is made up for after the process was suspended. */
const CATCH_UP_MS = 1000;
/** 32-bit raw values at this scale reach far beyond any sensor. */
const SCALE = 0.001;

const simulatedConfig = z.strictObject({
  rateHz: z.number().positive().max(1000).default(100),
  channels: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        unit: z.string().default('1'),
        min: z.number(),
        max: z.number(),
        /** Of one wave. */
        periodS: z.number().positive().default(10),
      }),
    )
    .min(1),
});
export type SimulatedConfig = z.infer<typeof simulatedConfig>;

/** Slow waves between two limits on each channel: an agent, its journal and its link can be tried without a car. */
export const simulatedKind: SourceKind<SimulatedConfig> = {
  kind: 'simulated',
  config: simulatedConfig,
  open: async (config, context) => new Waves(config, context),
};

class Waves implements Source {
  readonly name: string;
  readonly table: ChannelTable;
  readonly #config: SimulatedConfig;
  readonly #context: SourceContext;
  readonly #source: SimulatedSource;
  readonly #channels: Uint16Array;
  #timer: NodeJS.Timeout | undefined;
  #atMs = 0;

  constructor(config: SimulatedConfig, context: SourceContext) {
    const { rateHz, channels } = config;
    this.name = context.name;
    this.table = new ChannelTable(
      channels.map(({ name, unit, min }) => ({ name, unit, scale: SCALE, offset: min, rateHz })),
    );
    this.#config = config;
    this.#context = context;
    this.#source = new SimulatedSource(context.name, this.table);
    this.#channels = Uint16Array.from(channels, (_, i) => i);
  }

  start(sink: SimulatedSink): void {
    this.#source.start(sink);
    this.#atMs = this.#context.raceClock.nowMs();
    this.#timer = setInterval(() => this.#push(), BLOCK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#source.stop();
  }

  #push(): void {
    const { rateHz, channels } = this.#config;
    const nowMs = this.#context.raceClock.nowMs();
    this.#atMs = Math.max(this.#atMs, nowMs - CATCH_UP_MS);
    const periodMs = 1000 / rateHz;
    const count = Math.floor((nowMs - this.#atMs) / periodMs);
    if (count < 1) return;
    const values = new Float64Array(channels.length * count);
    channels.forEach(({ min, max, periodS }, c) => {
      for (let i = 0; i < count; i++) {
        const turns = (this.#atMs + i * periodMs) / (periodS * 1000);
        values[c * count + i] = min + ((max - min) * (1 + Math.sin(2 * Math.PI * turns))) / 2;
      }
    });
    this.#source.push({
      timeMs: this.#atMs,
      periodUs: Math.round(periodMs * 1000),
      count,
      channels: this.#channels,
      values,
    });
    this.#atMs += count * periodMs;
  }
}
