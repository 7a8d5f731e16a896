/** One policy of a run in a process of its own: options come in as the first message, the result goes out as the last. */
import { createLog } from '../log.js';
import { type DeliveryRunOptions, runDelivery } from './delivery-run.js';
import type { FromPolicy } from './policy-process.js';

const stop = new AbortController();
for (const event of ['SIGINT', 'SIGTERM', 'disconnect']) process.on(event, () => stop.abort());

process.once('message', (options: Omit<DeliveryRunOptions, 'log' | 'signal'>) => {
  const answer = (message: FromPolicy) => {
    if (process.connected) process.send?.(message, () => process.disconnect());
  };
  runDelivery({ ...options, signal: stop.signal, log: createLog(`sim ${options.policy}`, 'error') }).then(
    (result) => answer({ type: 'result', result }),
    (error: unknown) => answer({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
});
