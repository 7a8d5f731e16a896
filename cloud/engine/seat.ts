import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { StreamResource, TableResource } from '#cloud/resources.js';
import { toItem } from '#cloud/streams/item.js';
import { acquireLease, type Lease } from '#cloud/streams/lease.js';
import { createSnapshotStore, type SnapshotStore } from '#cloud/streams/snapshots.js';
import type { StreamKey, TableKey } from '#rules/catalog.js';
import type { Clock } from '#wire/clock.js';
import type { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { createTableWriter, type TableWriter } from './table-writer.js';

export interface SeatOptions {
  dynamodb: DynamoDBClient;
  resources: { streams: Record<StreamKey, StreamResource>; tables: Record<TableKey, TableResource> };
  wallClock: Clock;
  random: Random;
  log: Log;
  owner: string;
  onBroken(error: PitwallError): void;
  /** Called once, when another engine has the race. */
  onWait(): void;
}

/** What makes an engine the single writer of one race: its lease, and the stores that write under the lease's fence. */
export interface Seat {
  race: string;
  lease: Lease;
  store: SnapshotStore;
  writer: TableWriter;
}

/** Which race was begun last: where an engine that starts looks for its snapshot. */
const CURRENT = { pk: 'race-engine', sk: 'current' };

export function raceKey(race: string): string {
  return `race#${race}`;
}

/** Waits for the race's lease; returns the seat and the newest snapshot. Undefined when the signal fired first. */
export async function takeSeat(
  options: SeatOptions,
  race: string,
  signal: AbortSignal,
): Promise<{ seat: Seat; json: string | undefined } | undefined> {
  const { dynamodb, resources, wallClock, log, random, owner, onBroken, onWait } = options;
  const tableName = resources.tables.state.name;
  const key = raceKey(race);
  const lease = await acquireLease({ dynamodb, tableName, key, owner, onWait, log, wallClock }, signal);
  if (!lease) return undefined;
  try {
    const store = createSnapshotStore({ dynamodb, tableName, key });
    const { json } = await store.claim(lease.fence);
    const writer = createTableWriter({ dynamodb, fence: lease.fence, log, random, onBroken });
    return { seat: { race, lease, store, writer }, json };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

export async function readCurrentRace(dynamodb: DynamoDBClient, tableName: string): Promise<string | undefined> {
  const input = { TableName: tableName, Key: toItem(CURRENT), ConsistentRead: true };
  return (await dynamodb.send(new GetItemCommand(input))).Item?.race?.S;
}

/** After the race's first snapshot: whoever finds the name finds the snapshot too. */
export async function writeCurrentRace(dynamodb: DynamoDBClient, tableName: string, race: string): Promise<void> {
  await dynamodb.send(new PutItemCommand({ TableName: tableName, Item: toItem({ ...CURRENT, race }) }));
}
