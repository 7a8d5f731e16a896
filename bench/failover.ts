/**
 * kill −9 of one of two workers that share four shards: how long until all of its shards are processed again by the other.
 * Leases of 3 s, renewed each second; services, writer and workers are processes of their own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CreateStreamCommand, type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { closeClients, createClients } from '#cloud/clients.js';
import { pause } from '#cloud/streams/back-off.js';
import { splitEvenly, toDecimal } from '#cloud/streams/hash-range.js';
import { CREDENTIALS, REGION, startAwsServer } from './aws-server.js';
import type { Processed } from './failover-process.js';
import { type Figure, round } from './figure.js';

const WORKER = fileURLToPath(new URL('./failover-process.ts', import.meta.url));
const STREAM = 'failover';
const SHARDS = 4;
/** Of each shard. All shards weigh the same, so that two workers are balanced with two each and with nothing else. */
const KEYS = 10;
const WRITE_MS = 100;
/** About 8 s each, most of it until a new worker stands and has its two shards. */
const KILLS = 12;
/** A kill falls anywhere between two renewals. */
const RENEW_MS = 1_000;
const LOOK_MS = 25;

export async function failoverFigures(): Promise<Figure[]> {
  const server = await startAwsServer();
  const pair = new Pair();
  const stop = new AbortController();
  try {
    const endpoints = { kinesis: server.url, dynamodb: server.url };
    const config = { region: REGION, credentials: CREDENTIALS, endpoints };
    const clients = await createClients(config, ['kinesis']);
    await clients.kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: SHARDS }));
    const writing = write(clients.kinesis, stop.signal);
    pair.start(config);
    pair.start(config);
    const times: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      await pair.balanced();
      await pause((RENEW_MS * kill) / KILLS);
      times.push(await pair.kill());
      pair.start(config);
    }
    stop.abort();
    await writing;
    closeClients(clients);
    times.sort((a, b) => a - b);
    const spread = round((times[times.length - 1] - times[0]) / times[0]);
    const at = (quantile: number) => round(times[Math.ceil(quantile * times.length) - 1], 0);
    return [
      { name: `failover of a killed worker, p50 of ${KILLS}`, unit: 'ms', value: at(0.5), spread },
      { name: `failover of a killed worker, p99 of ${KILLS}`, unit: 'ms', value: at(0.99), spread },
    ];
  } finally {
    stop.abort();
    pair.end();
    await server.kill();
  }
}

async function write(client: KinesisClient, signal: AbortSignal): Promise<void> {
  const Data = Buffer.alloc(100);
  const ranges = splitEvenly(SHARDS);
  const Records = Array.from({ length: SHARDS * KEYS }, (_, key) => ({
    PartitionKey: `car-${key}`,
    ExplicitHashKey: toDecimal(ranges[key % SHARDS].starting),
    Data,
  }));
  while (!signal.aborted) {
    await client.send(new PutRecordsCommand({ StreamName: STREAM, Records }));
    await pause(WRITE_MS, signal);
  }
}

/** Two workers, the older first, and who processed each shard last. */
class Pair {
  readonly #workers = new Map<string, ChildProcess>();
  readonly #last = new Map<string, Processed>();
  #started = 0;

  start(config: object): void {
    const self = `worker-${++this.#started}`;
    const child = fork(WORKER, [JSON.stringify(config), STREAM, self], { execArgv: process.execArgv });
    child.on('message', (told: Processed) => this.#last.set(told.shardId, told));
    this.#workers.set(self, child);
  }

  async balanced(): Promise<void> {
    while ([...this.#workers.keys()].some((self) => this.#shardsOf(self).length !== SHARDS / 2)) await pause(LOOK_MS);
  }

  /** Kills the older one; milliseconds until each of its shards was processed by the other. */
  async kill(): Promise<number> {
    const [[victim, child]] = this.#workers;
    const shards = this.#shardsOf(victim);
    this.#workers.delete(victim);
    const killedMs = Number(process.hrtime.bigint()) / 1e6;
    child.kill('SIGKILL');
    const [survivor] = this.#workers.keys();
    while (!shards.every((shardId) => this.#last.get(shardId)?.self === survivor)) await pause(LOOK_MS);
    return Math.max(...shards.map((shardId) => this.#last.get(shardId)!.atMs)) - killedMs;
  }

  end(): void {
    for (const child of this.#workers.values()) child.kill('SIGKILL');
  }

  #shardsOf(self: string): string[] {
    return [...this.#last.values()].filter((told) => told.self === self).map(({ shardId }) => shardId);
  }
}
