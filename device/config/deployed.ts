import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../agent.js';
import { startDeployedAgent } from '../deployments/deployed-agent.js';
import type { DeployedItem } from '../deployments/slots.js';
import { checked } from '../setup/checked.js';
import { isJsonObject } from '../setup/json.js';
import { PitwallError } from '../wire/errors.js';
import type { LoadedConfig } from './load.js';
import { dataDirOf, inOwnFolder } from './own-folder.js';
import { agentConfig } from './schema.js';
import { type Machine, startInFolder } from './start.js';

/** What a deployed `agent` document may say: how the car works, never who it is or where it sends. */
const AGENT_DOCUMENT = agentConfig
  .pick({ journal: true, limits: true, frameWindowMs: true, summaryChannels: true, derived: true, track: true })
  .partial();
const LIMITS_DOCUMENT = agentConfig.shape.alarms;

/** A car by its file and by what was deployed to it since, which goes before the file. Raises PW-AGENT-FOLDER. */
export function startDeployedConfig(config: LoadedConfig, machine: Machine): Promise<Agent> {
  return inOwnFolder(config, () =>
    startDeployedAgent({
      dir: join(dataDirOf(config), 'deployments'),
      log: machine.log,
      start: (items, deployments) => startInFolder(withDeployed(config, items), 'car', machine, { deployments }),
    }),
  );
}

/** The configuration with deployed documents in the place of what the file says. Raises PW-SETUP-INVALID. */
export function withDeployed(config: LoadedConfig, items: readonly DeployedItem[]): LoadedConfig {
  const result = { ...config };
  const of = (kind: DeployedItem['kind']) => items.filter((item) => item.kind === kind);
  for (const item of of('agent')) Object.assign(result, checked(AGENT_DOCUMENT, jsonOf(item)));
  const campaigns = of('campaign').map(jsonOf);
  if (campaigns.length > 0) result.campaigns = campaigns as LoadedConfig['campaigns'];
  const limits = of('limits');
  if (limits.length > 0) result.alarms = limits.flatMap((item) => checked(LIMITS_DOCUMENT, jsonOf(item)) ?? []);
  const dbc = of('dbc').map(({ path }) => path);
  if (dbc.length > 0) {
    result.sources = config.sources.map((source) =>
      source.kind.kind === 'can' && isJsonObject(source.config)
        ? { ...source, config: { ...source.config, dbc } }
        : source,
    );
  }
  return result;
}

function jsonOf({ name, path }: DeployedItem): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PitwallError('PW-SETUP-INVALID', { what: `${name} is not JSON: ${(cause as Error).message}.`, cause });
  }
}
