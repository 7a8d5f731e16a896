import { type Command, Option } from 'commander';
import { anySetting, setting } from './setting.js';

/** The main job. */
export function addRaceCommands(program: Command): void {
  program
    .command('race')
    .description('Run a simulated race: local services, fleet, consumers and screen.')
    .option('--headless', 'no screen stays open: run to the flag, print the summary, exit')
    .option('--json', 'progress and summary as JSON lines on stdout')
    .addOption(setting('cars'))
    .addOption(setting('laps'))
    .addOption(setting('speed'))
    .addOption(setting('rate'))
    .addOption(setting('seed'))
    .addOption(setting('scenario'))
    .addOption(setting('data'))
    .addOption(setting('port'))
    .addOption(setting('listen'))
    .addOption(anySetting())
    .option('--fail <conditions>', "exit 6 when one holds, e.g. 'lost>0,p99>500'")
    .addOption(
      new Option(
        '--spread',
        'two reducers, engine, standby and archiver in processes of their own, any of which may die',
      ).conflicts('single'),
    )
    .addOption(new Option('--single', 'everything in one process (tests)'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall race
  $ pitwall race --cars 12 --laps 6 --speed 10
  $ pitwall race --headless --json --cars 40 --laps 20 --speed 10 --seed 7 --fail 'lost>0'

Every flag has a default and an environment name: pitwall config show --origin`,
    )
    .action(async (flags) => (await import('../race.js')).race(flags));
}
