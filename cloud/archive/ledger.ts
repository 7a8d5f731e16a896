import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Item, isConditionFailed, numberOf, toItem } from '#cloud/streams/item.js';
import type { ShardPosition } from '#cloud/streams/shard-graph.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { ArchiveGap, ArchiveObject } from './manifest.js';

/** How far one shard is archived. */
export interface ShardMark {
  stream: string;
  shardId: string;
  parents: string[];
  /** Place of the last record that is archived; TRIM_HORIZON before the first. */
  mark: ShardPosition;
  /** Records archived: the running number of the last. */
  running: number;
  /** Nothing will come behind the mark. */
  ended: boolean;
  gaps: ArchiveGap[];
}

/** An object, and what is needed of it to write manifests. */
export interface LedgerObject extends ArchiveObject {
  /** When the stream took its last record, race-clock epoch ms. */
  arrivedMs: number;
  /** Hashes of the channel tables that its frames name. */
  tables: string[];
}

/** One shard's step: where it was, where it is then, and the object in between; none when only its end was archived. */
export interface LedgerStep {
  fromRunning: number;
  to: ShardMark;
  object?: LedgerObject;
}

export interface LedgerOptions {
  dynamodb: DynamoDBClient;
  tableName: string;
}

/** Partition key of the archive's own rows; also that of its lease, its state and its channel tables. */
export const ARCHIVE_KEY = 'archive';
const OWNER = { pk: ARCHIVE_KEY, sk: 'owner' };
/** Digits of a running number in a sort key: below 2^53. */
const RUNNING_DIGITS = 16;
/** The shard is where the step begins. */
const BEGINS = 'running = :running AND ended = :ended';
/** TransactWriteItems takes 100 actions: the fence, and two for each shard. */
const STEPS_PER_COMMIT = 49;

/**
 * What is archived, as rows of the state table: the truth that manifests are views of.
 *
 *     pk archive                      sk owner                        fence
 *     pk archive                      sk shard#<stream>#<shardId>     fence, mark, running, ended, parents, gaps
 *     pk archive#<stream>#<shardId>   sk object#<running, 16 digits>  fence, the object
 *
 * A step of a shard, its object's row and its mark, is one transaction on the condition that the fence is ours and that the
 * shard is where the step begins. So an archiver that was replaced commits nothing, and a mark never leaves a hole behind it.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  #fence = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Takes the ledger over under the fence of a lease. Raises PW-ARCHIVE-FENCED when a greater one has it. */
  async claim(fence: number): Promise<void> {
    const { dynamodb, tableName } = this.#options;
    try {
      await dynamodb.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: toItem(OWNER),
          UpdateExpression: 'SET fence = :fence',
          ConditionExpression: 'attribute_not_exists(fence) OR fence <= :fence',
          ExpressionAttributeValues: toItem({ ':fence': fence }),
        }),
      );
    } catch (error) {
      throw isConditionFailed(error) ? fenced(fence, error) : error;
    }
    this.#fence = fence;
  }

  async shards(): Promise<ShardMark[]> {
    const rows = await this.#query(ARCHIVE_KEY, 'pk = :pk AND begins_with(sk, :prefix)', { ':prefix': 'shard#' });
    return rows.map((row) => JSON.parse(row.step?.S ?? '{}') as ShardMark);
  }

  /** Objects of a shard that hold the record `running` or later ones, in order. */
  async objects(stream: string, shardId: string, running = 0): Promise<LedgerObject[]> {
    const from = { ':from': objectKey(running) };
    const rows = await this.#query(objectsKey(stream, shardId), 'pk = :pk AND sk >= :from', from);
    return rows.map((row) => JSON.parse(row.object?.S ?? '{}') as LedgerObject);
  }

  /**
   * All steps, or, of more than `STEPS_PER_COMMIT`, the first so many first: in an order that has parents before children.
   * The same steps again are no harm. Raises PW-ARCHIVE-FENCED, PW-ARCHIVE-CONFLICT, or what the SDK raises.
   */
  async commit(steps: readonly LedgerStep[]): Promise<void> {
    for (let from = 0; from < steps.length; from += STEPS_PER_COMMIT) {
      await this.#commit(steps.slice(from, from + STEPS_PER_COMMIT));
    }
  }

  async #commit(steps: readonly LedgerStep[]): Promise<void> {
    const { dynamodb, tableName: TableName } = this.#options;
    const owned: TransactWriteItem = {
      ConditionCheck: {
        TableName,
        Key: toItem(OWNER),
        ConditionExpression: 'fence = :fence',
        ExpressionAttributeValues: toItem({ ':fence': this.#fence }),
      },
    };
    try {
      const writes = steps.flatMap((step) => this.#writes(TableName, step));
      await dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [owned, ...writes] }));
    } catch (error) {
      if (!isCancelledByCondition(error)) throw error;
      await this.#explain(steps, error);
    }
  }

  #writes(TableName: string, { fromRunning, to, object }: LedgerStep): TransactWriteItem[] {
    const fence = this.#fence;
    const mark: Item = { ...shardKey(to), fence, running: to.running, ended: to.ended, step: JSON.stringify(to) };
    const begins = toItem({ ':running': fromRunning, ':ended': false });
    const writes: TransactWriteItem[] = [
      {
        Put: {
          TableName,
          Item: toItem(mark),
          ConditionExpression: fromRunning === 0 ? `attribute_not_exists(pk) OR ${BEGINS}` : BEGINS,
          ExpressionAttributeValues: begins,
        },
      },
    ];
    if (object) {
      const { stream, shardId } = to;
      const key = { pk: objectsKey(stream, shardId), sk: objectKey(object.runningFrom) };
      writes.push({ Put: { TableName, Item: toItem({ ...key, fence, object: JSON.stringify(object) }) } });
    }
    return writes;
  }

  /** A condition did not hold: another archiver, an earlier try of ours that had arrived, or a defect. */
  async #explain(steps: readonly LedgerStep[], cause: unknown): Promise<void> {
    const owner = await this.#get(OWNER);
    if (numberOf(owner, 'fence') !== this.#fence) throw fenced(this.#fence, cause);
    for (const { fromRunning, to } of steps) {
      const row = await this.#get(shardKey(to));
      if (row?.step?.S === JSON.stringify(to)) continue;
      throw new PitwallError('PW-ARCHIVE-CONFLICT', {
        what: `${to.shardId} of ${to.stream} is archived up to record ${numberOf(row, 'running')}; ${fromRunning} was expected.`,
        cause,
      });
    }
  }

  async #get(key: Item): Promise<Record<string, AttributeValue> | undefined> {
    const { dynamodb, tableName } = this.#options;
    const input = { TableName: tableName, Key: toItem(key), ConsistentRead: true };
    return (await dynamodb.send(new GetItemCommand(input))).Item;
  }

  async #query(pk: string, condition: string, values: Item): Promise<Record<string, AttributeValue>[]> {
    const { dynamodb, tableName } = this.#options;
    const rows: Record<string, AttributeValue>[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const answer = await dynamodb.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: condition,
          ExpressionAttributeValues: toItem({ ':pk': pk, ...values }),
          ConsistentRead: true,
          ExclusiveStartKey: from,
        }),
      );
      rows.push(...(answer.Items ?? []));
      from = answer.LastEvaluatedKey;
    } while (from);
    return rows;
  }
}

function shardKey({ stream, shardId }: Pick<ShardMark, 'stream' | 'shardId'>): { pk: string; sk: string } {
  return { pk: ARCHIVE_KEY, sk: `shard#${stream}#${shardId}` };
}

function objectsKey(stream: string, shardId: string): string {
  return `${ARCHIVE_KEY}#${stream}#${shardId}`;
}

function objectKey(running: number): string {
  return `object#${String(running).padStart(RUNNING_DIGITS, '0')}`;
}

function isCancelledByCondition(error: unknown): boolean {
  if (errorCode(error) !== 'TransactionCanceledException') return false;
  const reasons = (error as { CancellationReasons?: { Code?: string }[] }).CancellationReasons ?? [];
  return reasons.some(({ Code }) => Code === 'ConditionalCheckFailed');
}

function fenced(fence: number, cause: unknown): PitwallError {
  return new PitwallError('PW-ARCHIVE-FENCED', {
    what: `The archive was taken over by another archiver (ours was fence ${fence}).`,
    cause,
  });
}
