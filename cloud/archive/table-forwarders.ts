import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import {
  type DeliveryStreamResource,
  type ForwardedTable,
  forwardedTables,
  type TableResource,
} from '#cloud/resources.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import { acquireLease, type Lease } from '#cloud/streams/lease.js';
import { createSnapshotStore } from '#cloud/streams/snapshots.js';
import { tableStream } from '#cloud/streams/table-stream.js';
import { streamArnOf } from '#cloud/streams/table-stream-arn.js';
import type { TableKey } from '#rules/catalog.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { startTableForwarder, type TableForwarder, type TableForwarderStats } from './table-forwarder.js';

export interface TableForwardersOptions {
  dynamodb: DynamoDBClient;
  dynamodbStreams: DynamoDBStreamsClient;
  firehose: FirehoseClient;
  resources: {
    tables: Record<TableKey, TableResource>;
    deliveryStreams: Record<ForwardedTable, DeliveryStreamResource>;
  };
  /** Names the process in the lease; unique per process and start. */
  owner: string;
  /** Between polls of a shard; five times that while nothing comes. Default 2,000. */
  pollMs?: number;
  log: Log;
  wallClock: Clock;
  raceClock: Clock;
  random: Random;
}

export interface TableForwardersStats {
  role: 'standby' | 'active';
  /** None on standby. */
  tables: Partial<Record<ForwardedTable, TableForwarderStats>>;
}

export interface TableForwarders {
  stats(): TableForwardersStats;
  /** Forwards what the tables' streams hold by now, as far as a few seconds allow; lets the lease go. */
  stop(): Promise<void>;
}

const KEY = 'forward';
/** Nobody waits for a change to the second, and a shard of a table's stream has two readers: the reports are the other. */
const POLL_MS = 2_000;
/** The lease is slow for the same reason. */
const LEASE_MS = 15_000;
const RETRY = { firstMs: 500, lastMs: 15_000 };

/**
 * Forwards the changes of every table in `forwardedTables`, each to its own delivery stream. One process at a time by the
 * lease `forward`; others wait.
 *
 * @example
 * const forwarders = startTableForwarders({ dynamodb, dynamodbStreams, firehose, resources, owner: 'engine/1.1', log, wallClock, raceClock, random });
 * await forwarders.stop();
 */
export function startTableForwarders(options: TableForwardersOptions): TableForwarders {
  return new RunningForwarders(options);
}

class RunningForwarders implements TableForwarders {
  readonly #options: TableForwardersOptions;
  readonly #running = new Map<ForwardedTable, TableForwarder>();
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  #role: TableForwardersStats['role'] = 'standby';

  constructor(options: TableForwardersOptions) {
    this.#options = options;
    this.#loop = this.#run();
  }

  stats(): TableForwardersStats {
    const tables: TableForwardersStats['tables'] = {};
    for (const [table, forwarder] of this.#running) tables[table] = forwarder.stats();
    return { role: this.#role, tables };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { dynamodb, resources, owner, log, wallClock, random } = this.#options;
    const { signal } = this.#stop;
    const tableName = resources.tables.state.name;
    const leaseOptions = { dynamodb, tableName, key: KEY, owner, leaseMs: LEASE_MS, renewMs: LEASE_MS / 3 };
    for (let failures = 0; !signal.aborted; ) {
      const lease = await acquireLease({ ...leaseOptions, log, wallClock }, signal);
      if (!lease) return;
      this.#role = 'active';
      try {
        for (const table of forwardedTables) this.#running.set(table, await this.#begin(table, lease));
        failures = 0;
        await aborted(AbortSignal.any([signal, lease.lost]));
      } catch (error) {
        failures++;
        log.error('Changes of tables cannot be forwarded; it is tried again.', { code: errorCode(error) });
      }
      // Who has lost the lease leaves the rest to the other one.
      const withinMs = lease.lost.aborted ? 0 : undefined;
      await Promise.all([...this.#running.values()].map((forwarder) => forwarder.stop(withinMs)));
      this.#running.clear();
      this.#role = 'standby';
      await lease.release();
      if (failures > 0) await pause(backOffMs(failures, RETRY, random), signal);
    }
  }

  async #begin(table: ForwardedTable, { fence }: Lease): Promise<TableForwarder> {
    const { dynamodb, dynamodbStreams: client, resources, pollMs = POLL_MS, log, raceClock, random } = this.#options;
    const { name } = resources.tables[table];
    const streamArn = await streamArnOf(dynamodb, name);
    return await startTableForwarder({
      ...this.#options,
      source: tableStream({ client, streamArn, raceClock, random }),
      deliveryStream: resources.deliveryStreams[table].name,
      store: createSnapshotStore({ dynamodb, tableName: resources.tables.state.name, key: `${KEY}#${name}` }),
      fence,
      pollMs,
      onGap: ({ shardId, behind, upTo }) =>
        log.error('Changes of a table were lost before they were forwarded.', { table: name, shardId, behind, upTo }),
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
