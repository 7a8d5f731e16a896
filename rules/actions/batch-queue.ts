import type { Clock } from '#wire/clock.js';
import type { Random } from '#wire/random.js';
import type { ActionName, Delivery, EntryQueue } from './action.js';
import type { Sender, SendResult } from './senders.js';

/** What a service takes in one call. */
export interface BatchLimits {
  entries: number;
  bytes: number;
  /** Entries that may wait; more fail at once. Absent: the engine's own bound. */
  entriesMax?: number;
}

/** How often and how patiently an entry is sent. Wall time. */
export interface RetryLimits {
  /** Sends in all, the first included. */
  attempts: number;
  backoffMs: number;
  backoffMsMax: number;
}

export interface BatchQueueOptions<Entry> {
  sender: Sender<Entry>;
  limits: BatchLimits;
  retry: RetryLimits;
  /** How long an entry may wait for others to share its call. */
  lingerMs: number;
  wall: Clock;
  random: Random;
}

interface Pending<Entry> {
  entry: Entry;
  bytes: number;
  action: ActionName;
  delivery: Delivery;
  queuedMs: number;
  attempts: number;
}

/**
 * Batches entries towards one stream or table, in order. One batch is under way at a time, and what has to be sent again
 * goes before anything later, so that a failure does not reorder what shares a key.
 *
 * It bounds attempts and time; its length only where `entriesMax` says so: the engine admits no more than its own bound over
 * all queues.
 */
export class BatchQueue<Entry> implements EntryQueue<Entry> {
  readonly #options: BatchQueueOptions<Entry>;
  #queue: Pending<Entry>[] = [];
  /** Entries before it are gone; the array is cut when half of it is. */
  #head = 0;
  #bytes = 0;
  #underWay: Pending<Entry>[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Set by `abandon`: nothing is tried a second time. */
  #abandoned = false;

  constructor(options: BatchQueueOptions<Entry>) {
    this.#options = options;
  }

  get resource(): string {
    return this.#options.sender.resource;
  }

  /** Wall time at which the oldest unsettled entry came; undefined when there is none. */
  get oldestMs(): number | undefined {
    return (this.#underWay[0] ?? this.#queue[this.#head])?.queuedMs;
  }

  identityOf(entry: Entry): string | undefined {
    return this.#options.sender.identityOf?.(entry);
  }

  add(entry: Entry, bytes: number, action: ActionName, delivery: Delivery): void {
    const { limits, wall } = this.#options;
    const waiting = this.#queue.length - this.#head;
    if (waiting >= (limits.entriesMax ?? Number.POSITIVE_INFINITY)) {
      delivery.failed(action, `QueueFull: ${waiting} entries already wait for ${this.resource}`);
      return;
    }
    this.#queue.push({ entry, bytes, action, delivery, queuedMs: wall.nowMs(), attempts: 0 });
    this.#bytes += bytes;
    this.#schedule();
  }

  /** Gives up on retries, now and from now on: a closing engine does not wait for a service that is away. */
  abandon(): void {
    this.#abandoned = true;
    if (this.#timer === undefined || this.#underWay.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sendNext();
  }

  /** Sends now if a batch is full or old enough, else when the oldest entry has lingered. */
  #schedule(): void {
    if (this.#underWay.length > 0 || this.#head === this.#queue.length) return;
    const { limits, lingerMs, wall } = this.#options;
    const full = this.#queue.length - this.#head >= limits.entries || this.#bytes >= limits.bytes;
    if (this.#timer !== undefined) {
      // A full batch need not linger, but it does wait out a back-off.
      if (!full || this.#queue[this.#head].attempts > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const waitMs = full ? 0 : this.#queue[this.#head].queuedMs + lingerMs - wall.nowMs();
    if (waitMs <= 0) this.#sendNext();
    else this.#after(waitMs);
  }

  #after(waitMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sendNext();
    }, waitMs);
  }

  #sendNext(): void {
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    this.#underWay = batch;
    void this.#options.sender
      .send(batch.map(({ entry }) => entry))
      .catch((error: unknown): SendResult[] =>
        // A sender does not throw; if it does, that is a defect which trying again won't cure.
        batch.map(() => ({ errorCode: 'SenderFailed', errorMessage: String(error), retriable: false })),
      )
      .then((results) => this.#settle(batch, results));
  }

  #takeBatch(): Pending<Entry>[] {
    const { limits } = this.#options;
    const batch: Pending<Entry>[] = [];
    const identities = new Set<string>();
    let bytes = 0;
    while (this.#head < this.#queue.length && batch.length < limits.entries) {
      const next = this.#queue[this.#head];
      if (batch.length > 0 && bytes + next.bytes > limits.bytes) break;
      const identity = this.identityOf(next.entry);
      if (identity !== undefined) {
        if (identities.has(identity)) break;
        identities.add(identity);
      }
      bytes += next.bytes;
      batch.push(next);
      this.#head++;
    }
    this.#bytes -= bytes;
    if (this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return batch;
  }

  #settle(batch: Pending<Entry>[], results: SendResult[]): void {
    const again: Pending<Entry>[] = [];
    const settled: (() => void)[] = [];
    for (let i = 0; i < batch.length; i++) {
      const pending = batch[i];
      const result = results[i] ?? { errorCode: 'NoResult', retriable: true };
      pending.attempts++;
      if (result.errorCode === undefined) {
        settled.push(() => pending.delivery.sent(pending.action));
      } else if (result.retriable && pending.attempts < this.#options.retry.attempts && !this.#abandoned) {
        pending.delivery.retried(pending.action);
        again.push(pending);
      } else {
        settled.push(() => pending.delivery.failed(pending.action, describe(result, pending.attempts)));
      }
    }
    this.#underWay = [];
    if (again.length > 0) this.#backOff(again);
    // Told last: whoever is told makes room, and so new entries may come in before the call returns.
    for (const tell of settled) tell();
    this.#schedule();
  }

  #backOff(again: Pending<Entry>[]): void {
    const { retry, random } = this.#options;
    this.#putBack(again);
    const ceilingMs = Math.min(retry.backoffMsMax, retry.backoffMs * 2 ** (again[0].attempts - 1));
    this.#after(ceilingMs / 2 + (random() * ceilingMs) / 2);
  }

  #putBack(again: Pending<Entry>[]): void {
    this.#queue = [...again, ...this.#queue.slice(this.#head)];
    this.#head = 0;
    for (const { bytes } of again) this.#bytes += bytes;
  }
}

function describe({ errorCode, errorMessage }: SendResult, attempts: number): string {
  return `${errorCode}${errorMessage ? `: ${errorMessage}` : ''} (attempt ${attempts})`;
}
