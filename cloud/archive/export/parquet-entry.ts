/** Entry point of the thread that writes Parquet: chunks come one at a time, each is answered when it is written. */
import { parentPort, workerData } from 'node:worker_threads';
import { ChannelTable } from '#wire/channels.js';
import { ParquetFiles } from './parquet-files.js';
import type { ParquetOptions, ParquetRequest } from './parquet-sink.js';

const { folder, fileCells } = workerData as { folder: string } & ParquetOptions;
const files = new ParquetFiles(folder, fileCells);

parentPort?.on('message', (request: ParquetRequest) => {
  answer(request).then(
    (paths) => parentPort?.postMessage({ paths }),
    (error: unknown) => parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
});

async function answer(request: ParquetRequest): Promise<string[]> {
  if (request.type === 'finish') return await files.finish();
  const { thing, channels, frames } = request;
  await files.write({ thing, table: new ChannelTable(channels), frames });
  return [];
}
