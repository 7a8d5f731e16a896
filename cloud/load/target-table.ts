import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ensureTable } from '../provision.js';
import { type TableResource, tables } from '../resources.js';
import type { TableKind } from './schema.js';

export interface TargetTable {
  key: 'laps' | 'samples';
  table: TableResource;
  /** Write units a second; undefined on demand. */
  provisionedUnits: number | undefined;
}

/** Names of tables take letters, digits, `_`, `.` and `-`, 255 at most. */
const NAME_MAX = 255;

/** Where a table of that kind goes: the table of all runs, or one of its own. */
export function targetTable(kind: TableKind, run: string, tablePerRun: boolean): Pick<TargetTable, 'key' | 'table'> {
  const key = kind === 'laps' ? 'laps' : 'samples';
  const table = tables[key];
  if (!tablePerRun) return { key, table };
  const name = `${table.name}-${run.replace(/[^A-Za-z0-9_.-]/g, '-')}`.slice(0, NAME_MAX);
  return { key, table: { ...table, name } };
}

/** Makes the table where it is absent, and reads what it allows. Raises as `ensureTable`. */
export async function openTarget(
  dynamodb: DynamoDBClient,
  target: Pick<TargetTable, 'key' | 'table'>,
): Promise<TargetTable> {
  await ensureTable(dynamodb, target.table);
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: target.table.name }));
  const units = Table?.ProvisionedThroughput?.WriteCapacityUnits ?? 0;
  return { ...target, provisionedUnits: units > 0 ? units : undefined };
}
