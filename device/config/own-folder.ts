import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Agent } from '../agent.js';
import { releaseLock, takeLock } from '../lock-file.js';
import { PitwallError } from '../wire/errors.js';
import type { LoadedConfig } from './load.js';

const LOCK_FILE = 'lock';

/** The data folder of a configuration. */
export function dataDirOf({ dir, dataDir }: LoadedConfig): string {
  return resolve(dir, dataDir);
}

/**
 * Starts an agent that has its data folder for itself until it is stopped. Raises PW-AGENT-FOLDER while another live process
 * works in it; what a killed one left does not count. The journal itself is not safe for two.
 */
export async function inOwnFolder(config: LoadedConfig, start: () => Promise<Agent>): Promise<Agent> {
  const dataDir = dataDirOf(config);
  const lock = join(dataDir, LOCK_FILE);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const owner = takeLock(lock);
  if (owner !== undefined) {
    throw new PitwallError('PW-AGENT-FOLDER', {
      what: `An agent (process ${owner}) works in ${dataDir}.`,
      fix: 'Stop it, or give this one a "dataDir" of its own.',
    });
  }
  let agent: Agent;
  try {
    agent = await start();
  } catch (error) {
    releaseLock(lock);
    throw error;
  }
  const { stop } = agent;
  agent.stop = async () => {
    try {
      await stop();
    } finally {
      releaseLock(lock);
    }
  };
  return agent;
}
