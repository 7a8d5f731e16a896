import type { ChannelTable } from '../wire/channels.js';
import type { SampleBlock, Source, SourceSink } from './source.js';

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
  #sink: SourceSink | undefined;

  constructor(name: string, table: ChannelTable) {
    this.name = name;
    this.table = table;
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
  }

  stop(): void {
    this.#sink = undefined;
  }

  push(block: SampleBlock): void {
    this.#sink?.samples(block);
  }

  /** The car's own beacon saw the line at `atMs` (race-clock epoch ms). */
  lap(lap: { lapHint: number; lapTimeMs: number; atMs: number }): void {
    const { lapHint, lapTimeMs, atMs } = lap;
    this.#sink?.event({ kind: 'event', type: 'lap', lapHint, lapTimeMs, eventTimeMs: atMs });
  }
}
