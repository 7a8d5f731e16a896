/** Stand-ins for DynamoDB that others wrote, each in a process of its own: oracles of tests, peers of benches. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { has, pythonWith } from './foreign-clients.js';
import { freePorts, type Peer, QUIET, started } from './peer-process.js';

export type TablePeer = Peer<'dynalite' | 'DynamoDB Local' | 'moto'>;

/** Bare dynalite over HTTP, on LevelDB in `folder`, in memory without one. */
export async function startDynalite(folder?: string): Promise<TablePeer> {
  const [port] = await freePorts(1);
  const argv = ['--port', `${port}`, '--createTableMs', '0', '--deleteTableMs', '0', '--updateTableMs', '0'];
  if (folder !== undefined) argv.push('--path', folder);
  const cli = createRequire(import.meta.url).resolve('dynalite/cli.js');
  return started('dynalite', port, spawn(process.execPath, [cli, ...argv], QUIET));
}

/** Where `test/interop/install.sh` puts AWS's own, with its native library. */
const JARS = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'pitwall', 'dynamodb-local', 'lib');

export const hasDynamoDBLocal = (): boolean => existsSync(JARS) && has('java', '-version');

export async function startDynamoDBLocal(): Promise<TablePeer> {
  const [port] = await freePorts(1);
  const main = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
  const argv = [`-Djava.library.path=${JARS}`, '-cp', join(JARS, '*'), main, '-inMemory', '-port', `${port}`];
  // It leaves a file where it is started.
  return started('DynamoDB Local', port, spawn('java', argv, { ...QUIET, cwd: join(JARS, '..') }));
}

/** The Python that has moto's server. */
export const pythonWithMoto = (): string | undefined => pythonWith('moto.server', 'flask');

export async function startMoto(python: string): Promise<TablePeer> {
  const [port] = await freePorts(1);
  return started('moto', port, spawn(python, ['-m', 'moto.server', '-p', `${port}`], QUIET));
}
