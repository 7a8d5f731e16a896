import type { Command } from 'commander';
import { setting } from './setting.js';

/** What is given back to drivers and kept of races. */
export function addReportCommands(program: Command): void {
  const report = program.command('report').description('Practice sheets, race reports, and models from practice.');
  const many = (value: string, before: readonly string[] = []) => [...before, value];
  report
    .command('practice')
    .description('A sheet for each driver of a run: best and ideal lap, sectors, consistency, fall-off, fuel.')
    .option('--run <name>', 'practice run or race (default: the race that ran last)')
    .option('--car <entry>', 'this car alone; may be given several times', many)
    .option('--out <dir>', 'write a page and a CSV for each car there')
    .option('--send', 'send them to the cars, to compare their laps with')
    .option('--thing <name>', 'whose sheet it is, with --send and one --car (default car-ENTRY)')
    .option('--table-per-run', 'read the table that pitwall load --table-per-run wrote')
    .option('--json', 'one JSON object a car, on standard output')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
A car's sheet is compared with the others of its class, so that all laps of the run are read, also with --car. What is sent is a
hash and a URL that holds for a day; pitwall car sheet shows what the car made of it.

Examples:
  $ pitwall load practice.csv --run fp2 --yes && pitwall report practice --run fp2 --out sheets
  $ pitwall report practice --run fp2 --car 24 --out sheets --send
  $ pitwall report practice --run fp2 --json | jq '{entry, best, idealMs}'`,
    )
    .action(async (flags) => (await import('../report.js')).practice(flags));
  report
    .command('race <race>')
    .description('A race by car: laps, best lap and sectors, stops, from the aggregates.')
    .option('--out <dir>', 'write a page and a CSV there')
    .option('--json', 'as one JSON document')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall report race race-1
  $ pitwall report race race-1 --out reports`,
    )
    .action(async (race, flags) => (await import('../report.js')).race(race, flags));
  report
    .command('priors <track>')
    .description(
      'Models of a track from practice: fall-off, fuel rate, pit loss. With --run they are fitted and stored.',
    )
    .option('--run <name>', 'practice run to fit on; may be given several times', many)
    .option('--table-per-run', 'read the tables that pitwall load --table-per-run wrote')
    .option('--json', 'as one JSON document')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Each fit on other laps is a new version of the track. A race on a track of that name begins with the newest: its fuel rate and pit
loss take the place of the session's figures, unless they are less than half or more than twice as much.

Examples:
  $ pitwall report priors 'Example Oval' --run fp1 --run fp2
  $ pitwall report priors 'Example Oval' --json`,
    )
    .action(async (track, flags) => (await import('../report.js')).priors(track, flags));
}
