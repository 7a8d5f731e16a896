import type { Command } from 'commander';
import { setting } from './setting.js';

/** Daily tools. */
export function addDailyCommands(program: Command): void {
  program
    .command('doctor')
    .description('Check this machine and the running system; each failed line says what to do.')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .addHelpText('after', '\nExamples:\n  $ pitwall doctor\n  $ pitwall doctor --json')
    .action(async (flags) => (await import('../doctor.js')).doctor(flags));

  program
    .command('pub <topic> <payload>')
    .description('Publish one MQTT message; `-` reads the payload from stdin.')
    .option('--qos <n>', '0 or 1; at 1 it waits for the acknowledgement', '1')
    .option('--retain', 'keep it for those who subscribe later')
    .option('--base64', 'the payload is given as base64')
    .option('--json', 'say what was published as JSON')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall pub pitwall/v1/car-1/sheets '{"v":1}'
  $ pitwall pub pitwall/v1/car-1/calls - < call.json`,
    )
    .action(async (topic, payload, flags) => (await import('../pub.js')).pub(topic, payload, flags));

  program
    .command('sub <filter>')
    .description('Print messages that arrive on an MQTT topic filter.')
    .option('--json', 'one JSON object a message')
    .option('--count <n>', 'stop after so many messages')
    .option('--timeout <seconds>', 'exit 5 when nothing more came in this time')
    .addOption(setting('data'))
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
