import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { ChannelTable } from '../../wire/channels.js';
import { type Dialect, inferDialect } from '../../wire/csv/dialect.js';
import { PitwallError } from '../../wire/errors.js';
import { Counts } from '../counts.js';
import { LineSplitter } from '../lines.js';
import { RowBlock } from '../row-block.js';
import type { Source, SourceContext, SourceKind, SourceSink } from '../source.js';
import { columnConfig, inferLayout, type Layout } from './columns.js';
import { RowReader } from './rows.js';

/** Lines that the layout is told from. */
const HEAD_LINES = 256;
/** How far the race clock is looked at ahead in a paced replay: a frame window. */
const PACE_MS = 50;

const dialectConfig = {
  delimiter: z.string().length(1).optional(),
  decimal: z.enum(['.', ',']).optional(),
  encoding: z.enum(['utf8', 'windows-1252']).default('utf8'),
};

const csvConfig = z.strictObject({
  /** A file, packed with gzip when its name ends in `.gz`, or `-`: stdin. */
  path: z.string().min(1),
  ...dialectConfig,
  time: z.strictObject({ column: z.string(), form: z.enum(['s', 'ms', 'us', 'iso', 'clock']).optional() }).optional(),
  channels: z.array(columnConfig).min(1).optional(),
  long: z.strictObject({ name: z.string(), value: z.string() }).optional(),
  where: z.record(z.string(), z.string()).optional(),
  /** `recorded`: as it happened, by the race clock. `none`: as fast as frames can be written. */
  pace: z.enum(['recorded', 'none']).default('recorded'),
});
export type CsvConfig = z.infer<typeof csvConfig>;

/** A logger's table → channels, one for each column of numbers. */
export const csvKind: SourceKind<CsvConfig> = { kind: 'csv', config: csvConfig, open: openCsv };

/** Reads the head before it resolves, because the channel table stands there. */
async function openCsv(config: CsvConfig, context: SourceContext): Promise<Source> {
  const counts = new Counts();
  const lines = readLines(config, context, counts);
  const head: string[] = [];
  while (head.length < HEAD_LINES) {
    const next = await lines.next();
    if (next.done) break;
    head.push(...next.value);
  }
  if (head.length === 0) throw new PitwallError('PW-SOURCE-FORMAT', { what: `${config.path} is empty.` });
  head[0] = head[0].replace(/^\ufeff/, '');
  const dialect = inferDialect(head.slice(0, HEAD_LINES), config);
  if (dialect === undefined) {
    throw new PitwallError('PW-SOURCE-FORMAT', {
      what: `No delimiter (comma, semicolon, tab, bar) parts the first lines into columns: ${JSON.stringify(head[0])}.`,
      fix: 'Give "delimiter".',
    });
  }
  const layout = inferLayout(head.slice(0, HEAD_LINES), dialect, config);
  return new CsvSource({ config, context, counts, layout, dialect, rest: lines, head: head.slice(layout.headLines) });
}

interface Opened {
  config: CsvConfig;
  context: SourceContext;
  counts: Counts;
  layout: Layout;
  dialect: Dialect;
  /** Lines of values that were read already. */
  head: string[];
  rest: AsyncGenerator<string[]>;
}

class CsvSource implements Source {
  readonly name: string;
  readonly table: ChannelTable;
  readonly stamps = 'own';
  readonly #opened: Opened;
  readonly #block: RowBlock;
  #stopped = false;
  #wake: () => void = () => {};
  /** Race clock minus the time column, from the first row. */
  #shiftMs: number | undefined;

  constructor(opened: Opened) {
    this.name = opened.context.name;
    this.table = new ChannelTable(opened.layout.specs);
    this.#opened = opened;
    this.#block = new RowBlock(opened.layout.specs.length);
  }

  start(sink: SourceSink): void {
    this.#run(sink).then(
      () => sink.ended(),
      (error: Error) => {
        if (!this.#stopped) sink.failed(inputError(this.#opened.config.path, error));
      },
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
    // A read under way ends by itself: the generator is asked to close, not awaited.
    void this.#opened.rest.return(undefined).catch(() => {});
  }

  stats(): Record<string, number> {
    return this.#opened.counts.toJSON();
  }

  async #run(sink: SourceSink): Promise<void> {
    const { layout, dialect, counts, head, rest } = this.#opened;
    let rows: { timeMs: number; values: Float64Array }[] = [];
    const reader = new RowReader(layout, dialect, counts, (timeMs, values) =>
      rows.push({ timeMs, values: values.slice() }),
    );
    for (let lines: string[] | undefined = head; lines !== undefined; ) {
      for (const line of lines) reader.push(line);
      await this.#emit(rows, sink);
      rows = [];
      if (this.#stopped) return;
      const next = await rest.next();
      lines = next.done ? undefined : next.value;
    }
    reader.end();
    await this.#emit(rows, sink);
    await this.#flush(sink);
  }

  async #emit(rows: readonly { timeMs: number; values: Float64Array }[], sink: SourceSink): Promise<void> {
    for (const { timeMs, values } of rows) {
      if (this.#opened.config.pace === 'recorded') await this.#due(timeMs, sink);
      if (this.#stopped) return;
      if (!this.#block.takes(timeMs)) await this.#flush(sink);
      if (this.#stopped) return;
      this.#block.add(timeMs, values);
      this.#opened.counts.add('rows');
    }
  }

  /** Waits until the race clock has come to the row; what is due already goes out before. */
  async #due(timeMs: number, sink: SourceSink): Promise<void> {
    const { raceClock } = this.#opened.context;
    this.#shiftMs ??= raceClock.nowMs() - timeMs;
    while (!this.#stopped && timeMs + this.#shiftMs > raceClock.nowMs()) {
      this.#block.flush(sink);
      await this.#sleep(PACE_MS);
    }
  }

  /** The journal sets the pace of what would otherwise fill the memory. */
  async #flush(sink: SourceSink): Promise<void> {
    if (this.#block.count === 0) return;
    this.#block.flush(sink);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      sink.whenJournaled(resolve);
    });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The lines of the file, as many at a time as a read brings. */
async function* readLines(config: CsvConfig, context: SourceContext, counts: Counts): AsyncGenerator<string[]> {
  let lines: string[] = [];
  const splitter = new LineSplitter({
    encoding: config.encoding,
    onLine: (line) => lines.push(line),
    onTooLong: () => counts.add('tooLong'),
  });
  try {
    for await (const chunk of openBytes(config.path, context)) {
      splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      if (lines.length === 0) continue;
      yield lines;
      lines = [];
    }
  } catch (error) {
    throw inputError(config.path, error as Error);
  }
  splitter.end();
  if (lines.length > 0) yield lines;
}

function openBytes(path: string, { dir, stdin }: SourceContext): AsyncIterable<string | Uint8Array> {
  if (path === '-') {
    if (stdin) return stdin as AsyncIterable<string | Uint8Array>;
    throw new PitwallError('PW-SOURCE-INPUT', { what: 'The source reads stdin, and there is none here.' });
  }
  const file = createReadStream(resolve(dir, path));
  if (!path.endsWith('.gz')) return file;
  const unpacked = createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}

function inputError(path: string, cause: Error): PitwallError {
  if (cause instanceof PitwallError) return cause;
  return new PitwallError('PW-SOURCE-INPUT', { what: `${path} cannot be read: ${cause.message}.`, cause });
}
