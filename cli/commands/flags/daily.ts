import type { Command } from 'commander';

/** Daily tools. */
export function addDailyCommands(program: Command): void {
  program
    .command('doctor')
    .description('Check this machine and the running system; each failed line says what to do.')
    .option('--json', 'one JSON document')
    .option('--data <dir>', 'data folder')
    .addHelpText('after', '\nExamples:\n  $ pitwall doctor\n  $ pitwall doctor --json')
    .action(async (flags) => (await import('../doctor.js')).doctor(flags));

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
    .action(async (filter, flags) => (await import('../sub.js')).sub(filter, flags));
}
