/**
 * Replays the outbox: what failed is done again, message by message, oldest first. A line is marked when its actions are
 * settled, the marks synced before the next window: a crash replays at most one window twice, and readers drop duplicates by
 * identity. What fails again keeps its place.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { PitwallError } from '#wire/errors.js';
import type { KeptMessage, Outbox, OutboxSegment } from './actions/outbox.js';
import type { ReplayOutcome } from './replay.js';

export interface RedriveReport {
  /** Messages found that were not replayed before. */
  found: number;
  /** All their failed actions are sent now. */
  replayed: number;
  /** Their rule no longer wants them: marked, not sent. */
  filtered: number;
  /** Failed again, or their rule is gone: they stay. */
  failed: number;
  ruleGone: number;
  /** Lines that are no message: their segment stays. */
  damaged: number;
  segmentsRemoved: number;
  /** Of the first that failed. */
  firstFailure?: string;
  /** A whole window failed: the service is still away, the rest was left alone. */
  gaveUp: boolean;
}

export interface RedriveOptions {
  outbox: Pick<Outbox, 'closedSegments' | 'remove'>;
  replay(kept: KeptMessage): Promise<ReplayOutcome>;
  /** Told after every window. */
  progress?(report: RedriveReport): void;
  /** Messages under way at a time. Default 500: what one PutRecords carries. */
  window?: number;
}

const WINDOW = 500;
/** A line of the marks. */
const MARK = /^\d+ ok$/;

interface Line {
  offset: number;
  /** Undefined: damaged. */
  kept: KeptMessage | undefined;
}

/**
 * Replays every closed segment of the outbox. One at a time per outbox.
 *
 * @example await redrive({ outbox, replay: (kept) => engine.replay(kept) }); // { found: 3, replayed: 3, … }
 */
export async function redrive(options: RedriveOptions): Promise<RedriveReport> {
  const report: RedriveReport = {
    found: 0,
    replayed: 0,
    filtered: 0,
    failed: 0,
    ruleGone: 0,
    damaged: 0,
    segmentsRemoved: 0,
    gaveUp: false,
  };
  for (const segment of await options.outbox.closedSegments()) {
    const left = await redriveSegment(segment, options, report);
    if (report.gaveUp) break;
    if (left === 0) {
      await options.outbox.remove(segment);
      report.segmentsRemoved++;
    }
  }
  return report;
}

/** Returns how many lines still need a replay. */
async function redriveSegment(
  segment: OutboxSegment,
  { replay, progress, window = WINDOW }: RedriveOptions,
  report: RedriveReport,
): Promise<number> {
  const marks = await openMarks(segment.marksPath);
  try {
    const lines = linesOf(await readFile(segment.path)).filter(({ offset }) => !marks.done.has(offset));
    const whole = lines.filter((line): line is Line & { kept: KeptMessage } => line.kept !== undefined);
    report.damaged += lines.length - whole.length;
    report.found += whole.length;
    let left = lines.length - whole.length;
    for (let from = 0; from < whole.length; from += window) {
      const batch = whole.slice(from, from + window);
      const outcomes = await Promise.all(batch.map(({ kept }) => replay(kept).catch(failed)));
      const done = batch.filter((_, i) => outcomes[i].kind === 'sent' || outcomes[i].kind === 'filtered');
      await marks.add(done.map(({ offset }) => offset));
      count(outcomes, report);
      left += batch.length - done.length;
      progress?.(report);
      if (outcomes.every(({ kind }) => kind === 'failed')) {
        report.gaveUp = true;
        return left;
      }
    }
    return left;
  } finally {
    await marks.file.close();
  }
}

const failed = (error: unknown): ReplayOutcome => ({ kind: 'failed', errorMessage: String(error) });

function count(outcomes: ReplayOutcome[], report: RedriveReport): void {
  for (const outcome of outcomes) {
    if (outcome.kind === 'sent') report.replayed++;
    else report[outcome.kind]++;
    if (outcome.kind === 'failed') report.firstFailure ??= outcome.errorMessage;
  }
}

interface Marks {
  file: FileHandle;
  done: ReadonlySet<number>;
  /** Resolves when they survive a crash. */
  add(offsets: number[]): Promise<void>;
}

/** @throws PitwallError `PW-OUTBOX-STORE` */
async function openMarks(path: string): Promise<Marks> {
  try {
    const file = await open(path, 'a+', 0o600);
    const text = await file.readFile('utf8');
    // A crash may leave part of a mark: it gets its line's end, and is never taken for a mark.
    if (text !== '' && !text.endsWith('\n')) await file.appendFile('\n');
    const done = new Set(text.split('\n').flatMap((line) => (MARK.test(line) ? [Number.parseInt(line, 10)] : [])));
    return {
      file,
      done,
      add: async (offsets) => {
        if (offsets.length === 0) return;
        await file.appendFile(offsets.map((offset) => `${offset} ok\n`).join(''));
        await file.datasync();
      },
    };
  } catch (cause) {
    throw new PitwallError('PW-OUTBOX-STORE', { what: `The marks ${path} cannot be read or written.`, cause });
  }
}

/** What follows the last line's end was torn by a crash before it counted as kept. */
function linesOf(bytes: Buffer): Line[] {
  const lines: Line[] = [];
  for (let offset = 0, end = bytes.indexOf(0x0a); end >= 0; offset = end + 1, end = bytes.indexOf(0x0a, offset)) {
    lines.push({ offset, kept: parse(bytes.toString('utf8', offset, end)) });
  }
  return lines;
}

function parse(text: string): KeptMessage | undefined {
  try {
    const kept = JSON.parse(text) as Partial<KeptMessage> | null;
    const { message, replay } = kept ?? {};
    const whole = typeof message?.base64OriginalPayload === 'string' && Array.isArray(message.failures) && replay;
    return whole ? (kept as KeptMessage) : undefined;
  } catch {
    return undefined;
  }
}
