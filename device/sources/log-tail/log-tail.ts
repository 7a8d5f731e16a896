import { resolve } from 'node:path';
import { z } from 'zod';
import { ChannelTable } from '../../wire/channels.js';
import { PitwallError } from '../../wire/errors.js';
import { Counts } from '../counts.js';
import { columnConfig, inferLayout, type Layout } from '../csv/columns.js';
import { RowReader } from '../csv/rows.js';
import { LINE_BYTES_MAX } from '../lines.js';
import { RowBlock } from '../row-block.js';
import type { Source, SourceContext, SourceKind, SourceSink } from '../source.js';
import { Checkpoint } from './checkpoint.js';
import { Follower } from './follower.js';

/** A record of several lines that is longer is none: a logger's block of values, not a report. */
const RECORD_LINES = 16;
const RECORD_BYTES = 64 * 1024;

const recordConfig = z.strictObject({
  /** A regular expression that fits the first line of each record, and no other line. */
  begins: z.string().min(1).refine(isPattern, 'is no regular expression'),
  maxLines: z.int().min(2).max(1000).default(RECORD_LINES),
  maxBytes: z
    .int()
    .min(64)
    .max(1024 * 1024)
    .default(RECORD_BYTES),
  /** The last record of a file is whole when so long nothing was written to it. */
  quietMs: z.int().min(10).max(60_000).default(1000),
});

const logTailConfig = z.strictObject({
  /** The file that grows, or a pattern for files that come one after the other: `*` and `?` in the last part. */
  path: z.string().min(1),
  delimiter: z.string().length(1).default(','),
  decimal: z.enum(['.', ',']).default('.'),
  encoding: z.enum(['utf8', 'windows-1252']).default('utf8'),
  /** `each`: every file begins with its header. A list: none does, and this is it. */
  header: z.union([z.literal('each'), z.array(z.string().min(1)).min(2)]).default('each'),
  time: z.strictObject({ column: z.string().min(1), form: z.enum(['s', 'ms', 'us', 'iso', 'clock']) }),
  /** `epoch`: the column tells the true time. `mapped`: it tells some time, which began when the source was started. */
  times: z.enum(['epoch', 'mapped']).default('epoch'),
  /** Given in full: there may be no file yet to tell them from. */
  channels: z.array(columnConfig.required({ scale: true })).min(1),
  /** Where a source that has no checkpoint begins. */
  startAt: z.enum(['beginning', 'end']).default('beginning'),
  pollMs: z.int().min(10).max(60_000).default(250),
  maxLineBytes: z
    .int()
    .min(64)
    .max(1024 * 1024)
    .default(LINE_BYTES_MAX),
  /** Rows are written over several lines, which are joined by the delimiter. Default: each line is a row. */
  record: recordConfig.optional(),
});
export type LogTailConfig = z.infer<typeof logTailConfig>;

/** A logger's files while it writes them → channels; goes on after a restart where the journal ends. */
export const logTailKind: SourceKind<LogTailConfig> = {
  kind: 'log-tail',
  config: logTailConfig,
  open: async (config, context) => new LogTailSource(config, context),
};

class LogTailSource implements Source {
  readonly name: string;
  readonly table: ChannelTable;
  readonly stamps: 'race' | 'own';
  readonly #config: LogTailConfig;
  readonly #context: SourceContext;
  readonly #counts = new Counts();
  readonly #block: RowBlock;
  readonly #checkpoint: Checkpoint;
  #follower: Follower | undefined;
  #sink: SourceSink | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** For the journal. */
  #isWaiting = false;

  constructor(config: LogTailConfig, context: SourceContext) {
    this.name = context.name;
    this.#config = config;
    this.#context = context;
    this.stamps = config.times === 'epoch' ? 'race' : 'own';
    this.table = new ChannelTable(
      config.channels.map(({ column, name = column, unit = '1', scale, offset = 0, rateHz = 10 }) => {
        return { name, unit, scale, offset, rateHz };
      }),
    );
    this.#block = new RowBlock(config.channels.length);
    this.#checkpoint = new Checkpoint(context.stateDir);
    if (config.header !== 'each') this.#layoutOf(config.header.join(config.delimiter));
  }

  start(sink: SourceSink): void {
    const { path, startAt, encoding, maxLineBytes, record, delimiter, header } = this.#config;
    const counts = this.#counts;
    this.#sink = sink;
    this.#follower = new Follower({
      path: resolve(this.#context.dir, path),
      places: this.#checkpoint.load(() => {
        this.#context.log.warn('the checkpoint of a source is damaged; it begins anew', { source: this.name });
        this.#counts.add('damagedCheckpoints');
      }),
      startAt,
      encoding,
      maxLineBytes,
      wallClock: this.#context.wallClock,
      counts,
      record: record && {
        ...record,
        begins: new RegExp(record.begins, 'u'),
        delimiter,
        hasHeader: header === 'each',
        counts,
      },
      quietMs: record?.quietMs ?? 0,
      reader: (header) => this.#reader(header),
      onTooLong: () => this.#counts.add('tooLong'),
    });
    this.#poll();
  }

  /** What was read is handed over already; the journal's last word stores the places. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#sink = undefined;
    if (!this.#isWaiting) this.#follower?.close();
  }

  stats(): Record<string, number> {
    return this.#counts.toJSON();
  }

  /** Reads a turn, waits until it is in the journal, stores where that was: never before. */
  #poll(): void {
    const [sink, follower] = [this.#sink, this.#follower];
    if (!sink || !follower) return;
    const before = this.#counts.get('lines') + this.#counts.get('headers');
    let hasMore = false;
    try {
      hasMore = follower.poll();
    } catch (error) {
      const { message } = error as Error;
      const what = `${this.#config.path} cannot be followed: ${message}.`;
      sink.failed(new PitwallError('PW-SOURCE-INPUT', { what, retriable: true, cause: error }));
    }
    this.#block.flush(sink);
    const isSame = this.#counts.get('lines') + this.#counts.get('headers') === before;
    if (isSame) {
      this.#again(this.#config.pollMs);
      return;
    }
    const places = follower.places;
    this.#isWaiting = true;
    sink.whenJournaled(() => {
      this.#isWaiting = false;
      this.#checkpoint.save(places);
      this.#again(hasMore ? 0 : this.#config.pollMs);
    });
  }

  #again(waitMs: number): void {
    if (this.#sink) this.#timer = setTimeout(() => this.#poll(), waitMs);
    else this.#follower?.close();
  }

  /** Each file has its own header and its own times. */
  #reader(header: string | undefined): { line: (line: string) => void; end: () => void } {
    const { header: config, delimiter } = this.#config;
    const fixed = config === 'each' ? header : config.join(delimiter);
    let rows = fixed === undefined ? undefined : this.#rowsOf(fixed);
    let hasHeader = fixed !== undefined;
    return {
      line: (line) => {
        if (hasHeader) {
          rows?.push(line);
          return;
        }
        hasHeader = true;
        this.#counts.add('headers');
        rows = this.#rowsOf(line);
      },
      end: () => rows?.end(),
    };
  }

  /** Undefined where the header lacks a column: the file is left out, the others go on. */
  #rowsOf(header: string): RowReader | undefined {
    try {
      return new RowReader(this.#layoutOf(header), this.#config, this.#counts, (timeMs, values) =>
        this.#take(timeMs, values),
      );
    } catch (error) {
      this.#counts.add('otherHeaders');
      this.#context.log.warn('a file of the log has another header', {
        source: this.name,
        error: (error as Error).message,
      });
      return undefined;
    }
  }

  #layoutOf(header: string): Layout {
    const { time, channels } = this.#config;
    return inferLayout([header.replace(/^\ufeff/, '')], this.#config, { time, channels });
  }

  #take(timeMs: number, values: Float64Array): void {
    this.#counts.add('rows');
    if (!this.#block.takes(timeMs) && this.#sink) this.#block.flush(this.#sink);
    this.#block.add(timeMs, values);
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
