import type { Command } from 'commander';
import { anySetting, setting } from './setting.js';

/** The local services without a race. */
export function addLocalCommands(program: Command): void {
  program
    .command('local')
    .description('Run the local services alone, at real speed: IoT Core, streams, tables.')
    .option('--json', 'endpoints, keys and identities as one JSON line')
    .option('--things <n>', 'provision car-1 … car-N', '0')
    .addOption(setting('data'))
    .addOption(setting('listen'))
    .addOption(setting('authorizer'))
    .addOption(setting('provisioningHook'))
    .addOption(setting('lambda'))
    .addOption(setting('eventSources'))
    .addOption(setting('secrets'))
    .addOption(anySetting())
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall local
  $ pitwall local --things 2 --json
  $ pitwall local --authorizer ./authorizer.mjs
  $ pitwall local --set local.iot.deviations.refusedConnect=answer --set local.iot.limits.subscriptions=8
  $ pitwall local --set local.aws.faults=kinesis.PutRecords:partial=0.05,dynamodb.*:slow=0.1/200
  $ pitwall local --lambda notify=./notify.mjs,enrich=./enrich.mjs
  $ pitwall local --lambda laps=./laps.mjs --event-sources ./sources.json
  $ pitwall sub 'pitwall/v1/#' & pitwall pub pitwall/v1/car-1/sheets '{"v":1}'

It runs until ^C; started again on the same data folder it has everything that it acknowledged.

An authorizer is the module that AWS would run as a Lambda function: export const handler = async (event) => ({
isAuthenticated, principalId, policyDocuments, disconnectAfterInSeconds, refreshAfterInSeconds }). Its clients connect without
a certificate, with the ALPN protocol mqtt, or over WebSocket; mosquitto_pub: --tls-alpn mqtt -u NAME -P PASSWORD.

Event sources are a list of what CreateEventSourceMapping takes; a source may also be written stream/NAME or table/NAME:
[{"FunctionName": "laps", "EventSourceArn": "table/NAME", "StartingPosition": "LATEST", "BatchSize": 10}]`,
    )
    .action(async (flags) => (await import('../local.js')).local(flags));
}
