import { join, resolve } from 'node:path';
import { openAuthority } from '#certs/authority.js';
import type { AgentConfigInput } from '#device/config/schema.js';
import { wallClock } from '#wire/clock.js';
import { enrolInRunningSystem } from '../commands/certs-running.js';
import type { Config } from '../config/keys.js';
import { readRuntime } from '../data-dir.js';
import { requireLocal } from '../remote.js';

/**
 * The system that runs in the data folder, as the destination of an agent of this name: its certificate is made, or found.
 * Raises PW-CONFIG-NOT-RUNNING, PW-CERTS-NAME.
 */
export async function localDestination(
  config: Config,
  thing: string,
  command: string,
): Promise<AgentConfigInput['destinations'][number]> {
  requireLocal(config, command);
  const { mqtt } = readRuntime(config.data);
  const authority = await openAuthority(join(resolve(config.data), 'certs'), { now: wallClock });
  const { caPath: ca, certPath: cert, keyPath: key } = await authority.thing(thing);
  const own = (await authority.list()).filter((record) => record.thing === thing && record.status === 'active');
  await enrolInRunningSystem(config, own);
  return { name: 'local', endpoint: { host: mqtt.host, port: mqtt.port }, ca, cert, key };
}
