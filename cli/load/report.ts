import type { LoadProgress, LoadSummary } from '#cloud/load/load.js';
import { progressLine, summaryText } from './text.js';

/** Redrawn on a terminal so often; elsewhere a line so often. */
const BAR_MS = 200;
const LINE_MS = 5_000;
const JSON_MS = 1_000;
/** Rates are over so long. */
const WINDOW_MS = 5_000;

type Mark = { atMs: number; rows: number; units: number; readBytes: number };

/** Tells how a load goes on: a bar or lines on stderr, or JSON lines on stdout. */
export class LoadReport {
  readonly #json: boolean;
  readonly #nowMs: () => number;
  readonly #isTerminal = process.stderr.isTTY === true;
  #marks: Mark[] = [];
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(json: boolean, nowMs: () => number) {
    this.#json = json;
    this.#nowMs = nowMs;
  }

  progress(progress: LoadProgress): void {
    const atMs = this.#nowMs();
    if (atMs - this.#toldMs < (this.#json ? JSON_MS : this.#isTerminal ? BAR_MS : LINE_MS)) return;
    this.#toldMs = atMs;
    const { rows, units, readBytes } = progress;
    this.#marks.push({ atMs, rows, units, readBytes });
    // The newest mark before the window begins it.
    while (this.#marks.length > 2 && this.#marks[1].atMs <= atMs - WINDOW_MS) this.#marks.shift();
    const [first] = this.#marks;
    const seconds = (atMs - first.atMs) / 1000;
    const rate = (now: number, before: number) => (seconds > 0 ? (now - before) / seconds : 0);
    const bytesPerS = rate(readBytes, first.readBytes);
    const now = {
      rowsPerS: rate(rows, first.rows),
      unitsPerS: rate(units, first.units),
      etaS: bytesPerS > 0 ? (progress.fileBytes - readBytes) / bytesPerS : null,
    };
    if (this.#json) process.stdout.write(`${JSON.stringify({ type: 'progress', ...progress, ...now })}\n`);
    else if (this.#isTerminal) process.stderr.write(`\r\u001b[K${progressLine(progress, now)}`);
    else process.stderr.write(`${progressLine(progress, now)}\n`);
  }

  summary(summary: LoadSummary, provisionedUnits: number | undefined): void {
    if (this.#isTerminal && !this.#json && this.#marks.length > 0) process.stderr.write('\r\u001b[K');
    this.#marks = [];
    this.#toldMs = Number.NEGATIVE_INFINITY;
    if (this.#json) {
      const tableUnitsPerS = provisionedUnits ?? null;
      process.stdout.write(`${JSON.stringify({ type: 'summary', ...summary, tableUnitsPerS })}\n`);
    } else process.stdout.write(`${summaryText(summary, provisionedUnits)}\n`);
  }
}
