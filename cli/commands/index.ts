import { type Command, Option } from 'commander';

/** Flags, purpose and examples of every command. The work is in the file that the action imports. */
export function addCommands(program: Command): void {
  program
    .command('race')
    .description('Run a simulated race: local services, fleet, consumers and screen.')
    .option('--headless', 'no screen stays open: run to the flag, print the summary, exit')
    .option('--json', 'progress and summary as JSON lines on stdout')
    .option('--cars <n>', 'cars in the race')
    .option('--laps <n>', 'laps to the flag')
    .option('--speed <x>', 'race seconds per wall second; slows by itself rather than drop anything')
    .option('--rate <hz>', 'samples a second of every channel')
    .option('--seed <n>', 'same seed, same race')
    .option('--scenario <name>', 'which race to simulate')
    .option('--data <dir>', 'data folder')
    .option('--port <n>', 'port of the screen; a busy one gives way to the next free one')
    .option('--listen <host>', 'address that the screen and MQTT listen on')
    .option('--fail <conditions>', "exit 6 when one holds, e.g. 'lost>0,p99>500'")
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
    .action(async (flags) => (await import('./race.js')).race(flags));

  program
    .command('doctor')
    .description('Check this machine and the running system; each failed line says what to do.')
    .option('--json', 'one JSON document')
    .option('--data <dir>', 'data folder')
    .addHelpText('after', '\nExamples:\n  $ pitwall doctor\n  $ pitwall doctor --json')
    .action(async (flags) => (await import('./doctor.js')).doctor(flags));

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
    .action(async (flags) => (await import('./context.js')).list(flags));
  context
    .command('use <name>')
    .description('Use a context from now on.')
    .action(async (name) => (await import('./context.js')).use(name));
  context
    .command('add <name>')
    .description('Add or replace an AWS context. Credentials come from the usual AWS chain, never from a flag.')
    .requiredOption('--region <region>', 'AWS region')
    .option('--mqtt-host <host>', 'AWS IoT data endpoint; asked from AWS when absent')
    .option('--profile <name>', 'profile of the shared AWS configuration')
    .action(async (name, flags) => (await import('./context.js')).add(name, flags));
  context
    .command('rm <name>')
    .description('Forget a context.')
    .action(async (name) => (await import('./context.js')).remove(name));

  const config = program.command('config').description('What is configured, and where each value came from.');
  config
    .command('show')
    .description('Print the configuration in effect.')
    .option('--origin', 'say where each value came from')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  $ pitwall config show --origin\n  $ PITWALL_CARS=12 pitwall config show --origin --json',
    )
    .action(async (flags) => (await import('./config.js')).show(flags));

  program
    .command('init')
    .description('Write a commented configuration file for this project.')
    .option('--force', 'replace the file that is there')
    .addHelpText('after', '\nExamples:\n  $ pitwall init\n  $ pitwall init --force')
    .action(async (flags) => (await import('./init.js')).init(flags));

  program
    .command('sub <filter>')
    .description('Print messages that arrive on an MQTT topic filter.')
    .option('--json', 'one JSON object a message')
    .option('--count <n>', 'stop after so many messages')
    .option('--timeout <seconds>', 'exit 5 when nothing more came in this time')
    .option('--data <dir>', 'data folder of the running system')
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall sub 'pitwall/v1/+/events'
  $ pitwall sub 'pitwall/v1/car-1/#' --json --count 5

Frames travel by Basic Ingest: nobody can subscribe to those topics, here as on AWS.`,
    )
    .action(async (filter, flags) => (await import('./sub.js')).sub(filter, flags));

  const deploy = program.command('deploy').description('The AWS deployment, from the same catalog and resources.');
  deploy
    .command('synth')
    .description('Write CloudFormation templates; needs neither network nor credentials.')
    .option('--out <dir>', 'folder for the templates', 'cdk.out')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExamples:\n  $ pitwall deploy synth\n  $ pitwall deploy synth --out /tmp/templates')
    .action(async (flags) => (await import('./deploy.js')).synthTemplates(flags));
}
