import { type Command, Option } from 'commander';
import { setting } from './setting.js';

/** Streams and what is in them. */
export function addStreamsCommands(program: Command): void {
  const streams = program.command('streams').description('Streams: shards, owners, lag, records, resharding.');
  streams
    .command('decode')
    .description('Open Kinesis records: JSON lines in, JSON lines out.')
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall streams decode < records.jsonl
  $ echo '{"id":1,"data":"aGVsbG8=","partitionKey":"car-24"}' | pitwall streams decode

In: {id, data (base64), partitionKey, explicitHashKey?, shard?: {startingHashKey, endingHashKey}}. Out: {id, kind, users,
outOfRange}; kind is aggregated, raw (users has the record unchanged) or corrupt (nothing of it can be trusted); outOfRange
counts the user records of an aggregate that hash outside the shard.`,
    )
    .action(async () => (await import('../streams.js')).decode());
  streams
    .command('encode')
    .description('Pack user records into one Kinesis record: JSON lines in, JSON lines out.')
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall streams encode < users.jsonl
  $ echo '{"id":1,"users":[{"partitionKey":"car-24","data":"aGVsbG8="},{"partitionKey":"car-5","data":"eW91"}]}' \\
      | pitwall streams encode

In: {id, users: [{partitionKey, explicitHashKey?, data (base64)}]}. Out: {id, record: {data, partitionKey, explicitHashKey?}},
byte for byte as the Kinesis Producer Library; one user record alone goes raw under its own key.`,
    )
    .action(async () => (await import('../streams.js')).encode());
  addRunningStreamsCommands(streams);
}

/** Those that look at streams which are there, of the running system or of the AWS context in use. */
function addRunningStreamsCommands(streams: Command): void {
  const many = (value: string, before: readonly string[] = []) => [...before, value];
  streams
    .command('describe [stream...]')
    .description(
      'Shards with their ranges, parents, load and hot keys; owners, checkpoints and lag by a table of leases.',
    )
    .option('--leases <table>', "a group's leases: ours, or those of a KCL application")
    .option('--watch', 'again every two seconds, until ^C')
    .option('--json', 'as one JSON document, with --watch one a line')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Load is the share of what a shard takes, averaged over 10 s, and keys are those of the last 30 s: at most 4 reads of a shard, which
count against its 5 a second. Lag is the age of the first record behind the owner's checkpoint.

Examples:
  $ pitwall streams describe
  $ pitwall streams describe pitwall-race --leases pitwall-leases-board --watch
  $ pitwall streams describe pitwall-race --json`,
    )
    .action(async (names, flags) => (await import('../streams-describe.js')).describe(names, flags));
  streams
    .command('consume <stream>')
    .description('Print records as JSON lines, KPL aggregates opened, parents of a split or merge before its children.')
    .option('--from <place>', 'latest, horizon, archive, epoch ms, or a date', 'latest')
    .option('--race <race>', 'with --from archive: whose archive comes before the stream (default the newest)')
    .option('--bucket <name>', 'with --from archive: where it is, on an AWS context')
    .addOption(new Option('--shard <id>', 'this shard alone; may be given several times').argParser(many))
    .option('--count <n>', 'end after so many records')
    .option('--timeout <s>', 'end with exit 5 when no record comes for so long')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Out: {shardId, sequenceNumber, subSequenceNumber?, partitionKey, arrivalMs, json | data (base64)}. Nothing is kept of how far it
came; it reads beside the stream's consumers and shares their 5 reads a second of each shard.

Examples:
  $ pitwall streams consume pitwall-race
  $ pitwall streams consume pitwall-race --from horizon --count 10
  $ pitwall streams consume pitwall-race --from archive
  $ pitwall streams consume pitwall-race --from 2026-11-21T13:00:00Z --shard shardId-000000000000`,
    )
    .action(async (stream, flags) => (await import('../streams-consume.js')).consume(stream, flags));
  streams
    .command('scale <stream>')
    .description('Split hot shards where their keys weigh, merge cold ones.')
    .option('--plan', 'show what would be done')
    .option('--apply', 'show it, ask, and do it')
    .option('--watch', 'ask, then do what is due whenever it is due, until ^C')
    .option('--min <n>', 'never fewer shards (default 1)')
    .option('--max <n>', 'never more shards (default 64)')
    .addOption(
      new Option(
        '--peak <time=n>',
        'so many shards from 2 min before until 1 min after; may be given several times',
      ).argParser(many),
    )
    .option('--yes', 'do not ask')
    .option('--json', 'plan and changes as JSON lines')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
A shard is split when its load stays above 70 % for 10 s, two neighbours are merged when both together stay below 35 % for
2 min. --plan and --apply read the last two minutes back. A key that is more than half of its shard is told instead: no split helps it.
Splits and merges are not under the ten UpdateShardCount a day.

Examples:
  $ pitwall streams scale pitwall-race --plan
  $ pitwall streams scale pitwall-race --apply --max 8 --yes
  $ pitwall streams scale pitwall-race --watch --min 2 --max 8 --peak 2026-11-21T13:00:00Z=6`,
    )
    .action(async (stream, flags) => (await import('../streams-scale.js')).scale(stream, flags));
}
