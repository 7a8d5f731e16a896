import { closeClients, createClients } from '../../clients.js';
import type { CloudConfig } from '../../config.js';
import { ensureTable } from '../../provision.js';
import { leaseTable } from '../../resources.js';
import { startRenewalThread } from '../leases/renewal-thread.js';
import { TableLeaseStore } from '../leases/table-store.js';
import { type StreamWorker, startWorker, type WorkerOptions } from './worker.js';

export interface OpenWorkerOptions extends Omit<WorkerOptions, 'store' | 'renewer'> {
  /** Names the group: workers with the same name share the stream, in `pitwall-leases-<application>`. */
  application: string;
  /** Another name of the table: that of a KCL application, to go on where its stopped workers ended. */
  tableName?: string;
  /** Where the table is. */
  config: CloudConfig;
  /** Between renewals. Default a third of `leaseMs`. */
  renewMs?: number;
  /** A process whose event loop stands still for longer has its leases run out. Default 10,000. */
  stallMs?: number;
}

const LEASE_MS = 3_000;

/**
 * A worker with its leases in DynamoDB, in a table that is made when there is none, and its renewals in a thread of their
 * own. Raises PW-PROVISION-CONFLICT, PW-PROVISION-TIMEOUT, PW-LEASE-RENEWER, or what the SDK raises.
 *
 * @example
 * const source = kinesisPolling({ client: kinesis, streamName: 'pitwall-race' });
 * const worker = await openWorker({ application: 'board', source, config, self: hostname, initial: 'TRIM_HORIZON', processor, ... });
 * process.once('SIGTERM', () => worker.stop());
 */
export async function openWorker(options: OpenWorkerOptions): Promise<StreamWorker> {
  const { application, config, leaseMs = LEASE_MS, renewMs = leaseMs / 3, stallMs, wallClock, log } = options;
  const table = leaseTable(application);
  const { tableName = table.name } = options;
  const clients = await createClients(config, ['dynamodb']);
  try {
    await ensureTable(clients.dynamodb, { ...table, name: tableName }, { wallClock });
    const thread = { config, tableName, renewMs, clock: wallClock, log, ...(stallMs !== undefined && { stallMs }) };
    const renewer = await startRenewalThread(thread);
    const store = new TableLeaseStore({ dynamodb: clients.dynamodb, tableName });
    const worker = startWorker({ ...options, leaseMs, store, renewer });
    return {
      stats: () => worker.stats(),
      shards: () => worker.shards(),
      stop: async () => {
        await worker.stop();
        closeClients(clients);
      },
    };
  } catch (error) {
    closeClients(clients);
    throw error;
  }
}
