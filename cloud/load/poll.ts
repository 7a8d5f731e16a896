import { createHash } from 'node:crypto';
import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Random } from '#wire/random.js';
import { backOffMs, pause } from '../streams/back-off.js';
import { csvLine, type JsonTable, jsonTable } from './json-rows.js';
import { LapRows } from './lap-rows.js';
import type { LoadProgress, LoadSummary } from './load.js';
import { RejectFile } from './reject-file.js';
import type { RowTaker, TakerOptions } from './row-taker.js';
import { SampleRows } from './sample-rows.js';
import { inferSchema, type Schema, type SchemaOptions } from './schema.js';
import type { TableLoader } from './table-loader.js';

/** Asks for a document; raises when there is none. */
export type GetText = (url: string, signal: AbortSignal) => Promise<string>;

export interface PollOptions {
  url: string;
  get: GetText;
  /** Between two questions, ms. */
  everyMs: number;
  /** Ends after so many answers; 0 = when the signal fires. */
  polls: number;
  /** Where the rows are; see `jsonTable`. */
  path?: string;
  looked: Looked;
  run: string;
  ttlDays?: number;
  loader: TableLoader;
  rejectPath: string;
  signal: AbortSignal;
  wallClock: Clock;
  random: Random;
  onProgress(progress: LoadProgress): void;
}

/** A live endpoint that was asked once. */
export interface Looked {
  schema: Schema;
  titles: string[];
}

const RETRY = { firstMs: 500, lastMs: 30_000 };
/** Questions in a row without an answer. */
const FAILURES_MAX = 10;
/** Rows that are known, the newest: one that has not changed is not written again. */
const SEEN_MAX = 100_000;
const DAY_S = 86_400;

/** Asks once, to see what there is. Raises PW-LOAD-POLL, PW-LOAD-FORMAT, PW-LOAD-COLUMN. */
export async function lookAt(
  url: string,
  get: GetText,
  options: SchemaOptions & { path?: string },
  signal: AbortSignal,
): Promise<Looked> {
  const { titles, rows } = await ask(url, get, options.path, signal);
  const header = Object.fromEntries(titles.map((title) => [title, title]));
  const lines = [header, ...rows].map((row) => csvLine(titles, row));
  return { schema: inferSchema(lines, { ...options, delimiter: ',', decimal: '.' }), titles };
}

/**
 * Asks again and again and loads what is new. Each sample is an item of its own under its event time, so an answer that comes
 * again after a restart writes over the same items. Raises PW-LOAD-POLL when nothing answers, and what the loader raises.
 */
export async function poll(options: PollOptions): Promise<LoadSummary> {
  return new Poller(options).run();
}

class Poller {
  readonly #options: PollOptions;
  readonly #taker: RowTaker;
  readonly #rejects: RejectFile;
  readonly #seen = new Set<string>();
  readonly #startMs: number;
  #rows = 0;
  #rejected = 0;
  #bytes = 0;
  /** Questions without an answer. */
  #failures = 0;

  constructor(options: PollOptions) {
    const { looked, run, ttlDays, loader, url, rejectPath, wallClock } = options;
    this.#options = options;
    this.#startMs = wallClock.nowMs();
    this.#rejects = new RejectFile(rejectPath);
    const expiresAt = ttlDays === undefined ? undefined : Math.ceil(this.#startMs / 1000 + ttlDays * DAY_S);
    const takerOptions: TakerOptions = {
      schema: looked.schema,
      target: { run, fileId: digest(url).slice(0, 8), expiresAt },
      emit: (row) => loader.put(row),
      reject: (reject) => {
        this.#rejected++;
        this.#rejects.add(reject);
      },
    };
    this.#taker = looked.schema.kind === 'laps' ? new LapRows(takerOptions) : new SampleRows(takerOptions);
  }

  async run(): Promise<LoadSummary> {
    const { signal, polls, everyMs, loader, onProgress } = this.#options;
    this.#rejects.begin();
    try {
      for (let n = 0; !signal.aborted && (polls === 0 || n < polls); n++) {
        if (n > 0) await pause(everyMs, signal);
        const table = await this.#answer();
        if (!table) break;
        await this.#take(table);
        onProgress(this.#progress());
      }
      await loader.flush();
      const rejectPath = this.#rejected > 0 ? this.#rejects.path : undefined;
      const state = signal.aborted ? 'interrupted' : 'loaded';
      return { ...this.#progress(), state, rejects: { ...this.#rejects.byReason }, rejectPath };
    } finally {
      this.#rejects.close();
    }
  }

  /** Undefined when the signal fired first. */
  async #answer(): Promise<JsonTable | undefined> {
    const { url, get, path, signal, random } = this.#options;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        const counted: GetText = async (...wanted) => {
          const text = await get(...wanted);
          this.#bytes += Buffer.byteLength(text);
          return text;
        };
        return await ask(url, counted, path, signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#failures++;
        if (failures === FAILURES_MAX) throw error;
        await pause(backOffMs(failures, RETRY, random), signal);
      }
    }
    return undefined;
  }

  async #take({ rows }: JsonTable): Promise<void> {
    const { loader, looked } = this.#options;
    for (const row of rows) {
      const text = csvLine(looked.titles, row);
      const print = digest(text);
      if (this.#seen.has(print)) continue;
      this.#seen.add(print);
      if (this.#seen.size > SEEN_MAX) {
        const [oldest] = this.#seen;
        this.#seen.delete(oldest);
      }
      this.#rows++;
      // No lines are counted here: the time alone is the key of a sample.
      this.#taker.take({ line: 0, text });
      this.#taker.end();
      if (!loader.hasRoom) await loader.room();
    }
  }

  #progress(): LoadProgress {
    const { items, units, throttled, retries } = this.#options.loader.stats();
    const elapsedMs = this.#options.wallClock.nowMs() - this.#startMs;
    const calls = { items, units, throttled, retries: retries + this.#failures };
    const counts = { rows: this.#rows, rejected: this.#rejected, ...calls, elapsedMs };
    return { file: this.#options.url, fileBytes: 0, readBytes: this.#bytes, taken: this.#taker.taken, ...counts };
  }
}

async function ask(url: string, get: GetText, path: string | undefined, signal: AbortSignal): Promise<JsonTable> {
  try {
    return jsonTable(JSON.parse(await get(url, signal)), path);
  } catch (cause) {
    if (cause instanceof PitwallError) throw cause;
    const why = cause instanceof Error ? cause.message : errorCode(cause);
    throw new PitwallError('PW-LOAD-POLL', { what: `${url} gave no rows: ${why}.`, retriable: true, cause });
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);
