import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { ensureTable } from '#cloud/provision.js';
import { leaseTable, type TableResource } from '#cloud/resources.js';
import type { DeadLetterStore } from '#cloud/streams/dead-letters.js';
import { startRenewals } from '#cloud/streams/leases/renewer.js';
import { TableLeaseStore } from '#cloud/streams/leases/table-store.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { tableStream } from '#cloud/streams/table-stream.js';
import { streamArnOf } from '#cloud/streams/table-stream-arn.js';
import { type StreamWorker, startWorker, type WorkerStats } from '#cloud/streams/worker/worker.js';
import type { TableKey } from '#rules/catalog.js';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { AggregateProcessor } from './processor.js';
import { type Route, routeEvents, routeLaps } from './routes.js';
import { ReportRows, type ReportRowsStats } from './rows.js';

export interface ReportReadersOptions {
  dynamodb: DynamoDBClient;
  dynamodbStreams: DynamoDBStreamsClient;
  tables: Record<TableKey, TableResource>;
  /** This process in the leases; unique per process and start. */
  self: string;
  /** Where records go that cannot be folded; without it they are tried again until they can. */
  deadLetters?: DeadLetterStore;
  /** Between polls of a shard; five times that while nothing comes. Default 2,000. */
  pollMs?: number;
  log: Log;
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

export interface ReportReadersStats {
  rows: ReportRowsStats;
  workers: Record<string, WorkerStats>;
}

export interface ReportReaders {
  stats(): ReportReadersStats;
  /** Commits and lets the shards go. */
  stop(): Promise<void>;
}

/** Reports are for people: nobody waits for them to the second, so leases and polls are slow and cost little. */
const LEASE_MS = 15_000;
const LOOK_MS = 3_000;
const POLL_MS = 2_000;

/** One application a stream: leases are named by shard alone. */
const READERS: readonly { application: string; table: TableKey; route: Route }[] = [
  { application: 'reports-laps', table: 'laps', route: routeLaps },
  { application: 'reports-events', table: 'events', route: routeEvents },
];

/**
 * Follows the changes of `pitwall-laps` and `pitwall-events` and keeps the aggregates of `pitwall-reports`. Start it in any
 * number of processes: shards are shared by leases. A stream may have two readers a shard; Lambda triggers count.
 *
 * @example
 * const readers = await startReportReaders({ dynamodb, dynamodbStreams, tables, self: 'engine-1', log, wallClock, raceClock, random });
 * await readers.stop();
 */
export async function startReportReaders(options: ReportReadersOptions): Promise<ReportReaders> {
  const rows = new ReportRows({ dynamodb: options.dynamodb, tableName: options.tables.reports.name });
  const workers = new Map<string, StreamWorker>();
  const stop = async () => {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
  };
  try {
    for (const { application, table, route } of READERS) {
      workers.set(application, await startReader(options, rows, { application, table, route }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    stats: () => ({
      rows: rows.stats,
      workers: Object.fromEntries([...workers].map(([application, worker]) => [application, worker.stats()])),
    }),
    stop,
  };
}

async function startReader(
  options: ReportReadersOptions,
  rows: ReportRows,
  { application, table, route }: (typeof READERS)[number],
): Promise<StreamWorker> {
  const { dynamodb, dynamodbStreams: client, tables, wallClock, raceClock, random, pollMs = POLL_MS } = options;
  const { name: tableName } = tables[table];
  const [streamArn] = await Promise.all([
    streamArnOf(dynamodb, tableName),
    ensureTable(dynamodb, leaseTable(application), { wallClock }),
  ]);
  const store = new TableLeaseStore({ dynamodb, tableName: leaseTable(application).name });
  return startWorker({
    ...options,
    source: tableStream({ client, streamArn, raceClock, random }),
    store,
    initial: TRIM_HORIZON,
    processor: () => new AggregateProcessor(rows, route, wallClock),
    renewer: (onRenewal) => startRenewals({ store, renewMs: LEASE_MS / 3, clock: wallClock, onRenewal }),
    leaseMs: LEASE_MS,
    lookMs: LOOK_MS,
    pollMs,
  });
}
