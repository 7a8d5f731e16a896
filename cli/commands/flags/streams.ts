import type { Command } from 'commander';

/** Streams and what is in them. */
export function addStreamsCommands(program: Command): void {
  const streams = program
    .command('streams')
    .description('Streams: records as the Kinesis Producer Library packs them.');
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
}
