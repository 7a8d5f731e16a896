import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Agent, type AgentOptions, startAgent } from '../agent.js';
import { EventClock } from '../pipeline/clock.js';
import type { Source } from '../sources/source.js';
import type { Link } from '../uplink/link.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import type { LoadedConfig } from './load.js';
import { dataDirOf, inOwnFolder } from './own-folder.js';
import type { DestinationConfig } from './schema.js';

/** What a configuration does not say: the machine that the agent runs on. */
export interface Machine {
  /** Monotonic. */
  wallClock: Clock;
  /** The machine's own clock, which may be set at any time. */
  machineClock: Clock;
  random: Random;
  log: Log;
  /** Event time, where it is not this machine's: a recording that is played at another speed. */
  raceClock?: Clock;
  /** For sources that read standard input. */
  stdin?: NodeJS.ReadableStream;
}

/** Opens the sources of a configuration and starts the agent on them. Raises PW-AGENT-FOLDER, and what a source raised. */
export function startConfigured(
  config: LoadedConfig,
  role: NonNullable<AgentOptions['role']>,
  machine: Machine,
): Promise<Agent> {
  return inOwnFolder(config, () => startInFolder(config, role, machine));
}

/** As `startConfigured` for who has the folder already. When a source raises, those opened are stopped. */
export async function startInFolder(
  config: LoadedConfig,
  role: NonNullable<AgentOptions['role']>,
  machine: Machine,
  more: Pick<AgentOptions, 'deployments'> = {},
): Promise<Agent> {
  const { dir, thing, sources: wanted, destinations, clock, ...rest } = config;
  const { wallClock, machineClock, random, log } = machine;
  const dataDir = dataDirOf(config);
  const eventClock = new EventClock({ monotonic: wallClock, machine: machineClock, ...clock });
  const raceClock = machine.raceClock ?? eventClock;
  const sources: Source[] = [];
  try {
    for (const { kind, name, config: own } of wanted) {
      const stateDir = join(dataDir, 'sources', name);
      mkdirSync(stateDir, { recursive: true, mode: 0o700 });
      sources.push(await kind.open(own, { ...machine, name, dir, stateDir, raceClock }));
    }
    const links = await Promise.all(destinations.map((each) => linkTo(each, { dir, thing }, machine)));
    return await startAgent({
      ...rest,
      ...more,
      thing,
      dataDir,
      role,
      sources,
      destinations: destinations.map(({ name, limits }, i) => ({ name, link: links[i], limits })),
      raceClock,
      clock: machine.raceClock ? undefined : eventClock,
      wallClock,
      random,
      log,
    });
  } catch (error) {
    await Promise.allSettled(sources.map(async (source) => source.stop()));
    throw error;
  }
}

/** The link that a destination names; the other one is not even loaded. */
async function linkTo(
  { endpoint, ca, cert, key, link }: DestinationConfig,
  { dir, thing }: { dir: string; thing: string },
  { wallClock, random, log }: Machine,
): Promise<() => Link> {
  const [caPath, certPath, keyPath] = [ca, cert, key].map((path) => resolve(dir, path));
  const where = { ...endpoint, clientId: thing, caPath, certPath, keyPath };
  if (link === 'mqtt') {
    const { createMqttLink } = await import('../uplink/mqtt-link.js');
    return () => createMqttLink(where, { wallClock, random, log });
  }
  const { createIotCoreLink } = await import('../uplink/iot-core-link.js');
  return () => createIotCoreLink(where, { wallClock, random, log });
}
