import { type Command, Option } from 'commander';
import { setting } from './setting.js';

/** Race control's data and what people say: sessions, roster, facts. */
export function addPeopleCommands(program: Command): void {
  addSession(
    program
      .command('session')
      .description('Open, correct and close a race; what is stored is relabelled, never rewritten.'),
  );
  addRoster(program.command('roster').description('Who drives which car and which thing: print it, correct it.'));
  addFact(program.command('fact').description('What people say of a car or the race, with author, time and undo.'));
}

function addSession(session: Command): void {
  signed(figures(session.command('open <race>').description('Open a race under this name.')))
    .requiredOption('--roster <file>', 'entries, as CSV or a JSON array')
    .option('--seed <n>', 'of every random draw in strategy answers', '1')
    .addHelpText(
      'after',
      `
The roster's columns: entry,number,driver,team,cls,transponder,thing,own,fromMs; only entry has to be there. An entry whose
transponder or thing changes has a row for each, from the epoch ms of fromMs on.

Examples:
  $ pitwall session open sunday --laps 60 --roster grid.csv
  $ pitwall session open sunday --laps 60 --roster grid.json --tank-kg 55 --pit-to-car display
  $ pitwall session open spa --duration 6h --rules endurance --series wec --roster grid.csv`,
    )
    .action(async (race, flags) => (await import('../session.js')).open(race, flags));
  signed(figures(session.command('relabel').description('Correct what the open race says of itself.')))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall session relabel --laps 45
  $ pitwall session relabel --duration 5.5h
  $ pitwall session relabel --rules nascar --stages 15,30
  $ pitwall session relabel --name "Sunday, shortened" --tank-kg 52`,
    )
    .action(async (flags) => (await import('../session.js')).relabel(flags));
  signed(session.command('close').description('Close the open race.'))
    .addHelpText('after', '\nExamples:\n  $ pitwall session close\n  $ pitwall session close --author Kim')
    .action(async (flags) => (await import('../session.js')).close(flags));
}

function addRoster(roster: Command): void {
  roster
    .command('ls')
    .description('Print the roster of the open race.')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .addHelpText('after', '\nExamples:\n  $ pitwall roster ls\n  $ pitwall roster ls --json')
    .action(async (flags) => (await import('../roster.js')).ls(flags));
  signed(roster.command('set <entry> <fields...>').description('Correct an entry (key=value), or add one.'))
    .option('--from <time>', 'it holds from then on, epoch ms or ISO (default: from the start of the race)')
    .addHelpText(
      'after',
      `
Keys: number, driver, team, cls, transponder, thing (empty: none), own (true or false). Laps go with the transponder and
telemetry with the thing, by the rows that hold at their event time.

Examples:
  $ pitwall roster set 24 driver="R. Vega" thing=car-7
  $ pitwall roster set 24 transponder=7712345
  $ pitwall roster set 24 thing=car-7 --from 2026-06-14T15:20:00Z`,
    )
    .action(async (entry, fields, flags) => (await import('../roster.js')).set(entry, fields, flags));
  signed(roster.command('import <file>').description('Replace the roster by that of a file, CSV or a JSON array.'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ pitwall roster import grid.csv\n  $ pitwall roster ls --json > grid.json; pitwall roster import grid.json',
    )
    .action(async (file, flags) => (await import('../roster.js')).load(file, flags));
}

function addFact(fact: Command): void {
  signed(
    fact.command('add <type>', { isDefault: true }).description('State a fact; prints the id by which it is undone.'),
  )
    .option('--entry <entry>', 'of which car; without it, of the race')
    .option('--lap <n>', 'completed laps; of a stop its in-lap')
    .requiredOption('--value <value>', 'what the type takes')
    .addHelpText(
      'after',
      `
Types and values:
  fuelAdded   kg that went in at the stop           driver      who drives from the end of --lap on
  tyres       changed at the stop: 0, 2 or 4        damage      in words; none when it is mended
  tyreSet     name of the set fitted at the stop    retirement  out, running
  service     what else was done, in words          lapTime     ms, of --lap
  stop        made, none: of --lap                  flag        green, virtual, yellow, red, white, checkered: of the race
  penalty     seconds, driveThrough, served         freePass    given
  note        anything, in words

Examples:
  $ pitwall fact fuelAdded --entry 24 --lap 31 --value 38.5
  $ pitwall fact flag --value yellow
  $ pitwall fact add stop --entry 24 --lap 31 --value made --author Kim`,
    )
    .action(async (type, flags) => (await import('../fact.js')).add(type, flags));
  signed(fact.command('undo <id>').description('Take a fact back: what it had replaced counts again.'))
    .addHelpText('after', '\nExamples:\n  $ pitwall fact undo fact-5a1c90be')
    .action(async (id, flags) => (await import('../fact.js')).undo(id, flags));
  fact
    .command('ls')
    .description('Print what was said, and what of it counts.')
    .option('--entry <entry>', 'of this car only')
    .option('--json', 'one JSON object a fact')
    .addOption(setting('data'))
    .addHelpText('after', '\nExamples:\n  $ pitwall fact ls\n  $ pitwall fact ls --entry 24 --json')
    .action(async (flags) => (await import('../fact.js')).ls(flags));
}

function signed(command: Command): Command {
  return command
    .option('--author <name>', 'who says so (default: the user of this machine)')
    .option('--at <time>', 'when it happened: epoch ms or ISO (default: the race clock)')
    .option('--json', 'print the record that was put')
    .addOption(setting('data'));
}

function figures(command: Command): Command {
  return command
    .option('--name <name>', 'as shown on the screen')
    .option('--track <name>', 'as shown on the screen')
    .option('--laps <n>', 'of the race')
    .option('--duration <time>', 'of a race by the clock, or the most it may last: 6h, 45min')
    .option('--series <name>', 'whose past races tell what to expect: nascar, f1, wec, grcup; else those of all')
    .option('--rules <kind>', 'nascar, oval, f1, endurance or sprint')
    .option('--stages <laps>', 'laps at which stages end, without the last: 60,120')
    .option('--timing <thing>', 'thing of the trackside agent whose timing is official')
    .addOption(new Option('--pit-to-car <how>', 'what may reach the car').choices(['none', 'display', 'setup']))
    .option('--tank-kg <kg>', 'fuel that a full tank holds')
    .option('--fuel-per-lap-kg <kg>', 'before the race; what is observed corrects it')
    .option('--pit-loss-ms <ms>', 'before the race; what is observed corrects it')
    .option('--tyre-life-laps <n>', 'laps after which a set is worn');
}
