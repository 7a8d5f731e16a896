import type { Command } from 'commander';

/** One agent on real inputs, and what it reads. */
export function addCarCommands(program: Command): void {
  const car = program.command('car').description('One agent on real inputs: CAN, logs, feeds.');
  car
    .command('decode')
    .description('Decode CAN frames: candump text in, JSON lines out.')
    .requiredOption('--dbc <file...>', 'DBC files; an id in several is decoded by the first')
    .option('--j1939', 'know messages of the format J1939PG by their PGN, whoever sends them')
    .option('--obd', 'decode OBD-II answers (ids 7E8 to 7EF) that no DBC file defines')
    .addHelpText(
      'after',
      `
Examples:
  $ candump -L can0 | pitwall car decode --dbc car.dbc
  $ zcat practice.log.gz | pitwall car decode --dbc engine.dbc chassis.dbc
  $ echo '(1700000000.000000) can0 140#00C20643000009A1' | pitwall car decode --dbc car.dbc

In: what candump -L, -l or -ta writes. Out: {t, id, signals: {name: value}}, t in epoch seconds; of a multiplexed message
the active signals. A frame that no file defines gives no line, a line that is no frame {id: null, error: {code, message}}.`,
    )
    .action(async (flags) => (await import('../car-decode.js')).decode(flags));
}
