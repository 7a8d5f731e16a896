/** Our local services in a process of their own, for benches. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalAwsOptions } from '#cloud/local/services.js';

export const CREDENTIALS = { accessKeyId: 'AKIABENCHBENCHBENCH1', secretAccessKey: 'bench' };
export const REGION = 'us-east-1';

const CHILD = fileURLToPath(new URL('./aws-process.ts', import.meta.url));

export interface AwsServer {
  url: string;
  pid: number;
  /** From the start of the process to its first answer, ms. */
  startMs: number;
  kill(): Promise<void>;
}

/** `options` are those that JSON can say. The folder goes with the server. */
export async function startAwsServer(options: Partial<LocalAwsOptions> = {}): Promise<AwsServer> {
  const folder = benchFolder();
  const argv = [folder, JSON.stringify(CREDENTIALS), REGION, JSON.stringify(options)];
  const startedMs = performance.now();
  const child: ChildProcess = fork(CHILD, argv, { execArgv: process.execArgv });
  const [url] = (await once(child, 'message')) as [string];
  const startMs = performance.now() - startedMs;
  const kill = async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, pid: child.pid!, startMs, kill };
}

/** On a disk: where /tmp is memory, files of a store would count as such. */
export function benchFolder(): string {
  return mkdtempSync(join(tmpdir(), 'pitwall-bench-'));
}

/** Memory that no file backs, MB: what a process really costs. Linux. */
export function anonymousMb(pid: number): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}
