import { splitCells } from '#wire/csv/dialect.js';
import type { ClockState } from '#wire/csv/time.js';
import { TimeReader } from '#wire/csv/time.js';
import { isNothing, roundMs } from './cells.js';
import type { LoadRow } from './load-row.js';
import type { TableRecord } from './records.js';
import { type Reject, Rejected } from './rejects.js';
import { CALENDAR_MAX_MS, CALENDAR_MIN_MS, type Column, type Schema } from './schema.js';
import { SeenKeys, type SeenState } from './seen-keys.js';

/** How a load names what it writes. */
export interface Target {
  /** Run (telemetry) or race (laps). */
  run: string;
  fileId: string;
  /** Epoch seconds. */
  expiresAt?: number;
}

export interface TakerOptions {
  schema: Schema;
  target: Target;
  emit(row: LoadRow): void;
  reject(reject: Reject): void;
}

/** What every kind of table keeps between rows. */
export interface TakerState {
  clock: ClockState;
  seen: SeenState;
}

/** Keys have three parts and at most 2,048 bytes (DynamoDB); names that need more are damage. */
const NAME_BYTES_MAX = 128;

/** Rows → rows of tables. Each kind of table has one of these. */
export interface RowTaker<State extends TakerState = TakerState> {
  take(record: TableRecord): void;
  /** What is still in hand goes out. */
  end(): void;
  state(): State;
  /** Keys that were written, for the row of the run. */
  readonly seen: SeenKeys;
  /** Samples or laps so far. */
  readonly taken: number;
}

/** What the kinds have in common: cells of a row, its time, its owner, and what happens to a row that is none. */
export class RowCells {
  readonly schema: Schema;
  readonly seen: SeenKeys;
  cells: string[] = [];
  line = 0;
  readonly #reject: (reject: Reject) => void;
  readonly #times: TimeReader | undefined;
  readonly #timeAt: number;
  readonly #known = new Map<string, string>();
  #lastTime: string | undefined;
  #lastMs = Number.NaN;

  constructor({ schema, reject }: TakerOptions, state?: TakerState) {
    this.schema = schema;
    this.#reject = reject;
    this.#timeAt = this.at('time');
    if (schema.timeForm) this.#times = new TimeReader(schema.timeForm, schema.dialect.decimal, state?.clock);
    this.seen = new SeenKeys(state?.seen);
  }

  /** Column of a role, −1 where there is none. */
  at(role: Column['role']): number {
    return this.schema.columns.findIndex((column) => column.role === role);
  }

  /** Gives the cells of a record to `use`; what that throws as `Rejected` goes to the reject file. */
  read(record: TableRecord, use: () => void): void {
    try {
      if (record.broken) throw new Rejected(record.broken);
      if (record.text === '') return;
      this.line = record.line;
      this.cells = splitCells(record.text, this.schema.dialect.delimiter);
      if (this.cells.length !== this.schema.columns.length) throw new Rejected('cell-count');
      use();
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      const { reason, column } = error;
      this.#reject({ line: record.line, reason, ...(column !== undefined && { column }), text: record.text });
    }
  }

  /** Epoch ms. Samples of one moment stand together in long tables, so the last time is kept. */
  timeMs(): number {
    const cell = this.cells[this.#timeAt];
    if (cell === this.#lastTime) return this.#lastMs;
    const column = this.schema.columns[this.#timeAt].title;
    if (!this.#times || isNothing(cell)) throw new Rejected('no-time', column);
    const readMs = this.#times.read(cell);
    if (Number.isNaN(readMs)) throw new Rejected('bad-time', column);
    const isCalendar = readMs >= CALENDAR_MIN_MS && this.schema.timeForm !== 'clock';
    const ms = roundMs(isCalendar ? readMs : this.schema.startMs + readMs);
    this.checkTime(ms, column);
    this.#lastTime = cell;
    this.#lastMs = ms;
    return ms;
  }

  checkTime(ms: number, column?: string): void {
    if (ms < CALENDAR_MIN_MS || ms >= CALENDAR_MAX_MS) throw new Rejected('time-range', column);
  }

  /** A name that can be a part of a key: of a thing, an entry, a channel. */
  name(at: number): string {
    const cell = at < 0 ? (this.schema.thing ?? '') : this.cells[at];
    const known = this.#known.get(cell);
    if (known !== undefined) return known;
    const column = this.schema.columns[at]?.title;
    if (isNothing(cell)) throw new Rejected('no-name', column);
    if (!isKeyName(cell)) throw new Rejected('bad-name', column);
    // A text of its own: a cell would keep the whole piece of the file that it was cut from.
    const own = Buffer.from(cell).toString();
    if (this.#known.size < KNOWN_MAX) this.#known.set(own, own);
    return own;
  }

  state(): TakerState {
    return { clock: this.#times?.state ?? { dayMs: 0, lastMs: null }, seen: this.seen.state() };
  }
}

/** Names kept as texts of their own. */
const KNOWN_MAX = 16_384;

export function isKeyName(text: string): boolean {
  return text !== '' && !text.includes('#') && Buffer.byteLength(text) <= NAME_BYTES_MAX;
}
