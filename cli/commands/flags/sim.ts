import { type Command, Option } from 'commander';
import { anySetting, setting } from './setting.js';

/** Scenarios and workloads. */
export function addSimCommands(program: Command): void {
  const sim = program.command('sim').description('The simulator: races, and workloads that are no race.');
  sim
    .command('ls')
    .description('What can be run.')
    .option('--json', 'as one JSON document')
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall sim ls
  $ pitwall sim ls --json`,
    )
    .action(async (flags) => (await import('../sim.js')).list(flags));
  sim
    .command('run <name>')
    .description('Run a race without a screen, or a workload, and report.')
    .option('--json', 'the report as JSON lines')
    .addOption(setting('seed'))
    .option('--fail <conditions>', "exit 6 when one holds, e.g. 'lost>0,p99>20000'")
    .option('--policy <names>', 'workload: fixed, averages, ours (default all three)')
    .option('--shards <n>', 'workload: shards at the beginning (default 4)')
    .option('--scale <n>', 'workload: shards and traffic so many times less than at AWS (default 40)')
    .option('--capacity <n>', 'workload: couriers of each zone (default 300)')
    .option('--length <share>', 'workload: phases of this share of their length (default 1)')
    .addOption(setting('cars'))
    .addOption(setting('laps'))
    .addOption(setting('speed'))
    .addOption(setting('rate'))
    .addOption(setting('data'))
    .addOption(anySetting())
    .addOption(
      new Option('--spread', 'race: two reducers, engine and standby in processes of their own').conflicts('single'),
    )
    .addOption(new Option('--single', 'race: everything in one process (tests)'))
    .addHelpText(
      'after',
      `
A race is what pitwall race --headless --scenario NAME runs. The workload delivery puts a town's orders on a local Kinesis, its
limits on, under each policy: a fixed number of shards, scaling by averages of minutes, and ours, which splits where the
keys weigh. --fail knows lost, outOfOrder, duplicates, throttled (percent), p50 and p99 (ms), the greatest of the policies run.

Examples:
  $ pitwall sim run delivery
  $ pitwall sim run delivery --policy ours --seed 7 --json --fail 'lost>0,outOfOrder>0,p99>60000'
  $ pitwall sim run race --cars 12 --laps 6 --speed 10 --json`,
    )
    .action(async (name, flags) => (await import('../sim.js')).run(name, flags));
}
