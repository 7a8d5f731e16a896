import type { Command } from 'commander';
import { setting } from './setting.js';

/** No car of a simulated field has such a number: a replay must not be taken for one of them. */
const REPLAYED = 'car-99';

/** What `--json` says of an agent, whoever it is. */
const JSON_LINES = `
JSON lines, by their type: ready {thing, boot} once, with the first frame in the journal; progress every second and summary
at the end, both {thing, boot, link: up|down, seconds, sampled, journaled, published, acked, dropped: {reason: records},
unsent, unacked, sources: {name: {counts}}, clock: {quality, errorMs, offsetMs, steps, machineJumps}, or null at a
rehearsal}. sampled to acked are counts of frames since the start; published has resends in it, acked what a former start
left; unsent and unacked are records in the journal now. Exit 0: everything is with the broker; 5: not in time, the next
start sends it; 130: ^C.`;

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
  car
    .command('run [input]')
    .description(
      'Run the agent of a car by its configuration; `-` reads candump text on stdin into the running system.',
    )
    .option('--config <file>', 'car.json: what the car is, what it reads, where it sends')
    .option('--dbc <file...>', 'with -: DBC files of the bus')
    .option('--thing <name>', 'with -: who the car is', REPLAYED)
    .option('--json', 'progress and summary as JSON lines on stdout')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall car run --config car.json
  $ candump -L can0 | pitwall car run - --dbc car.dbc --thing car-24

Everything is journaled before it is sent; what was not acknowledged end to end is sent by the next start. ^C ends it with a
summary and 130.
${JSON_LINES}`,
    )
    .action(async (input, flags) => (await import('../car.js')).run(input, flags));
  car
    .command('replay <file>')
    .description('Play a candump recording into the running system, as if it happened now.')
    .option('--dbc <file...>', 'DBC files of the bus')
    .option('--speed <x>', 'times as fast as it was recorded', '1')
    .option('--thing <name>', 'who the car is', REPLAYED)
    .option('--json', 'progress and summary as JSON lines on stdout')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall race --cars 12 --speed 1
  $ pitwall car replay practice.log.gz --dbc car.dbc --speed 1

A car that is not in the roster is listed below the race; select it to see its channels.
${JSON_LINES}`,
    )
    .action(async (file, flags) => (await import('../car.js')).replay(file, flags));

  car
    .command('sheet <thing>')
    .description('Print the practice sheet that a car keeps: laps and sectors against its best and its ideal lap.')
    .option('--agent <dir>', 'data folder of the agent; default: that of a car of the race in --data')
    .option('--json', 'the sheet as one JSON document')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall car sheet car-1
  $ watch -n1 pitwall car sheet car-24 --agent /var/lib/pitwall/car-24

Written within a second of the line; sectors need track.sectorStartsM in car.json.`,
    )
    .action(async (thing, flags) => (await import('../car-sheet.js')).sheet(thing, flags));

  const trackside = program.command('trackside').description('The agent beside the track: official timing, weather.');
  trackside
    .command('run')
    .description('Run the trackside agent by its configuration.')
    .requiredOption('--config <file>', 'trackside.json: what it is, what it reads, where it sends')
    .option('--json', 'progress and summary as JSON lines on stdout')
    .addHelpText('after', `\nExamples:\n  $ pitwall trackside run --config trackside.json\n${JSON_LINES}`)
    .action(async (flags) => (await import('../trackside.js')).run(flags));
}
