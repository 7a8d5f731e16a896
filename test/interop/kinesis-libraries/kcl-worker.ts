import { expect } from 'vitest';
import { type Foreign, start } from '../../helpers/foreign-clients.js';
import { javaArguments } from './programs.js';

/** Longer than any test keeps one. */
const KILL_AFTER_MS = 240_000;

export interface KclWorkerOptions {
  /** Of `compilePrograms`. */
  classes: string;
  /** What every SDK reads: region, keys, endpoints. */
  env: Record<string, string>;
  /** Also the name of its lease table. */
  application: string;
  stream: string;
  worker: string;
  retrieval: 'polling' | 'fan-out';
}

/** What `KclWorker.java` and `PrintingProcessor.java` print. */
export interface KclLine {
  event:
    | 'initialize'
    | 'record'
    | 'checkpoint'
    | 'checkpointRefused'
    | 'leaseLost'
    | 'shardEnded'
    | 'shutdownRequested'
    | 'stopped'
    | 'failed';
  shard: string;
  sequenceNumber: string;
  sub: string;
  aggregated: string;
  key: string;
  data: string;
}

/** One process with a KCL worker in it. Region, keys and endpoint are all that it is told. */
export class KclWorker {
  readonly #process: Foreign;
  readonly #lines: KclLine[] = [];
  #read = 0;

  constructor({ classes, env, application, stream, worker, retrieval }: KclWorkerOptions) {
    const argv = javaArguments(classes, 'KclWorker', application, stream, worker, retrieval);
    this.#process = start('java', argv, env, KILL_AFTER_MS);
  }

  /** So far. */
  get lines(): readonly KclLine[] {
    const text = this.#process.out();
    for (let end = text.indexOf('\n', this.#read); end >= 0; end = text.indexOf('\n', this.#read)) {
      this.#lines.push(JSON.parse(text.slice(this.#read, end)) as KclLine);
      this.#read = end + 1;
    }
    return this.#lines;
  }

  shardsWith(event: KclLine['event']): Set<string> {
    return new Set(this.lines.filter((line) => line.event === event).map(({ shard }) => shard));
  }

  /** Resolves when it has told this of every one of the shards. */
  async until(event: KclLine['event'], shards: readonly string[]): Promise<void> {
    await expect
      .poll(() => this.missing(event, shards), {
        timeout: 60_000,
        interval: 100,
        message: `${event}\n${this.#process.err()}`,
      })
      .toEqual([]);
  }

  missing(event: KclLine['event'], shards: readonly string[]): string[] {
    const told = this.shardsWith(event);
    return shards.filter((shard) => !told.has(shard));
  }

  /** User records printed since the last checkpoint of their shard: what the next owner may deliver again. */
  get uncommitted(): number {
    const since = new Map<string, number>();
    for (const { event, shard } of this.lines) {
      if (event === 'record') since.set(shard, (since.get(shard) ?? 0) + 1);
      if (event === 'checkpoint') since.set(shard, 0);
    }
    return [...since.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#process.child.kill(signal);
    await this.#process.ended;
  }
}
