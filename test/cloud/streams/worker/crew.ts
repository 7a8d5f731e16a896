import { fileURLToPath } from 'node:url';
import { CreateStreamCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { expect } from 'vitest';
import type { WorkerStats } from '#cloud/streams/worker/worker.js';
import { SourceProcess } from '../../../helpers/source-process.js';
import { write } from '../../local/kinesis/storm.js';
import { credentials, region } from '../../local/local-aws.js';

/** Between the puts of a key: 400 records a second in all. */
const WRITE_MS = 100;
/** What has not happened by then never will, on a busy machine either. */
const PATIENCE_MS = 120_000;
const CHILD = fileURLToPath(new URL('./worker-child.ts', import.meta.url));

export interface WorkerTimes {
  leaseMs: number;
  renewMs: number;
  lookMs: number;
  handOverMs: number;
  stallMs: number;
  pollMs: number;
  /** How long a batch takes. */
  batchMs: number;
  /** How long SIGUSR2 blocks the event loop. */
  blockMs: number;
  /** Batches between checkpoints. */
  commitEvery: number;
}

/** Leases of a second or so, so that a test takes seconds. */
export const SHORT: WorkerTimes = {
  leaseMs: 1_200,
  renewMs: 300,
  lookMs: 150,
  handOverMs: 5_000,
  stallMs: 10_000,
  pollMs: 30,
  batchMs: 0,
  blockMs: 2_000,
  commitEvery: 1,
};

export const REAL: WorkerTimes = { ...SHORT, leaseMs: 3_000, renewMs: 1_000, lookMs: 500, blockMs: 4_000 };

export interface WorkerChildOptions extends WorkerTimes {
  application: string;
  self: string;
  streamName: string;
  kinesisUrl: string;
  dynamodbUrl: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** A line of a worker. */
export interface Told {
  event:
    | 'started'
    | 'initialize'
    | 'emit'
    | 'heldBack'
    | 'commit'
    | 'notCommitted'
    | 'leaseLost'
    | 'shardEnded'
    | 'shutdownRequested'
    | 'blocking'
    | 'unblocked'
    | 'stopped'
    | 'log';
  worker?: string;
  shard?: string;
  fence?: number;
  /** Partition key and number of each record. */
  records?: [string, number][];
  count?: number;
  code?: string;
  message?: string;
  stats?: WorkerStats;
  /** Monotonic, the machine's. */
  atMs?: number;
}

export interface Audit {
  emitted: number;
  duplicates: number;
  /** Records that somebody had emitted and not committed when it was gone: what may come twice. */
  uncommitted: number;
}

/** Workers in processes of their own on one stream, and what they emitted. */
export class Crew {
  readonly written: Map<string, number[]> = new Map();
  readonly client: KinesisClient;
  readonly #options: Omit<WorkerChildOptions, 'self'>;
  readonly #processes = new Map<string, SourceProcess>();
  readonly #told = new Map<string, Told[]>();
  #isOver = false;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: { streamName: string; kinesisUrl: string; dynamodbUrl: string } & WorkerTimes) {
    this.#options = { ...options, application: options.streamName, region, credentials };
    this.client = new KinesisClient({ region, credentials, endpoint: options.kinesisUrl });
  }

  get streamName(): string {
    return this.#options.streamName;
  }

  async createStream(ShardCount: number): Promise<void> {
    await this.client.send(new CreateStreamCommand({ StreamName: this.streamName, ShardCount }));
  }

  /** Numbered records under many keys, until `endWriting`. */
  beginWriting(): void {
    this.#writing = write(this.client, this.streamName, () => this.#isOver, this.written, WRITE_MS);
  }

  /** Resolves when all that was written is emitted. */
  async endWriting(): Promise<void> {
    this.#isOver = true;
    await this.#writing;
    await expect.poll(() => this.emittedOnce, { timeout: PATIENCE_MS, interval: 100 }).toBe(this.total);
  }

  /** Resolves when the worker runs; it need not have shards yet. */
  async start(self: string, changes: Partial<WorkerChildOptions> = {}): Promise<void> {
    const process = new SourceProcess(CHILD, JSON.stringify({ ...this.#options, ...changes, self }));
    this.#processes.set(self, process);
    this.#told.set(self, []);
    await this.until(() => this.told(self).some(({ event }) => event === 'started'));
  }

  told(self: string): Told[] {
    const told = this.#told.get(self)!;
    const { lines } = this.#processes.get(self)!;
    while (told.length < lines.length) told.push(JSON.parse(lines[told.length]) as Told);
    return told;
  }

  events(self: string, event: Told['event']): Told[] {
    return this.told(self).filter((told) => told.event === event);
  }

  /** Shards that a worker has taken and not ended, by what it told. */
  shardsOf(self: string): string[] {
    const shards = new Set<string>();
    for (const { event, shard } of this.told(self)) {
      if (event === 'initialize') shards.add(shard!);
      if (event === 'leaseLost' || event === 'shardEnded' || event === 'shutdownRequested') shards.delete(shard!);
    }
    return [...shards].sort();
  }

  signal(self: string, signal: NodeJS.Signals): void {
    process.kill(this.#processes.get(self)!.pid, signal);
  }

  /** Gracefully, as a deployment does. */
  async end(self: string): Promise<WorkerStats> {
    this.signal(self, 'SIGTERM');
    await this.until(() => this.events(self, 'stopped').length > 0);
    await this.#processes.get(self)!.kill();
    return this.events(self, 'stopped')[0].stats!;
  }

  kill(self: string): Promise<void> {
    return this.#processes.get(self)!.kill();
  }

  async until(condition: () => boolean, timeout = PATIENCE_MS): Promise<void> {
    await expect.poll(condition, { timeout, interval: 25 }).toBe(true);
  }

  get total(): number {
    return [...this.written.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Records that somebody emitted, each once. */
  get emittedOnce(): number {
    const numbers = new Set<string>();
    for (const { records } of this.#emits()) for (const [key, number] of records!) numbers.add(`${key} ${number}`);
    return numbers.size;
  }

  /**
   * Goes through what all workers emitted, in the order of time. Whoever drops what it has seen gets each key's numbers
   * without a hole and in order: a number that is not the next is an error, one from before is a duplicate.
   */
  audit(): Audit {
    const next = new Map<string, number>();
    let duplicates = 0;
    let emitted = 0;
    for (const { records, shard } of this.#emits()) {
      for (const [key, number] of records!) {
        emitted++;
        const wanted = next.get(key) ?? 0;
        if (number < wanted) duplicates++;
        else if (number === wanted) next.set(key, number + 1);
        else throw new Error(`After ${wanted - 1} of ${key} came ${number}, in ${shard}.`);
      }
    }
    for (const [key, numbers] of this.written) expect(next.get(key) ?? 0, key).toBe(numbers.length);
    return { emitted, duplicates, uncommitted: this.#uncommitted() };
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#writing.catch(() => {});
    for (const process of this.#processes.values()) await process.kill();
    this.client.destroy();
  }

  #emits(): Told[] {
    const all = [...this.#processes.keys()].flatMap((self) => this.events(self, 'emit'));
    return all.sort((a, b) => a.atMs! - b.atMs!);
  }

  #uncommitted(): number {
    let sum = 0;
    for (const self of this.#processes.keys()) {
      const open = new Map<string, number>();
      for (const { event, shard, fence, records } of this.told(self)) {
        const lease = `${shard} ${fence}`;
        if (event === 'emit') open.set(lease, (open.get(lease) ?? 0) + records!.length);
        if (event === 'commit' || event === 'shardEnded') open.set(lease, 0);
      }
      for (const count of open.values()) sum += count;
    }
    return sum;
  }
}

/** Runs with a crew and ends it, whatever comes. */
export async function withCrew(opening: Promise<Crew>, run: (crew: Crew) => Promise<void>): Promise<void> {
  const crew = await opening;
  try {
    await run(crew);
  } finally {
    await crew.close();
  }
}
