import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { isConditionFailed, toItem } from '../item.js';
import { type Checkpoint, type LeaseRow, type LeaseStore, type NewLease, workerOf } from './lease.js';
import { fromCheckpoint, KEY, toLeaseRow } from './row.js';

export interface TableLeaseStoreOptions {
  dynamodb: DynamoDBClient;
  /** `pitwall-leases-<application>`, or the table of a KCL application. Partition key `leaseKey`. */
  tableName: string;
  /** Bound of each call, repeats of the SDK included. Default 5,000. */
  timeoutMs?: number;
}

/** Where nothing answers, the SDK's own bounds and repeats would hold a call for most of a minute: many leases' time. */
const TIMEOUT_MS = 5_000;

type Values = Record<string, AttributeValue>;

/** Whose fence it is, where a row that KCL wrote has none. */
const SAME_FENCE = '(fence = :fence OR (:fence = :zero AND attribute_not_exists(fence)))';
/** What KCL has prepared and not carried out is void with the next checkpoint. */
const PENDING = 'pendingCheckpoint, pendingCheckpointSubSequenceNumber, pendingCheckpointState';
/** Is there while another wants the lease. */
const ASKED = 'checkpointOwner';
/** The one who works on the shard, during a hand-off too. */
const WORKS = '(checkpointOwner = :self OR (attribute_not_exists(checkpointOwner) AND leaseOwner = :self))';

/** Leases in a DynamoDB table, a conditional write each. */
export class TableLeaseStore implements LeaseStore {
  readonly #options: TableLeaseStoreOptions;

  constructor(options: TableLeaseStoreOptions) {
    this.#options = options;
  }

  async list(): Promise<LeaseRow[]> {
    const { dynamodb, tableName } = this.#options;
    const rows: LeaseRow[] = [];
    let from: Values | undefined;
    do {
      const input = { TableName: tableName, ConsistentRead: true, ExclusiveStartKey: from };
      const answer = await dynamodb.send(new ScanCommand(input), this.#bound());
      // Since 3.5 KCL keeps the state of workers and of its leader in the same table.
      const leases = (answer.Items ?? []).filter((item) => item.checkpoint !== undefined);
      rows.push(...leases.map(toLeaseRow));
      from = answer.LastEvaluatedKey;
    } while (from);
    return rows;
  }

  async create(lease: NewLease): Promise<boolean> {
    const { dynamodb, tableName } = this.#options;
    const [checkpoint, checkpointSubSequenceNumber] = fromCheckpoint(lease.checkpoint);
    const item = toItem({
      [KEY]: lease.leaseKey,
      leaseCounter: 0,
      ownerSwitchesSinceCheckpoint: 0,
      checkpoint,
      checkpointSubSequenceNumber,
      startingHashKey: lease.startingHashKey,
      endingHashKey: lease.endingHashKey,
      fence: 0,
    });
    if (lease.parentShardIds.length > 0) item.parentShardId = { SS: [...lease.parentShardIds] };
    try {
      const condition = `attribute_not_exists(${KEY})`;
      const input = { TableName: tableName, Item: item, ConditionExpression: condition };
      await dynamodb.send(new PutItemCommand(input), this.#bound());
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  take(seen: LeaseRow, owner: string): Promise<LeaseRow | undefined> {
    return this.#update(
      seen,
      'SET leaseOwner = :owner, fence = :next ADD leaseCounter :one, ownerSwitchesSinceCheckpoint :one REMOVE checkpointOwner',
      `leaseCounter = :seen AND ${SAME_FENCE}`,
      toItem({ ':owner': owner, ':next': seen.fence + 1, ':one': 1, ':seen': seen.leaseCounter, ...fenceOf(seen) }),
    );
  }

  /** Not conditional on the counter: a renewal whose answer was lost has already moved it. */
  renew(held: LeaseRow, throughputKBps: number): Promise<LeaseRow | undefined> {
    return this.#updateHeld(held, 'SET throughputKBps = :kbps ADD leaseCounter :one', {
      ':kbps': throughputKBps,
      ':one': 1,
    });
  }

  checkpoint(
    held: LeaseRow,
    checkpoint: Checkpoint,
    childShardIds: readonly string[] = [],
  ): Promise<LeaseRow | undefined> {
    const [position, sub] = fromCheckpoint(checkpoint);
    const children: Values = childShardIds.length > 0 ? { ':children': { SS: [...childShardIds] } } : {};
    return this.#updateHeld(
      held,
      `SET checkpoint = :position, checkpointSubSequenceNumber = :sub, ownerSwitchesSinceCheckpoint = :zero${
        childShardIds.length > 0 ? ', childShardIds = :children' : ''
      } REMOVE ${PENDING}`,
      { ':position': position, ':sub': sub },
      children,
    );
  }

  ask(seen: LeaseRow, owner: string): Promise<LeaseRow | undefined> {
    return this.#update(
      seen,
      'SET leaseOwner = :owner, checkpointOwner = :from',
      `leaseOwner = :from AND attribute_not_exists(checkpointOwner) AND ${SAME_FENCE}`,
      toItem({ ':owner': owner, ':from': seen.leaseOwner, ...fenceOf(seen) }),
    );
  }

  /** What the lease becomes depends on whether somebody asks for it, which may have happened since `held` was read. */
  async release(held: LeaseRow): Promise<LeaseRow | undefined> {
    const free = () =>
      this.#updateHeld(
        held,
        'ADD leaseCounter :one REMOVE leaseOwner',
        { ':one': 1 },
        {},
        `attribute_not_exists(${ASKED})`,
      );
    const handOver = () =>
      this.#updateHeld(held, `ADD leaseCounter :one REMOVE ${ASKED}`, { ':one': 1 }, {}, `attribute_exists(${ASKED})`);
    return (await free()) ?? (await handOver());
  }

  async remove(seen: LeaseRow): Promise<boolean> {
    const { dynamodb, tableName } = this.#options;
    try {
      await dynamodb.send(
        new DeleteItemCommand({
          TableName: tableName,
          Key: { [KEY]: { S: seen.leaseKey } },
          ConditionExpression: `leaseCounter = :seen AND ${SAME_FENCE}`,
          ExpressionAttributeValues: toItem({ ':seen': seen.leaseCounter, ...fenceOf(seen) }),
        }),
        this.#bound(),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  #bound(): { abortSignal: AbortSignal } {
    return { abortSignal: AbortSignal.timeout(this.#options.timeoutMs ?? TIMEOUT_MS) };
  }

  #updateHeld(
    held: LeaseRow,
    expression: string,
    values: Record<string, string | number>,
    more: Values = {},
    also?: string,
  ): Promise<LeaseRow | undefined> {
    const condition = [WORKS, SAME_FENCE, ...(also ? [also] : [])].join(' AND ');
    const all = toItem({ ...values, ':self': workerOf(held), ...fenceOf(held) });
    return this.#update(held, expression, condition, { ...all, ...more });
  }

  async #update(
    { leaseKey }: LeaseRow,
    expression: string,
    condition: string,
    values: Values,
  ): Promise<LeaseRow | undefined> {
    const { dynamodb, tableName } = this.#options;
    try {
      const answer = await dynamodb.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: { [KEY]: { S: leaseKey } },
          UpdateExpression: expression,
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
          ReturnValues: 'ALL_NEW',
        }),
        this.#bound(),
      );
      return answer.Attributes && toLeaseRow(answer.Attributes);
    } catch (error) {
      if (isConditionFailed(error)) return undefined;
      throw error;
    }
  }
}

function fenceOf({ fence }: LeaseRow): Record<string, number> {
  return { ':fence': fence, ':zero': 0 };
}
