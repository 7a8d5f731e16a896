/** Stand-ins for Kinesis that others wrote, each in a process of its own: oracles of tests, peers of benches. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePorts, type Peer, QUIET, started } from './peer-process.js';

const require = createRequire(import.meta.url);

export type KinesisPeer = Peer<'kinesalite' | 'kinesis-local'>;

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
