import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { TableKey } from '#rules/catalog.js';
import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { actionFor } from '../streams/aws-errors.js';
import { backOffMs, pause } from '../streams/back-off.js';
import { AdaptiveRate } from './adaptive-rate.js';
import { BATCH_ITEMS, keyOf, writeBatch } from './batch-write.js';
import { itemBytes, type LoadRow } from './load-row.js';

export interface TableLoaderOptions {
  dynamodb: DynamoDBClient;
  /** Names in the account. */
  tableNames: Partial<Record<TableKey, string>>;
  /** Write units a second that the table says it has; absent on demand. */
  provisionedUnits?: number;
  log: Log;
  wallClock: Clock;
  random: Random;
}

export interface TableLoaderStats {
  /** Items written, and the write units that the tables counted for them, indexes left out. */
  items: number;
  units: number;
  calls: number;
  /** Items that a table refused for its rate, each time one was. */
  throttled: number;
  /** Calls that failed otherwise and were made again. */
  retries: number;
  /** Units a second that are asked for now. */
  askedUnitsPerS: number;
  pending: number;
}

interface Pending {
  row: LoadRow;
  key: string;
  units: number;
  tries: number;
  dueMs: number;
}

const CALLS_MAX = 8;
/** Rows waiting beyond which `room` makes the reader wait. */
const PENDING_MAX = 400;
const UNIT_BYTES = 1_024;
const RETRY = { firstMs: 50, lastMs: 10_000 };
/** No row was written for so long: nobody will. */
const STALL_MS = 120_000;
/** Two partitions' worth: what a table on demand takes from the first second, to begin with. */
const ON_DEMAND_UNITS = 1_000;
/** Looked at again after so long at most, though no row is due. */
const IDLE_MS = 250;

/**
 * Writes rows in batches as fast as the table allows and no faster. What comes back as unprocessed goes again after an
 * exponential back-off with jitter, while others go on; no row is given up. One write of a key at a time, the newest last.
 */
export class TableLoader {
  readonly #options: TableLoaderOptions;
  readonly #rate: AdaptiveRate;
  /** By table and key, in the order in which they came. */
  readonly #pending = new Map<string, Pending>();
  readonly #busy = new Map<string, Pending>();
  #calls = 0;
  #isPumping = false;
  #isStopped = false;
  #broken: PitwallError | undefined;
  #progressMs: number;
  #waiting: (() => void)[] = [];
  readonly #wake = new AbortController();
  readonly #counts = { items: 0, units: 0, calls: 0, throttled: 0, retries: 0 };

  constructor(options: TableLoaderOptions) {
    this.#options = options;
    const { wallClock, provisionedUnits = ON_DEMAND_UNITS } = options;
    this.#rate = new AdaptiveRate({ initial: provisionedUnits, wallClock });
    this.#progressMs = wallClock.nowMs();
  }

  /** Takes a row; a newer one of the same key replaces an older one that is not on its way. */
  put(row: LoadRow): void {
    const key = keyOf(this.#nameOf(row.table), row.item.pk, row.item.sk);
    const units = Math.ceil(itemBytes(row.item) / UNIT_BYTES);
    if (this.#pending.size + this.#busy.size === 0) this.#progressMs = this.#options.wallClock.nowMs();
    this.#pending.set(key, { row, key, units, tries: 0, dueMs: 0 });
    this.#pump();
  }

  /** Whether it may be given more rows. Raises what broke it. */
  get hasRoom(): boolean {
    if (this.#broken) throw this.#broken;
    return this.#pending.size < PENDING_MAX;
  }

  /** Resolves when there is room. Raises PW-LOAD-STALLED, or what the table said. */
  async room(): Promise<void> {
    while (!this.hasRoom && !this.#isStopped) await this.#progress();
  }

  /** Resolves when everything is written. Raises as `room`. */
  async flush(): Promise<void> {
    while (this.#pending.size + this.#busy.size > 0 && !this.#isStopped) {
      if (this.#broken) throw this.#broken;
      await this.#progress();
    }
    if (this.#broken) throw this.#broken;
  }

  /** Sends nothing more; resolves when what is on its way has its answer. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake.abort();
    this.#tell();
    while (this.#calls > 0) await this.#progress();
    this.#tell();
  }

  /** Rows that are not known to be written. */
  unwritten(): LoadRow[] {
    return [...this.#busy.values(), ...this.#pending.values()].map(({ row }) => row);
  }

  stats(): TableLoaderStats {
    const pending = this.#pending.size + this.#busy.size;
    return { ...this.#counts, askedUnitsPerS: this.#rate.unitsPerS, pending };
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    void this.#run();
  }

  /** One batch after the other is begun, never more than `CALLS_MAX` at a time, until nothing is left. */
  async #run(): Promise<void> {
    // What was put in one turn goes together.
    await Promise.resolve();
    while (this.#pending.size + this.#busy.size > 0 && !this.#isStopped && !this.#broken) {
      const batch = this.#calls < CALLS_MAX ? this.#nextBatch() : [];
      if (batch.length === 0) {
        this.#checkStall();
        await this.#somethingNew();
        continue;
      }
      const waitMs = this.#rate.take(batch.reduce((sum, { units }) => sum + units, 0));
      if (waitMs > 0) await pause(waitMs, this.#wake.signal);
      if (this.#isStopped) {
        for (const pending of batch) this.#putBack(pending);
        break;
      }
      this.#calls++;
      void this.#send(batch).finally(() => {
        this.#calls--;
        this.#tell();
      });
    }
    // In the turn in which the loop ends: a row that is put a moment later begins another.
    this.#isPumping = false;
    this.#tell();
  }

  /** An answer, or the time at which the next row is due. */
  #somethingNew(): Promise<void> {
    const nowMs = this.#options.wallClock.nowMs();
    let dueMs = nowMs + IDLE_MS;
    for (const pending of this.#pending.values()) if (pending.dueMs > nowMs) dueMs = Math.min(dueMs, pending.dueMs);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, dueMs - nowMs));
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #nextBatch(): Pending[] {
    const nowMs = this.#options.wallClock.nowMs();
    const batch: Pending[] = [];
    let units = 0;
    for (const [key, pending] of this.#pending) {
      if (batch.length === BATCH_ITEMS) break;
      if (pending.dueMs > nowMs || this.#busy.has(key)) continue;
      if (batch.length > 0 && units + pending.units > this.#rate.batchUnits) break;
      units += pending.units;
      batch.push(pending);
    }
    for (const pending of batch) {
      this.#pending.delete(pending.key);
      this.#busy.set(pending.key, pending);
    }
    return batch;
  }

  async #send(batch: Pending[]): Promise<void> {
    const { dynamodb, wallClock, log } = this.#options;
    const puts = batch.map(({ row: { table, item } }) => ({ table: this.#nameOf(table), item }));
    this.#counts.calls++;
    try {
      const { left, units, refused } = await writeBatch(dynamodb, puts);
      if (refused > 0) this.#noteThrottled(refused * batch.length);
      const done = batch.filter(({ key }) => !left.has(key));
      this.#counts.items += done.length;
      this.#counts.units += units;
      this.#rate.admitted(units);
      if (done.length > 0) this.#progressMs = wallClock.nowMs();
      for (const pending of done) this.#busy.delete(pending.key);
      if (left.size > 0) this.#noteThrottled(left.size);
    } catch (error) {
      const action = actionFor(error);
      if (action === 'slowDown') this.#noteThrottled(batch.length);
      else if (action === 'retry') {
        this.#counts.retries++;
        log.warn('A batch could not be written; it goes again.', { code: errorCode(error), items: batch.length });
      } else this.#break(error);
    }
    for (const pending of batch) if (this.#busy.get(pending.key) === pending) this.#again(pending);
  }

  #noteThrottled(items: number): void {
    this.#counts.throttled += items;
    this.#rate.throttled();
  }

  #again(pending: Pending): void {
    pending.tries++;
    pending.dueMs = this.#options.wallClock.nowMs() + backOffMs(pending.tries, RETRY, this.#options.random);
    this.#putBack(pending);
  }

  /** Unless a newer row of the key has come meanwhile. */
  #putBack(pending: Pending): void {
    this.#busy.delete(pending.key);
    if (!this.#pending.has(pending.key)) this.#pending.set(pending.key, pending);
  }

  #nameOf(table: TableKey): string {
    const name = this.#options.tableNames[table];
    if (name === undefined) throw new TypeError(`A row for the table ${table}, which this load does not write.`);
    return name;
  }

  #checkStall(): void {
    if (this.#options.wallClock.nowMs() - this.#progressMs < STALL_MS) return;
    this.#break(
      new PitwallError('PW-LOAD-STALLED', {
        what: `No row was written for ${STALL_MS / 1000} s; ${this.#counts.throttled} were throttled so far.`,
        fix: 'Give the table more capacity, or wait; then run the same command again: it goes on where it was.',
        retriable: true,
      }),
    );
  }

  #break(error: unknown): void {
    this.#broken ??= error instanceof PitwallError ? error : this.#refusal(error);
    this.#tell();
  }

  #refusal(cause: unknown): PitwallError {
    return new PitwallError('PW-REMOTE-REFUSED', {
      what: `The table refused a batch: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`,
      cause,
    });
  }
}
