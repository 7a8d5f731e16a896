import { type AttributeValue, type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { TableResource } from '#cloud/resources.js';
import { toItem } from '#cloud/streams/item.js';
import type { TableKey } from '#rules/catalog.js';
import { PitwallError } from '#wire/errors.js';
import { type LapRow, lapRow, type RowItem, type StopRow, stopRow } from './lap-row.js';

export interface RunSourceOptions {
  dynamodb: DynamoDBClient;
  tables: Record<TableKey, TableResource>;
  /** Queries at a time. Default 8. */
  concurrency?: number;
}

/** All that the tables have of one race or practice run. */
export interface Run {
  run: string;
  /** As the loader was told; null where nobody said. */
  track: string | null;
  laps: LapRow[];
  stops: StopRow[];
}

type Attributes = Record<string, AttributeValue>;

/** A field of 60 cars with 4,000 laps each is no run. */
const LAPS_MAX = 250_000;

/**
 * Reads a run whole, by one query a car. Which cars: those that the loader noted (`run#<run>` of the table of states) and
 * those that have aggregates. Raises PW-REPORT-EMPTY, or what the SDK raises.
 *
 * @param only this car alone; the others are not read
 */
export async function readRun(options: RunSourceOptions, run: string, only?: string): Promise<Run> {
  const { dynamodb, tables, concurrency = 8 } = options;
  const loaded = await query(dynamodb, tables.state.name, `run#${run}`);
  const reported = await query(dynamodb, tables.reports.name, `race#${run}`);
  const known = new Set([...loaded.flatMap(entriesOfFile), ...reported.map((item) => item.sk?.S?.split('#')[1] ?? '')]);
  known.delete('');
  const entries = only === undefined ? [...known] : [only];
  const found: Run = { run, track: loaded.find(({ track }) => track?.S)?.track.S ?? null, laps: [], stops: [] };
  const queue = entries.sort().flatMap((entry) => [`${run}#lap#${entry}`, `${run}#stop#${entry}`]);
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let pk = queue.shift(); pk !== undefined; pk = queue.shift()) {
        for (const item of await query(dynamodb, tables.laps.name, pk)) addRow(found, item);
      }
    }),
  );
  if (found.laps.length > 0) return found;
  throw new PitwallError('PW-REPORT-EMPTY', {
    what: `No laps of ${only === undefined ? `the run ${run}` : `car ${only} in the run ${run}`} are in the tables.`,
    fix: `Load them with: pitwall load FILE --run ${run}`,
  });
}

/** Owners of a file of laps are cars; those of telemetry are things. */
function entriesOfFile(item: Attributes): string[] {
  return item.kind?.S === 'laps' ? Object.keys(item.owners?.M ?? {}) : [];
}

function addRow({ laps, stops, run }: Run, item: RowItem): void {
  const lap = lapRow(item);
  const stop = stopRow(item);
  if (lap) laps.push(lap);
  if (stop) stops.push(stop);
  if (laps.length > LAPS_MAX) {
    throw new PitwallError('PW-REPORT-EMPTY', { what: `The run ${run} has more than ${LAPS_MAX} laps: it is no run.` });
  }
}

/** All items of a partition. */
export async function query(dynamodb: DynamoDBClient, TableName: string, pk: string): Promise<Attributes[]> {
  const input = {
    TableName,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: toItem({ ':pk': pk }),
    ConsistentRead: true,
  };
  const items: Attributes[] = [];
  for await (const { Items = [] } of paginateQuery({ client: dynamodb }, input)) items.push(...Items);
  return items;
}
