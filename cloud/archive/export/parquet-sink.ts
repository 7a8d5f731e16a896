import { Worker } from 'node:worker_threads';
import { PitwallError } from '#wire/errors.js';
import type { ChannelSpec } from '#wire/messages.js';
import type { FrameSink } from './sink.js';

export type ParquetRequest =
  | { type: 'chunk'; thing: string; channels: readonly ChannelSpec[]; frames: Uint8Array[] }
  | { type: 'finish' };
type ParquetAnswer = { paths: string[]; error?: undefined } | { error: string };

const IS_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = new URL(`./parquet-entry${IS_SOURCE ? '.ts' : '.js'}`, import.meta.url);
/** A thread has its own loader: what reads TypeScript in this one is not there. */
const FROM_SOURCE = `import('tsx/esm/api').then(({ register }) => (register(), import('${ENTRY.href}')))`;

export interface ParquetOptions {
  /** A file that has so many values is followed by another one. Default no bound: one file for each thing and table. */
  fileCells?: number;
}

/** Parquet, decoded and written in a thread of its own. Errors of it are PW-ARCHIVE-EXPORT. */
export function parquetSink(folder: string, options: ParquetOptions = {}): FrameSink {
  const workerData = { folder, ...options };
  /** There once the first chunk is. */
  let worker: Worker | undefined;
  const start = () =>
    IS_SOURCE
      ? new Worker(FROM_SOURCE, { workerData, eval: true, execArgv: ['--conditions=source'] })
      : new Worker(ENTRY, { workerData });
  const ask = (request: ParquetRequest): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new PitwallError('PW-ARCHIVE-EXPORT', { what: `Parquet: ${why}` }));
      const onError = (error: Error) => fail(error.message);
      worker ??= start();
      worker.once('error', onError);
      worker.once('message', (answer: ParquetAnswer) => {
        worker?.off('error', onError);
        if (answer.error === undefined) resolve(answer.paths);
        else fail(answer.error);
      });
      worker.postMessage(request);
    });
  const end = async () => {
    await worker?.terminate();
  };
  return {
    write: async ({ thing, table, frames }) => {
      // Copied: what is in the archive's blocks lies in one memory with its neighbours.
      const copies = frames.map((bytes) => Uint8Array.from(bytes));
      await ask({ type: 'chunk', thing, channels: table.channels, frames: copies });
    },
    finish: async () => {
      const paths = worker ? await ask({ type: 'finish' }) : [];
      await end();
      return paths;
    },
    abandon: end,
  };
}
