import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { isConditionFailed, toItem } from '#cloud/streams/item.js';
import { PitwallError } from '#wire/errors.js';
import { type Aggregate, applyChanges, type Fold } from './fold.js';
import type { ReportKey, Routed } from './routes.js';

export interface ReportRowsOptions {
  dynamodb: DynamoDBClient;
  /** `pitwall-reports`. */
  tableName: string;
  /** Calls at a time. Default 4. */
  concurrency?: number;
}

export interface ReportRowsStats {
  /** Changes that moved a row, and those that were in it already. */
  changes: number;
  repeated: number;
  reads: number;
  writes: number;
  /** Rows that another reader had moved on meanwhile. */
  conflicts: number;
}

/** Rows in memory: two a car of a full field, and a day's events of it. */
const ROWS_MAX = 1_000;
/** Another reader of the same key has a newer lease: it wins within a write or two. */
const TRIES_MAX = 5;

/**
 * Aggregates in the reporting table. A row is the state of its fold and the mark of the last change in it, written together
 * and only onto the row that was
 * read: a reader that was late, frozen or began again behind its checkpoint changes nothing.
 *
 *     pk race#<race>      sk laps#<entry>, stops#<entry>
 *     pk day#<yyyymmdd>   sk <type>#<thing>                mark, state (JSON), and the figures as attributes of their own
 */
export class ReportRows {
  readonly #options: ReportRowsOptions;
  /** Least recently used first. */
  readonly #known = new Map<string, Aggregate<unknown>>();
  readonly #stats: ReportRowsStats = { changes: 0, repeated: 0, reads: 0, writes: 0, conflicts: 0 };

  constructor(options: ReportRowsOptions) {
    this.#options = options;
  }

  get stats(): ReportRowsStats {
    return { ...this.#stats };
  }

  /** Folds changes, in the order of the stream, and writes each row that moved once. Raises PW-STATE-FENCED, or what the SDK raises. */
  async take(routed: readonly Routed[]): Promise<void> {
    const byRow = new Map<string, Routed[]>();
    for (const each of routed) {
      const name = `${each.key.pk} ${each.key.sk}`;
      const known = byRow.get(name);
      if (known) known.push(each);
      else byRow.set(name, [each]);
    }
    const queue = [...byRow.values()];
    const workers = Array.from({ length: Math.min(queue.length, this.#options.concurrency ?? 4) }, async () => {
      for (let group = queue.shift(); group; group = queue.shift()) await this.#takeRow(group);
    });
    // All are waited for, so that no write is under way when the batch comes again.
    const failed = (await Promise.allSettled(workers)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async #takeRow(group: readonly Routed[]): Promise<void> {
    const [{ key, fold }] = group;
    const changes = group.map(({ change }) => change);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const aggregate = (await this.#load(key)) ?? { mark: '', state: fold.empty() };
      const before = aggregate.mark;
      const fresh = changes.filter(({ mark }) => mark > before).length;
      if (!applyChanges(fold, aggregate, changes)) {
        this.#remember(key, aggregate);
        this.#stats.repeated += changes.length;
        return;
      }
      if (await this.#save(key, fold, aggregate, before)) {
        this.#remember(key, aggregate);
        this.#stats.changes += fresh;
        this.#stats.repeated += changes.length - fresh;
        return;
      }
      this.#stats.conflicts++;
    }
    throw new PitwallError('PW-STATE-FENCED', {
      what: `The row ${key.pk} ${key.sk} of ${this.#options.tableName} is moved on by another reader.`,
      retriable: true,
    });
  }

  /** Takes it out of memory: whatever fails now, the next look is at the table. */
  async #load({ pk, sk }: ReportKey): Promise<Aggregate<unknown> | undefined> {
    const name = `${pk} ${sk}`;
    const known = this.#known.get(name);
    this.#known.delete(name);
    if (known) return known;
    const { dynamodb, tableName } = this.#options;
    this.#stats.reads++;
    const input = { TableName: tableName, Key: toItem({ pk, sk }), ConsistentRead: true };
    const { Item } = await dynamodb.send(new GetItemCommand(input));
    return Item && { mark: Item.mark?.S ?? '', state: JSON.parse(Item.state?.S ?? 'null') as unknown };
  }

  /** False when the row is no longer the one that was folded onto: what memory has may be of an earlier lease. */
  async #save(
    { pk, sk }: ReportKey,
    fold: Fold<unknown, unknown>,
    { mark, state }: Aggregate<unknown>,
    before: string,
  ): Promise<boolean> {
    const { dynamodb, tableName } = this.#options;
    const input = {
      TableName: tableName,
      Item: toItem({ ...fold.figures(state), pk, sk, mark, state: JSON.stringify(state) }),
      ...(before === ''
        ? { ConditionExpression: 'attribute_not_exists(mark)' }
        : { ConditionExpression: 'mark = :before', ExpressionAttributeValues: toItem({ ':before': before }) }),
    };
    try {
      await dynamodb.send(new PutItemCommand(input));
    } catch (error) {
      // Also the answer to our own write that was sent twice: then the row has everything, and the next look finds it.
      if (isConditionFailed(error)) return false;
      throw error;
    }
    this.#stats.writes++;
    return true;
  }

  #remember({ pk, sk }: ReportKey, aggregate: Aggregate<unknown>): void {
    this.#known.set(`${pk} ${sk}`, aggregate);
    if (this.#known.size > ROWS_MAX) this.#known.delete(this.#known.keys().next().value!);
  }
}
