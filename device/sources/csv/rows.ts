import { type Dialect, parseNumber, splitCells } from '../../wire/csv/dialect.js';
import { TimeReader } from '../../wire/csv/time.js';
import type { Counts } from '../counts.js';
import type { Layout } from './columns.js';

/** So many rows on end, each before the last good one, are no slips: the clock was set back, or the good one was the slip. */
const STEP_BACK_ROWS = 4;

/** Where the values of rows go: one for each channel, NaN = missing. Used again after the call. */
export type OnRow = (timeMs: number, values: Float64Array) => void;

/**
 * Lines of values → rows in order of time. Rows of a long table that have the same time become one. What cannot be used is
 * counted: `shortRows`, `badTimes`, `outOfOrder` (left out), `stepsBack`, `badCells` (missing), `otherRows`.
 */
export class RowReader {
  readonly #layout: Layout;
  readonly #dialect: Dialect;
  readonly #counts: Counts;
  readonly #onRow: OnRow;
  readonly #times: TimeReader;
  readonly #values: Float64Array;
  readonly #width: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Rows on end that came before `#lastMs`, and the time of the last of them. */
  #earlier = 0;
  #earlierMs = 0;
  #isUnderWay = false;

  constructor(layout: Layout, dialect: Dialect, counts: Counts, onRow: OnRow) {
    this.#layout = layout;
    this.#dialect = dialect;
    this.#counts = counts;
    this.#onRow = onRow;
    this.#times = new TimeReader(layout.timeForm, dialect.decimal);
    this.#values = new Float64Array(layout.specs.length).fill(Number.NaN);
    const { timeColumn, columns, long, where } = layout;
    const used = [
      timeColumn,
      ...columns,
      ...where.map(({ column }) => column),
      ...(long ? [long.name, long.value] : []),
    ];
    this.#width = Math.max(...used) + 1;
  }

  push(line: string): void {
    if (line === '') return;
    this.#counts.add('lines');
    const cells = splitCells(line, this.#dialect.delimiter);
    if (cells.length < this.#width) {
      this.#counts.add('shortRows');
      return;
    }
    if (!this.#layout.where.every(({ column, text }) => cells[column] === text)) {
      this.#counts.add('otherRows');
      return;
    }
    const timeMs = this.#times.read(cells[this.#layout.timeColumn]);
    if (Number.isNaN(timeMs)) {
      this.#counts.add('badTimes');
      return;
    }
    if (timeMs < this.#lastMs && !this.#isStepBack(timeMs)) {
      this.#counts.add('outOfOrder');
      return;
    }
    this.#earlier = 0;
    if (this.#layout.long) this.#pushLong(timeMs, cells, this.#layout.long);
    else this.#pushWide(timeMs, cells);
  }

  /** Tells the row under way of a long table. */
  end(): void {
    if (!this.#isUnderWay) return;
    this.#isUnderWay = false;
    this.#onRow(this.#lastMs, this.#values);
    this.#values.fill(Number.NaN);
  }

  #isStepBack(timeMs: number): boolean {
    this.#earlier = this.#earlier > 0 && timeMs >= this.#earlierMs ? this.#earlier + 1 : 1;
    this.#earlierMs = timeMs;
    if (this.#earlier < STEP_BACK_ROWS) return false;
    this.#counts.add('stepsBack');
    this.end();
    this.#lastMs = timeMs;
    return true;
  }

  #pushWide(timeMs: number, cells: readonly string[]): void {
    this.#lastMs = timeMs;
    const { columns } = this.#layout;
    for (let channel = 0; channel < columns.length; channel++) {
      this.#values[channel] = this.#valueOf(cells[columns[channel]]);
    }
    this.#onRow(timeMs, this.#values);
  }

  #pushLong(timeMs: number, cells: readonly string[], long: NonNullable<Layout['long']>): void {
    if (timeMs > this.#lastMs) this.end();
    this.#lastMs = timeMs;
    const channel = long.channelByName.get(cells[long.name]);
    if (channel === undefined) {
      this.#counts.add('otherRows');
      return;
    }
    this.#values[channel] = this.#valueOf(cells[long.value]);
    this.#isUnderWay = true;
  }

  #valueOf(cell: string): number {
    const value = parseNumber(cell, this.#dialect.decimal);
    if (cell !== '' && Number.isNaN(value)) this.#counts.add('badCells');
    return value;
  }
}
