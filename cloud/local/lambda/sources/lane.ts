import {
  type Batch,
  type DiscardReason,
  ENVELOPE_BYTES,
  type LaneWork,
  type Outcome,
  PAYLOAD_BYTES_MAX,
  type SourceRecord,
} from './batch.js';
import type { BatchSettings } from './settings.js';
import { type SavedWindow, Tumbling } from './tumbling.js';

interface Pending {
  record: SourceRecord;
  /** When the lane took it: a batch window counts from its first record. */
  acceptedMs: number;
}

export interface LaneCounters {
  /** Invocations that failed, whole batches or parts of them. */
  failures: number;
  /** Batches tried again as they were. */
  retries: number;
  bisections: number;
  /** Answers that named some of the records. */
  partialFailures: number;
}

/**
 * Records whose order matters to each other, one batch under way at a time. Pure: time comes in with the calls, what is to
 * be done goes out as work, and how that ended comes back through `settle` or `discarded`.
 */
export class Lane {
  readonly counters: LaneCounters = { failures: 0, retries: 0, bisections: 0, partialFailures: 0 };
  readonly #settings: BatchSettings;
  readonly #backOffMs: (tries: number) => number;
  readonly #tumbling: Tumbling | undefined;
  /** Not in a batch yet. */
  #pending: Pending[] = [];
  /** Batches that failed, or are parts of one that did, in order; all of them before anything pending. */
  readonly #again: Batch[] = [];
  /** The first of `#again`, when it is to be given up: nothing of this lane may pass it. */
  #exhausted: Batch | undefined;
  #underWay: LaneWork | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #isEnded = false;

  constructor(settings: BatchSettings, backOffMs: (tries: number) => number, saved?: SavedWindow) {
    this.#settings = settings;
    this.#backOffMs = backOffMs;
    if (settings.tumblingWindowMs > 0) this.#tumbling = new Tumbling(settings.tumblingWindowMs, saved);
  }

  /** Nothing to do, now or later, unless records come. */
  get isIdle(): boolean {
    const isEmpty = this.#underWay === undefined && this.#again.length === 0 && this.#pending.length === 0;
    return isEmpty && this.#tumbling?.open === undefined;
  }

  /** Open window, to be stored with the position. */
  get window(): SavedWindow | undefined {
    return this.#tumbling?.open;
  }

  accept(record: SourceRecord, nowMs: number): void {
    this.#pending.push({ record, acceptedMs: nowMs });
  }

  /** No more records come: what waits for a batch or a window to fill goes now. */
  end(): void {
    this.#isEnded = true;
  }

  /** What is to be done now, if anything; the lane waits until it is told the end of it. */
  next(nowMs: number): LaneWork | undefined {
    if (this.#underWay !== undefined || nowMs < this.#notBeforeMs) return undefined;
    const again = this.#again[0];
    const work = again === undefined ? this.#fresh(nowMs) : this.#judge(again, nowMs);
    if (work === undefined) return undefined;
    if (again !== undefined) this.#takeAgain(work.batch);
    if (work.kind === 'invoke') work.batch.invocations++;
    this.#underWay = work;
    return work;
  }

  /** When `next` may give something though nothing happens until then; undefined = it will not. */
  wakeAtMs(): number | undefined {
    if (this.#underWay !== undefined) return undefined;
    if (this.#again.length > 0) return this.#notBeforeMs;
    if (this.#pending.length > 0) {
      return Math.max(this.#notBeforeMs, this.#pending[0].acceptedMs + this.#settings.batchWindowMs);
    }
    return this.#tumbling?.closesAtMs;
  }

  /** How the invocation ended. Returns the records that are done with. */
  settle(outcome: Outcome, nowMs: number): readonly SourceRecord[] {
    const { batch } = this.#leave('invoke');
    batch.tries++;
    if (outcome.kind === 'notReached') {
      batch.invocations--;
      this.#tryAgain(batch, nowMs);
      return [];
    }
    batch.isUnhandled = outcome.kind === 'failed';
    if (outcome.kind === 'failed' || outcome.failedFrom === 0) {
      this.counters.failures++;
      this.#failed(batch, nowMs);
      return [];
    }
    if (batch.window !== undefined) this.#tumbling?.answered(batch, outcome.state ?? '{}');
    const { failedFrom } = outcome;
    if (failedFrom === undefined) return batch.records;
    this.counters.failures++;
    this.counters.partialFailures++;
    this.#partlyFailed(batch, failedFrom, nowMs);
    return batch.records.slice(0, failedFrom);
  }

  /** The destination knows, or there is none. Returns the records that are done with. */
  discarded(): readonly SourceRecord[] {
    const { batch } = this.#leave('discard');
    if (batch.window?.isFinal) this.#tumbling?.close();
    return batch.records;
  }

  #leave(kind: LaneWork['kind']): LaneWork {
    const work = this.#underWay;
    if (work?.kind !== kind) throw new Error(`No ${kind} is under way in this lane.`);
    this.#underWay = undefined;
    return work;
  }

  /** A batch of what is pending, when there is reason to make one. */
  #fresh(nowMs: number): LaneWork | undefined {
    const final = this.#tumbling?.final(this.#pending[0]?.record, this.#isEnded, nowMs);
    if (final !== undefined) return this.#judge(newBatch([], final), nowMs);
    const first = this.#pending[0];
    if (first === undefined) return undefined;
    const expired = this.#leading((record) => this.#isTooOld(record, nowMs));
    if (expired > 0) return discard(newBatch(this.#take(expired)), 'RecordAgeExceeded');
    if (first.record.bytes > this.#roomBytes()) return discard(newBatch(this.#take(1)), 'PayloadSizeExceeded');
    this.#tumbling?.enter(first.record);
    const { batchSize, batchWindowMs } = this.#settings;
    let bytes = 0;
    const roomBytes = this.#roomBytes();
    const fitting = this.#leading((record, index) => {
      bytes += record.bytes + 1;
      return index < batchSize && bytes <= roomBytes && (this.#tumbling?.holds(record) ?? true);
    });
    const isCut = fitting === batchSize || fitting < this.#pending.length;
    if (!isCut && !this.#isEnded && nowMs < first.acceptedMs + batchWindowMs) return undefined;
    return { kind: 'invoke', batch: newBatch(this.#take(fitting), this.#tumbling?.current()) };
  }

  /** A batch that is about to be tried, without those of its records that have become too old. */
  #judge(batch: Batch, nowMs: number): LaneWork {
    const { records, window } = batch;
    if (batch === this.#exhausted) {
      this.#exhausted = undefined;
      return discard(batch, 'RetryAttemptsExhausted');
    }
    if (window?.isFinal) {
      const { recordAgeMaxMs } = this.#settings;
      const lastMs = this.#tumbling?.open?.last?.arrivalMs ?? window.endMs;
      if (recordAgeMaxMs >= 0 && nowMs - lastMs > recordAgeMaxMs) return discard(batch, 'RecordAgeExceeded');
      return { kind: 'invoke', batch };
    }
    let expired = 0;
    while (expired < records.length && this.#isTooOld(records[expired], nowMs)) expired++;
    if (expired > 0) return discard({ ...batch, records: records.slice(0, expired) }, 'RecordAgeExceeded');
    // The window's state may have moved on since the batch was made.
    if (window !== undefined) batch.window = this.#tumbling?.current();
    return { kind: 'invoke', batch };
  }

  /** Takes the first waiting batch off, as far as `taken` has its records. */
  #takeAgain(taken: Batch): void {
    const [batch] = this.#again;
    const rest = batch.records.slice(taken.records.length);
    if (rest.length === 0) this.#again.shift();
    else this.#again[0] = { ...batch, records: rest };
  }

  #failed(batch: Batch, nowMs: number): void {
    const { bisectOnError, retryAttemptsMax } = this.#settings;
    const { records } = batch;
    if (bisectOnError && records.length > 1) {
      // Does not count against the retry attempts.
      const middle = Math.ceil(records.length / 2);
      this.counters.bisections++;
      this.#again.unshift(
        { ...batch, records: records.slice(0, middle), tries: 0 },
        { ...batch, records: records.slice(middle), tries: 0 },
      );
      this.#notBeforeMs = nowMs + this.#backOffMs(1);
      return;
    }
    batch.failures++;
    if (retryAttemptsMax >= 0 && batch.failures > retryAttemptsMax) {
      this.#again.unshift(batch);
      this.#exhausted = batch;
    } else {
      this.counters.retries++;
      this.#tryAgain(batch, nowMs);
    }
  }

  #partlyFailed(batch: Batch, failedFrom: number, nowMs: number): void {
    const rest: Batch = { ...batch, records: batch.records.slice(failedFrom), tries: 0, failures: 0 };
    if (this.#settings.bisectOnError) {
      // The answer has said where to cut, so that is the bisection.
      this.counters.bisections++;
      this.#again.unshift(rest);
      this.#notBeforeMs = nowMs + this.#backOffMs(1);
      return;
    }
    // The record at its head is another one: attempts are its own.
    this.#failed(rest, nowMs);
  }

  #tryAgain(batch: Batch, nowMs: number): void {
    this.#again.unshift(batch);
    this.#notBeforeMs = nowMs + this.#backOffMs(Math.max(1, batch.tries));
  }

  #isTooOld({ arrivalMs }: SourceRecord, nowMs: number): boolean {
    const { recordAgeMaxMs } = this.#settings;
    return recordAgeMaxMs >= 0 && nowMs - arrivalMs > recordAgeMaxMs;
  }

  #roomBytes(): number {
    return PAYLOAD_BYTES_MAX - ENVELOPE_BYTES - Buffer.byteLength(this.#tumbling?.open?.state ?? '');
  }

  #leading(isIn: (record: SourceRecord, index: number) => boolean): number {
    let count = 0;
    while (count < this.#pending.length && isIn(this.#pending[count].record, count)) count++;
    return count;
  }

  #take(count: number): SourceRecord[] {
    const taken = this.#pending.slice(0, count).map(({ record }) => record);
    this.#pending = this.#pending.slice(count);
    return taken;
  }
}

const discard = (batch: Batch, reason: DiscardReason): LaneWork => ({ kind: 'discard', batch, reason });

function newBatch(records: readonly SourceRecord[], window?: Batch['window']): Batch {
  return { records, failures: 0, tries: 0, invocations: 0, isUnhandled: false, ...(window && { window }) };
}
