import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { startRenewals } from '#cloud/streams/leases/renewer.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardAssignment, ShardProcessor, WorkBatch } from '#cloud/streams/worker/processor.js';
import { type StreamWorker, startWorker, type WorkerOptions } from '#cloud/streams/worker/worker.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { FakeKinesis } from '../fake-kinesis.js';
import { MemoryLeaseStore } from '../leases/memory-store.js';

/** What a group's processors were told, in order: `worker shard event`. */
export class Diary {
  readonly entries: string[] = [];
  /** Data of each record by shard, every delivery. */
  readonly delivered: { worker: string; shardId: string; sequenceNumber: string }[] = [];
  /** Runs in `process`, before the batch counts as processed. */
  during: (worker: string, batch: WorkBatch, shard: ShardAssignment) => Promise<void> = async () => {};
  /** Commits after each batch. */
  commits = true;

  processor(worker: string, shardId: string): ShardProcessor {
    let shard: ShardAssignment;
    const note = (event: string) => this.entries.push(`${worker} ${shardId} ${event}`);
    return {
      initialize: async (assignment) => {
        shard = assignment;
        note(`initialize ${assignment.checkpoint.position}`);
      },
      process: async (batch) => {
        await this.during(worker, batch, shard);
        for (const { sequenceNumber } of batch.records) this.delivered.push({ worker, shardId, sequenceNumber });
        if (this.commits) await shard.commit();
      },
      leaseLost: async () => void note('leaseLost'),
      shardEnded: async () => void note('shardEnded'),
      shutdownRequested: async () => {
        note('shutdownRequested');
        await shard.commit();
      },
    };
  }
}

/** A stream and a group of workers in this process, on wall time with short leases. */
export class Group {
  readonly kinesis: FakeKinesis;
  readonly store = new MemoryLeaseStore();
  readonly diary = new Diary();
  readonly workers = new Map<string, StreamWorker>();

  constructor(shards: string[] = ['s0']) {
    this.kinesis = new FakeKinesis(shards);
    this.kinesis.pageSize = 100;
  }

  start(self: string, changes: Partial<WorkerOptions> = {}): StreamWorker {
    const { store = this.store } = changes;
    const worker = startWorker({
      source: kinesisPolling({ client: this.kinesis.client, streamName: 'stream' }),
      store,
      self,
      initial: TRIM_HORIZON,
      processor: (shardId) => this.diary.processor(self, shardId),
      renewer: (onRenewal) => startRenewals({ store, renewMs: 20, clock: wallClock, onRenewal }),
      leaseMs: 100,
      lookMs: 10,
      handOverMs: 500,
      pollMs: 2,
      log: silentLog,
      wallClock,
      raceClock: wallClock,
      random: seededRandom(1),
      ...changes,
    });
    this.workers.set(self, worker);
    return worker;
  }

  shardsOf(self: string): string[] {
    return [...this.workers.get(self)!.shards().keys()].sort();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers.values()].map((worker) => worker.stop()));
  }
}
