import { z } from 'zod';
import { ByteInput, tcpConfig } from '../byte-input.js';
import { Counts } from '../counts.js';
import { LineSplitter } from '../lines.js';
import type { Source, SourceContext, SourceKind, SourceSink } from '../source.js';
import { parseRecord } from './record.js';
import { RmonitorSession } from './session.js';

/** The longest record, a competitor with names and a club, has some 200 characters. */
const LINE_BYTES_MAX = 2048;
/** Orbits sends a heartbeat every second. */
const DEFAULT_SILENT_AFTER_MS = 10_000;

const rmonitorConfig = z.strictObject({
  /** The scoreboard port of Orbits: 50000 in Orbits 4, 60000 in Orbits 5, unless set otherwise there. */
  server: tcpConfig,
  encoding: z.enum(['utf8', 'windows-1252']).default('windows-1252'),
  /** Names of timing lines that are pit entry (`PI`) and exit (`PO`), where the server sends `$L`. */
  loops: z.record(z.string(), z.enum(['PI', 'PO'])).default({}),
  /** A server that sends nothing for so long is connected again. */
  silentAfterMs: z.int().min(1000).default(DEFAULT_SILENT_AFTER_MS),
  backoff: z
    .strictObject({ minMs: z.number().positive(), maxMs: z.number().positive() })
    .default({ minMs: 500, maxMs: 30_000 }),
});
export type RmonitorConfig = z.infer<typeof rmonitorConfig>;

/** MYLAPS Orbits, or whatever else speaks RMonitor over TCP → official timing. */
export const rmonitorKind: SourceKind<RmonitorConfig> = {
  kind: 'rmonitor',
  config: rmonitorConfig,
  open: async (config, context) => new RmonitorSource(config, context),
};

class RmonitorSource implements Source {
  readonly name: string;
  readonly #context: SourceContext;
  readonly #counts = new Counts();
  readonly #session: RmonitorSession;
  readonly #lines: LineSplitter;
  readonly #input: ByteInput;
  #sink: SourceSink | undefined;
  /** 1 while nothing comes from the server. */
  #silent = 1;

  constructor(config: RmonitorConfig, context: SourceContext) {
    this.name = context.name;
    this.#context = context;
    this.#session = new RmonitorSession(this.#counts, config.loops);
    this.#lines = new LineSplitter({
      encoding: config.encoding,
      maxBytes: LINE_BYTES_MAX,
      onLine: (line) => this.#read(line),
      onTooLong: () => this.#counts.add('tooLong'),
    });
    this.#input = new ByteInput(
      { tcp: config.server },
      {
        ...context,
        silentAfterMs: config.silentAfterMs,
        backoff: config.backoff,
        onOpen: () => this.#lines.reset(),
        onBytes: (bytes) => {
          this.#silent = 0;
          this.#lines.push(bytes);
        },
        onLost: (error) => {
          this.#silent = 1;
          this.#sink?.failed(error);
        },
        // A server has no end: it is lost.
        onEnd: () => {},
      },
    );
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#input.start();
  }

  stop(): void {
    this.#sink = undefined;
    this.#input.stop();
  }

  stats(): Record<string, number> {
    return { ...this.#counts.toJSON(), reconnects: this.#input.reconnects, silent: this.#silent };
  }

  #read(line: string): void {
    if (line === '') return;
    this.#counts.add('lines');
    const record = parseRecord(line);
    if (typeof record === 'string') {
      this.#counts.add(record);
      return;
    }
    for (const body of this.#session.push(record, this.#context.raceClock.nowMs())) this.#sink?.timing(body);
  }
}
