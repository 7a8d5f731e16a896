import type { Command } from 'commander';
import { setting } from './setting.js';

/** The local services without a race. */
export function addLocalCommands(program: Command): void {
  program
    .command('local')
    .description('Run the local services alone, at real speed: IoT Core, streams, tables.')
    .option('--json', 'endpoints, keys and identities as one JSON line')
    .option('--things <n>', 'provision car-1 … car-N', '0')
    .addOption(setting('data'))
    .addOption(setting('listen'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall local
  $ pitwall local --things 2 --json
  $ pitwall sub 'pitwall/v1/#' & pitwall pub pitwall/v1/car-1/sheets '{"v":1}'

It runs until ^C; started again on the same data folder it has everything that it acknowledged.`,
    )
    .action(async (flags) => (await import('../local.js')).local(flags));
}
