import { type AttributeValue, type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { PACK_SPAN_MS, samplesKey } from '../load/packer.js';
import { decodeSamples, type Samples } from '../load/sample-pack.js';
import { tables } from '../resources.js';
import { toItem } from '../streams/item.js';

export type TableItem = Record<string, AttributeValue>;

export interface QueryRange {
  /** Least and greatest sort key, both taken. */
  from?: string;
  to?: string;
  /** Instead of the table's own keys. Ours are named as their partition key. */
  index?: string;
}

/** Queries at a time: a connection each. */
const CONCURRENCY = 16;

/** All items of one key, however many pages. Raises what the SDK raises. */
export async function queryKey(
  client: DynamoDBClient,
  TableName: string,
  key: string,
  { from, to, index }: QueryRange = {},
): Promise<TableItem[]> {
  const isRange = from !== undefined || to !== undefined;
  const input = {
    TableName,
    IndexName: index,
    KeyConditionExpression: isRange ? '#key = :key AND sk BETWEEN :from AND :to' : '#key = :key',
    ExpressionAttributeNames: { '#key': index ?? 'pk' },
    ExpressionAttributeValues: toItem({
      ':key': key,
      ...(isRange && { ':from': from ?? '0', ':to': to ?? AFTER_ALL }),
    }),
  };
  const items: TableItem[] = [];
  for await (const { Items = [] } of paginateQuery({ client }, input)) items.push(...Items);
  return items;
}

/** No sort key of ours begins with it: they begin with digits. */
const AFTER_ALL = '~';

/**
 * The items of many keys, in the order of the keys: this reads a whole race in about the time of its longest key, because its
 * keys can be enumerated. Raises what the SDK raises.
 *
 * @example
 * const [laps, stops] = await queryKeys(dynamodb, 'pitwall-laps', raceKeys('practice-1', ['24'], ['lap', 'stop']));
 */
export async function queryKeys(
  client: DynamoDBClient,
  tableName: string,
  keys: readonly string[],
  { concurrency = CONCURRENCY, ...range }: QueryRange & { concurrency?: number } = {},
): Promise<TableItem[][]> {
  const found: TableItem[][] = [];
  let next = 0;
  const reader = async () => {
    for (let i = next++; i < keys.length; i = next++) found[i] = await queryKey(client, tableName, keys[i], range);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, keys.length) }, reader));
  return found;
}

/** Keys of a race or run in the table of laps. */
export function raceKeys(race: string, entries: readonly string[], types: readonly ('lap' | 'stop')[]): string[] {
  return types.flatMap((type) => entries.map((entry) => `${race}#${type}#${entry}`));
}

const DAY_MS = 86_400_000;

/** Keys of the table of events: of each day (UTC) that the span touches. */
export function eventKeys(
  { fromMs, toMs }: { fromMs: number; toMs: number },
  types: readonly string[],
  things: readonly string[],
): string[] {
  const days: string[] = [];
  for (let ms = Math.floor(fromMs / DAY_MS) * DAY_MS; ms <= toMs; ms += DAY_MS) {
    days.push(new Date(ms).toISOString().slice(0, 10).replaceAll('-', ''));
  }
  return days.flatMap((day) => types.flatMap((type) => things.map((thing) => `${day}#${type}#${thing}`)));
}

/** One lap of the whole field in one query, by the index `byLap`. */
export function lapOfField(
  client: DynamoDBClient,
  race: string,
  lap: number,
  { type = 'lap', tableName = tables.laps.name }: { type?: 'lap' | 'stop'; tableName?: string } = {},
): Promise<TableItem[]> {
  return queryKey(client, tableName, `${race}#${type}#${lap}`, { index: 'byLap' });
}

export interface SamplesWanted {
  run: string;
  thing: string;
  channel: string;
  fromMs: number;
  toMs: number;
  /** Default `pitwall-samples`. */
  tableName?: string;
}

/** Loaded samples of a channel within a span, both ends taken, in order of time. */
export async function readSamples(client: DynamoDBClient, wanted: SamplesWanted): Promise<Samples> {
  const { run, thing, channel, fromMs, toMs, tableName = tables.samples.name } = wanted;
  const range = { from: `${Math.floor(fromMs - PACK_SPAN_MS)}`, to: `${Math.floor(toMs)}${AFTER_ALL}` };
  const items = await queryKey(client, tableName, samplesKey(run, thing, channel), range);
  const found = items.flatMap(({ data }) => {
    const { timesMs, values } = decodeSamples(data?.B ?? new Uint8Array());
    return timesMs.map((timeMs, i) => ({ timeMs, value: values[i] }));
  });
  // Items of two files, or of a clock that was set back, may lie over each other.
  const inside = found.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs).sort((a, b) => a.timeMs - b.timeMs);
  return { timesMs: inside.map(({ timeMs }) => timeMs), values: inside.map(({ value }) => value) };
}
