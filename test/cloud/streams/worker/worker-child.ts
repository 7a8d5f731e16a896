/** A worker in a process of its own, to be killed, stopped and blocked; tells what it does as JSON lines. */
import { createClients } from '#cloud/clients.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { openWorker } from '#cloud/streams/worker/open.js';
import type { ShardAssignment, ShardProcessor } from '#cloud/streams/worker/processor.js';
import { wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import type { Told, WorkerChildOptions } from './crew.js';

const options = JSON.parse(process.argv[2]) as WorkerChildOptions;
const { self, streamName, kinesisUrl, dynamodbUrl, region, credentials, commitEvery } = options;
const config = { region, credentials, endpoints: { kinesis: kinesisUrl, dynamodb: dynamodbUrl } };

function tell(told: Told): void {
  process.stdout.write(`${JSON.stringify({ ...told, atMs: Number(process.hrtime.bigint()) / 1e6 })}\n`);
}

/** Emits what it has read while it is the owner; commits what it has emitted, every so many batches. */
class EmittingProcessor implements ShardProcessor {
  #shard!: ShardAssignment;
  #unsent: StreamRecord[] = [];
  #emitted: string | undefined;
  #batches = 0;
  #timer: NodeJS.Timeout | undefined;

  async initialize(shard: ShardAssignment): Promise<void> {
    this.#shard = shard;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#emit(), 50);
    this.#tell('initialize');
  }

  async process({ records }: { records: StreamRecord[] }): Promise<void> {
    this.#unsent.push(...records);
    this.#emit();
    if (options.batchMs) await new Promise((resolve) => setTimeout(resolve, options.batchMs));
    if (++this.#batches % commitEvery === 0) await this.#commit();
  }

  async leaseLost(): Promise<void> {
    this.#end('leaseLost');
  }

  async shardEnded(): Promise<void> {
    this.#emit();
    // Not the owner for certain: then the end is not this one's to commit.
    if (this.#unsent.length > 0) throw new Error('not emitted yet');
    this.#end('shardEnded');
  }

  async shutdownRequested(): Promise<void> {
    this.#emit();
    await this.#commit();
    this.#end('shutdownRequested');
  }

  #emit(): void {
    const held = this.#shard.held();
    if (this.#unsent.length === 0) return;
    if (!held) {
      this.#tell('heldBack', { count: this.#unsent.length });
      return;
    }
    const records = this.#unsent.map(({ partitionKey, data }): [string, number] => [
      partitionKey,
      Number(Buffer.from(data).toString()),
    ]);
    this.#emitted = this.#unsent.at(-1)?.sequenceNumber;
    this.#unsent = [];
    this.#tell('emit', { records });
  }

  async #commit(): Promise<void> {
    const position = this.#emitted;
    if (position === undefined) return;
    try {
      await this.#shard.commit({ position, subSequenceNumber: 0 });
      this.#tell('commit');
    } catch (error) {
      this.#tell('notCommitted', { code: (error as { code?: string }).code ?? (error as Error).name });
    }
  }

  #end(event: Told['event']): void {
    clearInterval(this.#timer);
    this.#tell(event);
  }

  #tell(event: Told['event'], more: Partial<Told> = {}): void {
    tell({ event, shard: this.#shard.shardId, fence: this.#shard.fence, ...more });
  }
}

const clients = await createClients(config, ['kinesis']);
const log = (message: string) => tell({ event: 'log', message });
const worker = await openWorker({
  ...options,
  config,
  source: kinesisPolling({ client: clients.kinesis, streamName, maxRecords: 200 }),
  initial: TRIM_HORIZON,
  processor: () => new EmittingProcessor(),
  log: { info: log, warn: log, error: log },
  wallClock,
  raceClock: wallClock,
  random: seededRandom(1),
});
tell({ event: 'started', worker: self });

process.on('SIGTERM', () => {
  void worker.stop().then(() => tell({ event: 'stopped', stats: worker.stats() }));
});
process.on('SIGUSR2', () => {
  const endMs = wallClock.nowMs() + options.blockMs;
  tell({ event: 'blocking' });
  while (wallClock.nowMs() < endMs);
  tell({ event: 'unblocked' });
});
