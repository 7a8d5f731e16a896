/** Stand-ins for Kinesis that others wrote, each in a process of its own: oracles of tests, peers of benches. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
/** The longest that one of them takes to answer its first call, on a busy machine. */
const READY_MS = 30_000;
const POLL_MS = 20;

export interface KinesisPeer {
  name: 'kinesalite' | 'kinesis-local';
  url: string;
  pid: number;
  kill(): Promise<void>;
}

/** By LevelDB in `folder`, in memory without one. Changes of status take no time. */
export async function startKinesalite(folder?: string): Promise<KinesisPeer> {
  const [port] = await freePorts(1);
  const flags = { port, createStreamMs: 0, deleteStreamMs: 0, updateStreamMs: 0, shardLimit: 500, path: folder };
  const argv = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, `${value}`]));
  return started('kinesalite', port, spawn(process.execPath, [require.resolve('kinesalite/cli.js'), ...argv], QUIET));
}

/** It keeps everything in memory; with a folder it dumps that every five seconds. */
export async function startKinesisLocal(folder?: string): Promise<KinesisPeer> {
  const [port, tlsPort] = await freePorts(2);
  const main = require.resolve('kinesis-local/main.js');
  const durations = ['CREATE_STREAM', 'DELETE_STREAM', 'SPLIT_SHARD', 'MERGE_SHARDS', 'UPDATE_SHARD_COUNT'];
  const env = {
    ...process.env,
    ...Object.fromEntries(durations.map((name) => [`${name}_DURATION`, '0ms'])),
    KINESIS_MOCK_PLAIN_PORT: `${port}`,
    KINESIS_MOCK_TLS_PORT: `${tlsPort}`,
    KINESIS_MOCK_CERT_PATH: join(dirname(main), 'server.json'),
    SHARD_LIMIT: '500',
    LOG_LEVEL: 'ERROR',
    ...(folder !== undefined && { SHOULD_PERSIST_DATA: 'true', PERSIST_PATH: folder }),
  };
  return started('kinesis-local', port, spawn(process.execPath, [main], { ...QUIET, env }));
}

const QUIET = { stdio: 'ignore' } as const;

async function started(name: KinesisPeer['name'], port: number, child: ChildProcess): Promise<KinesisPeer> {
  const url = `http://127.0.0.1:${port}`;
  const giveUpMs = performance.now() + READY_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() > giveUpMs) throw new Error(`${name} does not answer at ${url}.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return {
    name,
    url,
    pid: child.pid!,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

function answers(url: string): Promise<boolean> {
  return fetch(url, { method: 'POST', body: '{}' }).then(
    () => true,
    () => false,
  );
}

/** Neither peer takes port 0. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(async (server) => {
      await once(server, 'listening');
      return (server.address() as { port: number }).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
