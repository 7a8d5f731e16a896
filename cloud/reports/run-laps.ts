import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { runKey } from '#cloud/load/runs.js';
import type { TableResource } from '#cloud/resources.js';
import { queryKey, queryKeys, raceKeys, type TableItem } from '#cloud/tables/queries.js';
import type { TableKey } from '#rules/catalog.js';
import { PitwallError } from '#wire/errors.js';
import { type LapRow, lapRow } from './lap-row.js';

export interface RunLapsOptions {
  dynamodb: DynamoDBClient;
  tables: Record<TableKey, TableResource>;
}

/**
 * All laps that the tables have of one race or practice run, by one query a car. Which cars: those that the loader noted
 * (`load/runs.ts`) and those that have aggregates. Raises PW-REPORT-EMPTY, or what the SDK raises.
 */
export async function readRunLaps({ dynamodb, tables }: RunLapsOptions, run: string): Promise<LapRow[]> {
  const [loaded, reported] = await Promise.all([
    queryKey(dynamodb, tables.state.name, runKey(run)),
    queryKey(dynamodb, tables.reports.name, `race#${run}`),
  ]);
  const known = new Set([...loaded.flatMap(entriesOfFile), ...reported.map((item) => item.sk?.S?.split('#')[1] ?? '')]);
  known.delete('');
  const found = await queryKeys(dynamodb, tables.laps.name, raceKeys(run, [...known].sort(), ['lap']));
  const laps = found.flat().flatMap((item) => lapRow(item) ?? []);
  if (laps.length > 0) return laps;
  throw new PitwallError('PW-REPORT-EMPTY', {
    what: `No laps of the run ${run} are in the tables.`,
    fix: `Load them with: pitwall load FILE --run ${run}`,
  });
}

/** Owners of a file of laps are cars; those of telemetry are things. */
function entriesOfFile(item: TableItem): string[] {
  return item.kind?.S === 'laps' ? Object.keys(item.owners?.M ?? {}) : [];
}
