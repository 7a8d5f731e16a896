import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { type Clients, closeClients, createClients } from '#cloud/clients.js';
import { leaseTable } from '#cloud/resources.js';
import { pause } from '#cloud/streams/back-off.js';
import type { LeaseRow } from '#cloud/streams/leases/lease.js';
import { TableLeaseStore } from '#cloud/streams/leases/table-store.js';
import { PitwallError } from '#wire/errors.js';
import { EXIT } from '../exit.js';
import { cloudOf, remoteError } from '../remote.js';
import { describeStream, describeView } from '../streams/describe.js';
import { configFor } from './config.js';

interface DescribeFlags {
  json?: boolean;
  watch?: boolean;
  leases?: string;
  data?: string;
}

const WATCH_MS = 2_000;
const PAGES_MAX = 100;

/** Shards, owners, lag, load and hot keys of the named streams, or of all. */
export async function describe(names: readonly string[], flags: DescribeFlags): Promise<void> {
  if (flags.leases !== undefined && names.length !== 1) {
    throw new PitwallError('PW-USAGE-FLAG', {
      what: '--leases names the leases of one stream, and one stream has to be named with it.',
      why: 'Shards of different streams have the same names, so a table alone does not tell whose leases it holds.',
    });
  }
  const { config } = configFor({ data: flags.data });
  const clients = await createClients(await cloudOf(config), ['kinesis', 'dynamodb']);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  try {
    do {
      await show(clients, names, flags, stop.signal);
      if (flags.watch) await pause(WATCH_MS, stop.signal);
    } while (flags.watch && !stop.signal.aborted);
  } catch (error) {
    if (!stop.signal.aborted) throw remoteError('The streams cannot be described', error);
  } finally {
    closeClients(clients);
  }
  if (stop.signal.aborted) process.exitCode = EXIT.interrupted;
}

async function show(
  clients: Pick<Clients, 'kinesis' | 'dynamodb'>,
  names: readonly string[],
  { json, leases, watch }: DescribeFlags,
  signal: AbortSignal,
): Promise<void> {
  const rows = leases === undefined ? [] : await leaseRows(clients, leases);
  const all = names.length > 0 ? names : await streamNames(clients);
  const streams = [];
  for (const name of all) streams.push(await describeStream(clients.kinesis, name, rows, signal));
  if (json) process.stdout.write(`${JSON.stringify({ streams })}\n`);
  else process.stdout.write(`${streams.map(describeView).join('\n\n')}\n${watch ? '\n' : ''}`);
  if (leases !== undefined || json || watch) return;
  const tables = await leaseTables(clients);
  if (tables.length > 0) process.stderr.write(`Tables of leases, for --leases: ${tables.join(', ')}\n`);
}

async function leaseRows({ dynamodb }: Pick<Clients, 'dynamodb'>, tableName: string): Promise<LeaseRow[]> {
  return new TableLeaseStore({ dynamodb, tableName }).list().catch((cause: unknown) => {
    throw remoteError(`The table ${tableName} cannot be read`, cause);
  });
}

async function streamNames({ kinesis }: Pick<Clients, 'kinesis'>): Promise<string[]> {
  const names: string[] = [];
  let NextToken: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await kinesis.send(new ListStreamsCommand({ NextToken }));
    names.push(...(answer.StreamNames ?? []));
    NextToken = answer.NextToken;
    if (!NextToken) break;
  }
  return names;
}

async function leaseTables({ dynamodb }: Pick<Clients, 'dynamodb'>): Promise<string[]> {
  const prefix = leaseTable('').name;
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand({ ExclusiveStartTableName: prefix }));
  return TableNames.filter((name) => name.startsWith(prefix));
}
