import type { Command } from 'commander';
import { setting } from './setting.js';

/** Setup state. */
export function addShadowCommands(program: Command): void {
  const shadow = program
    .command('shadow')
    .description('Setup state: device shadows, here or on the AWS context in use.');
  shadow.addHelpText(
    'after',
    `
Examples:
  $ pitwall shadow get car-1 --name setup
  $ pitwall shadow set car-1 --name setup wingDeg=6 fuel.map=B
  $ pitwall shadow watch car-1 --name setup --json
  $ pitwall shadow eval < vectors.jsonl`,
  );
  shadow
    .command('get <thing>')
    .description('Print a shadow; the classic one without --name.')
    .option('--name <shadow>', 'which named shadow: setup, agent, campaign')
    .option('--json', 'the document as the service gives it')
    .addOption(setting('data'))
    .action(async (thing, flags) => (await import('../shadow.js')).get(thing, flags));
  shadow
    .command('set <thing> <settings...>')
    .description('Set desired values (key=value or one JSON object) and show what the device still has to do.')
    .option('--name <shadow>', 'which named shadow: setup, agent, campaign')
    .option('--reported', 'set reported instead of desired')
    .option('--if-version <n>', 'only when the shadow is at this version')
    .option('--json', 'version and delta as one JSON document')
    .addOption(setting('data'))
    .action(async (thing, settings, flags) => (await import('../shadow.js')).set(thing, settings, flags));
  shadow
    .command('watch <thing>')
    .description('Print each change of a shadow until ^C.')
    .option('--name <shadow>', 'which named shadow: setup, agent, campaign')
    .option('--json', 'one JSON object a change')
    .option('--count <n>', 'stop after so many changes')
    .option('--timeout <seconds>', 'exit 5 when nothing more came in this time')
    .addOption(setting('data'))
    .action(async (thing, flags) => (await import('../shadow.js')).watch(thing, flags));
  shadow
    .command('eval')
    .description('Answer shadow requests from stdin, a JSON object a line, on an empty store with a given clock.')
    .addHelpText(
      'after',
      `
In:  {"id":1,"steps":[{"request":{"topic":"$aws/things/car-1/shadow/get","payload":"","at":1700000000}}],"config":{"maxDepth":6}}
Out: {"id":1,"steps":[{"messages":[{"topic":…,"payload":…}]}]}`,
    )
    .action(async () => (await import('../shadow-eval.js')).evaluate());
}
