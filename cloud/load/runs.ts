import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { PitwallError } from '#wire/errors.js';
import { raceKey } from '../engine/seat.js';
import { toItem } from '../streams/item.js';
import type { LoadRow } from './load-row.js';
import type { TableKind } from './schema.js';
import type { SeenState } from './seen-keys.js';

/** What was loaded of one file, so that readers can enumerate its keys: one row a file in the table of states. */
export interface LoadedFile extends SeenState {
  run: string;
  kind: TableKind;
  file: string;
  track: string | null;
  rows: number;
  /** Samples or laps. */
  taken: number;
}

/** pk of all files of a run. */
export function runKey(run: string): string {
  return `run#${run}`;
}

export function runRow(fingerprint: string, loaded: LoadedFile): LoadRow {
  const { run, ...rest } = loaded;
  return { table: 'state', item: { pk: runKey(run), sk: `file#${fingerprint}`, run, ...rest } };
}

/** Raises PW-LOAD-OWNED when a race engine has ever had this race: its rows are the engine's alone (decision 8). */
export async function refuseOwned(dynamodb: DynamoDBClient, stateTable: string, race: string): Promise<void> {
  const Key = toItem({ pk: raceKey(race), sk: 'lease' });
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: stateTable, Key, ConsistentRead: true }));
  if (!Item) return;
  throw new PitwallError('PW-LOAD-OWNED', {
    what: `The race ${race} was run by an engine, which owns its rows.`,
    fix: 'Load under another name with --run NAME.',
  });
}
