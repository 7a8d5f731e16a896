import type { Command } from 'commander';
import { addReplayCommand } from './archive-replay.js';
import { setting } from './setting.js';

/** What is kept of races, for good. */
export function addArchiveCommands(program: Command): void {
  const archive = program.command('archive').description('What is kept of races: segments in S3, and back out of it.');
  archive
    .command('ls [race]')
    .description('Races in the archive; or streams, shards and marks of one.')
    .option('--json', 'as one JSON document; of a race, its manifest and that of its exports')
    .option('--bucket <name>', 'where it is, on an AWS context')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Where nothing runs in the data folder, its objects are served for this command alone.

Examples:
  $ pitwall archive ls
  $ pitwall archive ls race-1
  $ pitwall archive ls race-1 --json`,
    )
    .action(async (race, flags) => (await import('../archive.js')).list(race, flags));
  archive
    .command('verify <race>')
    .description(
      'Read everything of a race: hashes, CRCs, running numbers, no hole up to the mark; its exports. Exit 1 on a finding.',
    )
    .option('--json', 'findings and orphans as JSON lines, then {type: "summary", …}')
    .option('--bucket <name>', 'where it is, on an AWS context')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
A finding names the object, the part of it, the byte and how many records cannot be read for it. Objects that no manifest names
are listed, too: they are no damage, and may be deleted.

Examples:
  $ pitwall archive verify race-1
  $ pitwall archive verify race-1 --json`,
    )
    .action(async (race, flags) => (await import('../archive.js')).verify(race, flags));
  archive
    .command('export <race>')
    .description('Samples and records of a race as files.')
    .option('--parquet', 'samples wide, a column a channel: the integers of the frames, scaled by what the file says')
    .option('--csv', 'samples wide, physical values')
    .option(
      '--jsonl',
      'samples a frame a line, physical values; with any format, race.jsonl has the records of the race',
    )
    .requiredOption('--out <dir>', 'folder for the files; made when absent')
    .option('--json', 'what was written, as one JSON document')
    .option('--bucket <name>', 'where it is, on an AWS context')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
A file for each thing and channel table: frames-<thing>-<table>.<format>. A frame that was sent twice is there once. Rows are
in the order of time as far as the frames came so: late ones follow, with their own times.

Examples:
  $ pitwall archive export race-1 --parquet --out out
  $ pitwall archive export race-1 --csv --jsonl --out out`,
    )
    .action(async (race, flags) => (await import('../archive-export.js')).exportRace(race, flags));
  archive
    .command('tables')
    .description("What Firehose kept of the tables' changes: objects, shards, holes. Exit 1 on a hole or a damage.")
    .option('--json', 'as one JSON document')
    .option('--bucket <name>', 'where it is, on an AWS context')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Each change is a line of JSON with its shard, its sequence number and a running number in its shard, so that one that Firehose
did not deliver shows. Changes that Firehose still holds are not in an object yet.

Examples:
  $ pitwall archive tables
  $ pitwall archive tables --json`,
    )
    .action(async (flags) => (await import('../archive-tables.js')).listTables(flags));
  addReplayCommand(archive);
}
