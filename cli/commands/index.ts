import type { Command } from 'commander';
import { addConfigCommands } from './flags/config.js';
import { addDailyCommands } from './flags/daily.js';
import { addDeployCommands } from './flags/deploy.js';
import { addRaceCommands } from './flags/race.js';

/** Every command: purpose, flags and examples are in `flags/`, the work is in the file that an action imports. */
export function addCommands(program: Command): void {
  addRaceCommands(program);
  addConfigCommands(program);
  addDailyCommands(program);
  addDeployCommands(program);
}
