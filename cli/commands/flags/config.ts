import type { Command } from 'commander';

/** What is configured, and where it points. */
export function addConfigCommands(program: Command): void {
  const context = program
    .command('context')
    .description('Named sets of endpoints and credentials; `local` is the default.');
  context.addHelpText(
    'after',
    `
Examples:
  $ pitwall context ls
  $ pitwall context add track --region us-east-1 --mqtt-host abc-ats.iot.us-east-1.amazonaws.com
  $ pitwall context use track`,
  );
  context
    .command('ls')
    .description('List contexts; * marks the one in use.')
    .option('--json', 'one JSON document')
    .action(async (flags) => (await import('../context.js')).list(flags));
  context
    .command('use <name>')
    .description('Use a context from now on.')
    .action(async (name) => (await import('../context.js')).use(name));
  context
    .command('add <name>')
    .description('Add or replace an AWS context. Credentials come from the usual AWS chain, never from a flag.')
    .requiredOption('--region <region>', 'AWS region')
    .option('--mqtt-host <host>', 'AWS IoT data endpoint; asked from AWS when absent')
    .option('--profile <name>', 'profile of the shared AWS configuration')
    .action(async (name, flags) => (await import('../context.js')).add(name, flags));
  context
    .command('rm <name>')
    .description('Forget a context.')
    .action(async (name) => (await import('../context.js')).remove(name));

  const config = program.command('config').description('What is configured, and where each value came from.');
  config
    .command('show')
    .description('Print the configuration in effect.')
    .option('--origin', 'say where each value came from')
    .option('--all', 'also the limits, faults and deviations of the local IoT Core')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  $ pitwall config show --origin\n  $ PITWALL_CARS=12 pitwall config show --origin --json',
    )
    .action(async (flags) => (await import('../config.js')).show(flags));

  program
    .command('init')
    .description('Write a commented configuration file for this project.')
    .option('--force', 'replace the file that is there')
    .addHelpText('after', '\nExamples:\n  $ pitwall init\n  $ pitwall init --force')
    .action(async (flags) => (await import('../init.js')).init(flags));
}
