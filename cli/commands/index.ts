import type { Command } from 'commander';
import { addArchiveCommands } from './flags/archive.js';
import { addCarCommands } from './flags/car.js';
import { addCertsCommands } from './flags/certs.js';
import { addConfigCommands } from './flags/config.js';
import { addDailyCommands } from './flags/daily.js';
import { addDeployCommands } from './flags/deploy.js';
import { addLoadCommands } from './flags/load.js';
import { addLocalCommands } from './flags/local.js';
import { addPeopleCommands } from './flags/people.js';
import { addPolicyCommands } from './flags/policy.js';
import { addRaceCommands } from './flags/race.js';
import { addReportCommands } from './flags/report.js';
import { addRulesCommands } from './flags/rules.js';
import { addShadowCommands } from './flags/shadow.js';
import { addSimCommands } from './flags/sim.js';
import { addStrategyCommands } from './flags/strategy.js';
import { addStreamsCommands } from './flags/streams.js';

/** Every command: purpose, flags and examples are in `flags/`, the work is in the file that an action imports. */
export function addCommands(program: Command): void {
  addRaceCommands(program);
  addLocalCommands(program);
  addConfigCommands(program);
  addCarCommands(program);
  addCertsCommands(program);
  addRulesCommands(program);
  addShadowCommands(program);
  addSimCommands(program);
  addStreamsCommands(program);
  addArchiveCommands(program);
  addLoadCommands(program);
  addReportCommands(program);
  addPeopleCommands(program);
  addStrategyCommands(program);
  addDailyCommands(program);
  addDeployCommands(program);
  addPolicyCommands(program);
}
