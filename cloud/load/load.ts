import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { type Checkpoint, type LoadCounts, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { Examined } from './examine.js';
import { type Progress, readBytes } from './input.js';
import { LapRows, type LapState } from './lap-rows.js';
import { type RecordPosition, readRecords } from './records.js';
import { RejectFile } from './reject-file.js';
import type { RejectReason } from './rejects.js';
import type { RowTaker, TakerOptions } from './row-taker.js';
import { runRow } from './runs.js';
import { SampleRows, type SampleState } from './sample-rows.js';
import type { TableLoader } from './table-loader.js';

export interface LoadOptions {
  examined: Examined;
  /** Run (telemetry) or race (laps). */
  run: string;
  track?: string;
  /** Days until the rows expire. Default never. */
  ttlDays?: number;
  loader: TableLoader;
  checkpointPath: string;
  rejectPath: string;
  /** Forget an earlier checkpoint. */
  again: boolean;
  /** Fires to end early: what is on its way is waited for, the rest is in the checkpoint. */
  signal: AbortSignal;
  wallClock: Clock;
  onProgress(progress: LoadProgress): void;
}

export interface LoadProgress extends LoadCounts {
  file: string;
  /** Of the file as it lies on the disk. */
  readBytes: number;
  fileBytes: number;
  /** Samples or laps. */
  taken: number;
}

export interface LoadSummary extends LoadProgress {
  state: 'loaded' | 'before' | 'interrupted';
  rejects: Partial<Record<RejectReason, number>>;
  /** Undefined when no row was refused. */
  rejectPath: string | undefined;
}

const CHECKPOINT_MS = 2_000;
/** Looks at the clock, and lets answers in, every so many rows. */
const ROWS_A_TURN = 1_024;
/** When none of the first so many rows can be loaded, none will be. */
const HOPELESS_ROWS = 1_000;
const DAY_S = 86_400;

/**
 * Loads one file, from where its checkpoint stands. Memory does not grow with the file. Raises PW-LOAD-INPUT,
 * PW-LOAD-FORMAT, PW-LOAD-CHECKPOINT, and what the loader raises; the checkpoint then stands where the load ended.
 */
export async function loadFile(options: LoadOptions): Promise<LoadSummary> {
  mkdirSync(dirname(options.checkpointPath), { recursive: true, mode: 0o700 });
  const { examined, run, ttlDays = null, track = null } = options;
  const plan = JSON.stringify({ run, ttlDays, track, encoding: examined.encoding, schema: examined.schema });
  const { fingerprint } = examined.file;
  const before = options.again ? undefined : await readCheckpoint(options.checkpointPath, { fingerprint, plan });
  const load = new FileLoad(options, plan, before);
  return before?.done ? load.summary('before') : load.run();
}

class FileLoad {
  readonly #options: LoadOptions;
  readonly #plan: string;
  readonly #taker: RowTaker<SampleState | LapState>;
  readonly #rejects: RejectFile;
  readonly #before: LoadCounts;
  readonly #loaderBefore: { items: number; units: number; throttled: number; retries: number };
  readonly #startMs: number;
  readonly #read: Progress = { readBytes: 0 };
  #position: RecordPosition;
  #rows: number;
  #rejected: number;
  #checkpointMs: number;

  constructor(options: LoadOptions, plan: string, before: Checkpoint | undefined) {
    const { examined, run, ttlDays, loader, rejectPath, wallClock } = options;
    const { schema, file, markBytes } = examined;
    this.#options = options;
    this.#plan = plan;
    this.#before = before?.counts ?? ZERO;
    this.#loaderBefore = loader.stats();
    this.#startMs = wallClock.nowMs();
    this.#checkpointMs = this.#startMs;
    this.#rows = this.#before.rows;
    this.#rejected = this.#before.rejected;
    this.#position = before?.position ?? { offset: markBytes, line: 1, skip: schema.headRecords };
    this.#rejects = new RejectFile(rejectPath, before && { bytes: before.rejectBytes, byReason: before.rejects });
    const expiresAt = ttlDays === undefined ? undefined : Math.ceil(this.#startMs / 1000 + ttlDays * DAY_S);
    const takerOptions: TakerOptions = {
      schema,
      target: { run, fileId: file.fingerprint.slice(0, 8), expiresAt },
      emit: (row) => loader.put(row),
      reject: (reject) => {
        this.#rejected++;
        this.#rejects.add(reject);
      },
    };
    this.#taker =
      schema.kind === 'laps'
        ? new LapRows(takerOptions, before?.state as LapState | undefined)
        : new SampleRows(takerOptions, before?.state as SampleState | undefined);
    for (const row of before?.rows ?? []) loader.put(row);
  }

  async run(): Promise<LoadSummary> {
    const { loader, signal } = this.#options;
    const stop = () => void loader.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.#rejects.begin();
    try {
      await this.#readAll();
      if (!signal.aborted) await this.#finish();
      if (!signal.aborted) return this.summary('loaded');
      await loader.stop();
      await this.#checkpoint(false);
      return this.summary('interrupted');
    } catch (error) {
      await this.#checkpoint(false);
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#rejects.close();
    }
  }

  summary(state: LoadSummary['state']): LoadSummary {
    const rejectPath = this.#rejected > 0 ? this.#rejects.path : undefined;
    return { ...this.#progress(), state, rejects: { ...this.#rejects.byReason }, rejectPath };
  }

  async #readAll(): Promise<void> {
    const { examined, loader, signal } = this.#options;
    const { offset, line } = this.#position;
    let { skip } = this.#position;
    const bytes = readBytes(examined.file, offset, this.#read);
    const blocks = readRecords(bytes, {
      encoding: examined.encoding,
      delimiter: examined.schema.dialect.delimiter,
      offset,
      line,
    });
    for await (const block of blocks) {
      const first = Math.min(skip, block.records.length);
      skip -= first;
      for (let i = first; i < block.records.length; i++) {
        const record = block.records[i];
        this.#taker.take(record);
        if (record.text !== '' || record.broken) this.#rows++;
        // Before anything that may fail: a row that was taken is never taken again.
        this.#position = { offset: block.offset, line: block.line, skip: i + 1 };
        if (!loader.hasRoom || i % ROWS_A_TURN === 0) await this.#turn();
        if (signal.aborted) return;
      }
    }
  }

  async #turn(): Promise<void> {
    const { loader, signal, wallClock, onProgress } = this.#options;
    await loader.room();
    if (this.#rows >= HOPELESS_ROWS) this.#checkHope();
    if (!signal.aborted && wallClock.nowMs() - this.#checkpointMs >= CHECKPOINT_MS) await this.#checkpoint(false);
    onProgress(this.#progress());
  }

  async #finish(): Promise<void> {
    const { loader, examined, run, track = null, signal } = this.#options;
    this.#checkHope();
    this.#taker.end();
    await loader.flush();
    if (signal.aborted) return;
    const { kind } = examined.schema;
    const { file } = examined;
    const counts = { rows: this.#rows, taken: this.#taker.taken };
    const loaded = { ...this.#taker.seen.state(), ...counts, run, kind, track, file: file.name };
    loader.put(runRow(file.fingerprint, loaded));
    await loader.flush();
    if (!signal.aborted) await this.#checkpoint(true);
  }

  /** Raises PW-LOAD-FORMAT when every row was refused. */
  #checkHope(): void {
    if (this.#rows === 0 || this.#rejected < this.#rows) return;
    const reasons = Object.entries(this.#rejects.byReason).sort(([, a], [, b]) => b - a);
    throw new PitwallError('PW-LOAD-FORMAT', {
      what: `None of the first ${this.#rows} rows of ${this.#options.examined.file.path} could be loaded (${reasons.map(([reason]) => reason).join(', ')}).`,
      fix: `See ${this.#rejects.path}; give --delimiter, --decimal or --map.`,
    });
  }

  async #checkpoint(done: boolean): Promise<void> {
    const { examined, loader, checkpointPath } = this.#options;
    this.#checkpointMs = this.#options.wallClock.nowMs();
    await writeCheckpoint(checkpointPath, {
      v: 1,
      fingerprint: examined.file.fingerprint,
      plan: this.#plan,
      position: this.#position,
      state: this.#taker.state(),
      rows: loader.unwritten(),
      counts: this.#counts(),
      rejectBytes: this.#rejects.flush(),
      rejects: this.#rejects.byReason,
      done,
    });
  }

  #counts(): LoadCounts {
    const now = this.#options.loader.stats();
    const since = (name: 'items' | 'units' | 'throttled' | 'retries') =>
      this.#before[name] + now[name] - this.#loaderBefore[name];
    return {
      rows: this.#rows,
      rejected: this.#rejected,
      items: since('items'),
      units: since('units'),
      throttled: since('throttled'),
      retries: since('retries'),
      elapsedMs: this.#before.elapsedMs + this.#options.wallClock.nowMs() - this.#startMs,
    };
  }

  #progress(): LoadProgress {
    const { path, bytes } = this.#options.examined.file;
    return {
      file: path,
      fileBytes: bytes,
      readBytes: this.#read.readBytes,
      taken: this.#taker.taken,
      ...this.#counts(),
    };
  }
}

const ZERO: LoadCounts = { rows: 0, rejected: 0, items: 0, units: 0, throttled: 0, retries: 0, elapsedMs: 0 };
