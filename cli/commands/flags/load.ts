import { type Command, Option } from 'commander';
import { setting } from './setting.js';

/** Practice data and other tables of text into the tables. */
export function addLoadCommands(program: Command): void {
  const pair = (assignment: string, before: readonly string[] = []) => [...before, assignment];
  program
    .command('load [file...]')
    .description('Load CSV files (also packed with gzip) of laps, timing sheets or telemetry into the tables.')
    .option('--run <name>', 'run or race that the rows belong to (default: the name of the file)')
    .option('--thing <name>', 'whose rows they are, where no column says it')
    .option('--track <name>', 'kept with the run')
    .addOption(new Option('--kind <kind>', 'instead of what the header says').choices(['laps', 'long', 'wide']))
    .addOption(new Option('--map <column=meaning>', 'what a column is; may be given several times').argParser(pair))
    .option('--delimiter <sign>', 'one sign, or tab')
    .addOption(new Option('--decimal <sign>', 'decimal sign').choices(['.', ',']))
    .option('--start <time>', 'what elapsed times and times of day count from: a date or epoch ms')
    .option('--ttl <days>', 'let the rows expire')
    .option('--table-per-run', 'into a table of its own, pitwall-samples-RUN or pitwall-laps-RUN')
    .option('--poll <url>', 'instead of files: a live endpoint of JSON, asked until ^C; loads rows that have changed')
    .option('--every <s>', 'between two questions (default 5)')
    .option('--polls <n>', 'end after so many answers')
    .option('--at <path>', 'where the rows are in the answer, as data.cars (default: the longest array of objects)')
    .option('--dry-run', 'show how the files would be read, and load nothing')
    .option('--yes', 'show it and do not ask')
    .option('--again', 'from the first row, whatever was loaded before')
    .option('--json', 'progress and a summary as JSON lines')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Three kinds are told by their header: laps (car, lap, lap time; timing sheets), long telemetry (time, name, value) and wide
telemetry (time and a column for each channel). --map gives a column a role (time thing name value entry lap lapTime elapsed
position pitIn pitOut pitTime flag driver team cls compound tyreAge stint fuelUsed sector1 sector2 sector3 ignore) or, with any other
word, makes it the channel of that name.

A load that was ended, by ^C or worse, goes on where it was when the same command is run again: its checkpoint and the rows
that could not be loaded (line, reason, text) are in DIR/load. It writes as fast as the table allows and no faster.

Examples:
  $ pitwall load practice.csv.gz --dry-run
  $ pitwall load practice.csv.gz --run barber-p1 --start 2026-11-20T14:00:00Z
  $ pitwall load long.csv.gz --run barber-p1 --thing car-88 --yes --json
  $ pitwall load export.csv --map Zeit=time --map 'Öldruck=oilPressure' --decimal , --ttl 30
  $ pitwall load --poll http://127.0.0.1:8080/live.json --at vehicles --run practice --map id=thing --yes`,
    )
    .action(async (files, flags) => (await import('../load.js')).load(files, flags));
}
