import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { actionFor } from '#cloud/streams/aws-errors.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import { type Item, isConditionFailed, toItem } from '#cloud/streams/item.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';

export interface TableRow extends Item {
  pk: string;
  sk: string;
}

export interface TableWriterOptions {
  dynamodb: DynamoDBClient;
  fence: number;
  /** Calls at a time. Default 8. */
  concurrency?: number;
  log: Log;
  random: Random;
  /** Told once: a row carries a greater fence (PW-STATE-FENCED), or the table stayed away (PW-STATE-WRITE). */
  onBroken(error: PitwallError): void;
}

export interface TableWriter {
  /** Takes a whole row; a newer one of the same key replaces an older one that is not written yet. */
  put(tableName: string, row: TableRow): void;
  /** Resolves when what was put before it is written. Raises what `onBroken` was told. */
  flush(): Promise<void>;
  /** Resolves when there is room again; await it between batches. */
  room(): Promise<void>;
  stats(): { written: number; failed: number; pending: number };
}

/** Rows waiting beyond which `room` makes the fold wait: some 40 laps of a full field. */
const MAX_PENDING = 2_000;
const RETRY = { firstMs: 100, lastMs: 5_000 };
/** Some 15 s beside the SDK's own tries; then the owner goes back to its snapshot and writes the rows again from there. */
const MAX_TRIES = 8;

/**
 * Writes rows of the single writer: each on the condition that no owner with a greater fence has written it (decision 8).
 * One write of a key at a time, so its versions arrive in order.
 */
export function createTableWriter(options: TableWriterOptions): TableWriter {
  return new FencedTableWriter(options);
}

interface PendingRow {
  tableName: string;
  row: TableRow;
}

class FencedTableWriter implements TableWriter {
  readonly #options: TableWriterOptions;
  readonly #pending = new Map<string, PendingRow>();
  readonly #busy = new Set<string>();
  #waiting: (() => void)[] = [];
  #written = 0;
  #failed = 0;
  #broken: PitwallError | undefined;

  constructor(options: TableWriterOptions) {
    this.#options = options;
  }

  put(tableName: string, row: TableRow): void {
    if (this.#broken) return;
    this.#pending.set(`${tableName} ${row.pk} ${row.sk}`, { tableName, row });
    this.#start();
  }

  async flush(): Promise<void> {
    while (this.#pending.size + this.#busy.size > 0) await this.#progress();
    if (this.#broken) throw this.#broken;
  }

  async room(): Promise<void> {
    while (this.#pending.size > MAX_PENDING) await this.#progress();
  }

  stats(): { written: number; failed: number; pending: number } {
    return { written: this.#written, failed: this.#failed, pending: this.#pending.size + this.#busy.size };
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #start(): void {
    const { concurrency = 8 } = this.#options;
    for (const [key, pending] of this.#pending) {
      if (this.#busy.size >= concurrency) return;
      if (this.#busy.has(key)) continue;
      this.#pending.delete(key);
      this.#busy.add(key);
      void this.#write(key, pending);
    }
  }

  async #write(key: string, { tableName, row }: PendingRow): Promise<void> {
    const { dynamodb, fence, log, random } = this.#options;
    const input = {
      TableName: tableName,
      Item: toItem({ ...row, fence }),
      ConditionExpression: 'attribute_not_exists(fence) OR fence <= :fence',
      ExpressionAttributeValues: toItem({ ':fence': fence }),
    };
    for (let attempt = 1; !this.#broken; attempt++) {
      try {
        await dynamodb.send(new PutItemCommand(input));
        this.#written++;
        break;
      } catch (error) {
        if (isConditionFailed(error)) {
          this.#break('PW-STATE-FENCED', `The row ${key} was written by another owner; our fence is ${fence}.`, error);
          break;
        }
        log.warn('A row could not be written.', { table: tableName, pk: row.pk, code: errorCode(error), attempt });
        if (actionFor(error) === 'giveUp') {
          // The same row would be refused again; it is derived from the state, which has it.
          this.#failed++;
          break;
        }
        if (attempt === MAX_TRIES) this.#break('PW-STATE-WRITE', `The row ${key} could not be written.`, error);
        else await pause(backOffMs(attempt, RETRY, random));
      }
    }
    this.#busy.delete(key);
    this.#start();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #break(code: 'PW-STATE-FENCED' | 'PW-STATE-WRITE', what: string, cause: unknown): void {
    if (this.#broken) return;
    this.#broken = new PitwallError(code, { what, retriable: code === 'PW-STATE-WRITE', cause });
    this.#failed += this.#pending.size + 1;
    this.#pending.clear();
    this.#options.onBroken(this.#broken);
  }
}
