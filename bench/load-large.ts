/**
 * `node --conditions=source --import tsx bench/load-large.ts [GIGABYTES] [--gz]`: a file of long telemetry that is larger than
 * the memory of most machines, by the command's own parts, with the memory that the process took on the way. Not one of the
 * parts of `run.ts`: ten gigabytes take about a quarter of an hour, and their room on the disk.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchFolder, startAwsServer } from './aws-server.js';
import { writeLongCsv } from './long-csv.js';

const CHILD = fileURLToPath(new URL('./load-process.ts', import.meta.url));
const GIGABYTES = 10;

const gigabytes = Number(process.argv.slice(2).find((argument) => !argument.startsWith('--')) ?? GIGABYTES);
const path = process.argv.includes('--gz') ? 'large.csv.gz' : 'large.csv';
const folder = benchFolder();
const server = await startAwsServer();
try {
  const made = await writeLongCsv(join(folder, path), { bytes: gigabytes * 1e9 });
  const fileBytes = statSync(join(folder, path)).size;
  const child = fork(CHILD, [server.url, join(folder, path), folder], { execArgv: process.execArgv });
  const [loaded] = (await once(child, 'message')) as [
    { rows: number; seconds: number; rssMb: number; rssMbOnTheWay: number[] },
  ];
  await once(child, 'close');
  if (loaded.rows !== made.rows) throw new Error(`${loaded.rows} of ${made.rows} rows were loaded.`);
  const rowsPerS = Math.round(loaded.rows / loaded.seconds);
  process.stdout.write(`${JSON.stringify({ file: path, bytes: made.bytes, fileBytes, ...loaded, rowsPerS })}\n`);
} finally {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
