import type { Command } from 'commander';
import { setting } from './setting.js';

/** `archive replay`, beside what else the archive can. */
export function addReplayCommand(archive: Command): void {
  archive
    .command('replay <race>')
    .description('Show an archived race once more: the same folds, answers and screen as when it was live.')
    .option('--speed <n>', 'race seconds a second, or max: as fast as it can be folded', '1')
    .option('--then-live', 'go on with the running race where its archive ends')
    .option('--headless', 'no screen: what it comes to, and the end')
    .option('--json', 'progress and summary as JSON lines')
    .option('--bucket <name>', 'where it is, on an AWS context')
    .addOption(setting('port'))
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
It writes nothing and sends nothing: decisions are refused. With --then-live the screen says CATCHING UP, how far behind, and
then LIVE. At --speed max frames are not decoded: nobody could see them.

Examples:
  $ pitwall archive replay 2026-11-21-1 --speed 10
  $ pitwall archive replay 2026-11-21-1 --speed max --then-live
  $ pitwall archive replay 2026-11-21-1 --speed max --headless --json`,
    )
    .action(async (race, flags) => (await import('../archive-replay.js')).replay(race, flags));
}
