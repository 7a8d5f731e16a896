/** Entry point of the thread that renews leases (`renewal-thread.ts`). */
import { parentPort, workerData } from 'node:worker_threads';
import { createClients } from '../../clients.js';
import { type FromThread, monotonicMs, type RenewalThreadData, type ToThread } from './renewal-messages.js';
import { startRenewals } from './renewer.js';
import { TableLeaseStore } from './table-store.js';

/** A renewal that is not answered by then is sent again with the next turn. */
const PATIENCE = 1.5;

const { config, tableName, renewMs, stallMs, beats } = workerData as RenewalThreadData;
const { dynamodb } = await createClients(config, ['dynamodb']);
const post = (message: FromThread) => parentPort?.postMessage(message);

const renewer = startRenewals({
  store: new TableLeaseStore({ dynamodb, tableName, timeoutMs: PATIENCE * renewMs }),
  renewMs,
  clock: { nowMs: monotonicMs },
  isAlive: () => monotonicMs() - Number(Atomics.load(beats, 0)) / 1e6 < stallMs,
  onRenewal: (renewal) => post({ type: 'renewal', renewal }),
});

parentPort?.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'hold':
      renewer.hold(message.row);
      return;
    case 'drop':
      renewer.drop(message.leaseKey);
      return;
    case 'throughput':
      renewer.throughput(message.leaseKey, message.kBps);
  }
});
post({ type: 'ready' });
