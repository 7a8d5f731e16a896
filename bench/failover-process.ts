/** Child of the failover bench: a worker; tells each batch that it has processed, with the machine's monotonic time. */
import { createClients } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { openWorker } from '#cloud/streams/worker/open.js';
import type { ShardAssignment } from '#cloud/streams/worker/processor.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';

export interface Processed {
  self: string;
  shardId: string;
  atMs: number;
}

const [configText, streamName, self] = process.argv.slice(2);
const config = JSON.parse(configText) as CloudConfig;
const { kinesis } = await createClients(config, ['kinesis']);
await openWorker({
  application: streamName,
  config,
  source: kinesisPolling({ client: kinesis, streamName }),
  self,
  initial: TRIM_HORIZON,
  processor: (shardId) => {
    let shard: ShardAssignment;
    return {
      initialize: async (assignment) => {
        shard = assignment;
      },
      process: async () => {
        await shard.commit();
        const told: Processed = { self, shardId, atMs: Number(process.hrtime.bigint()) / 1e6 };
        process.send?.(told);
      },
      leaseLost: async () => {},
      shardEnded: async () => {},
      shutdownRequested: () => shard.commit(),
    };
  },
  log: silentLog,
  wallClock,
  raceClock: wallClock,
  random: Math.random,
});
process.on('disconnect', () => process.exit(0));
