import { type AttributeValue, type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { toItem } from '#cloud/streams/item.js';
import { ChannelTable } from '#wire/channels.js';
import type { ChannelSpec } from '#wire/messages.js';

/** Channel that counts laps in the car; a table without it has no per-lap aggregates. */
const LAP_CHANNEL = 'lapCount';

/** A table with what the folds look up in it once instead of per frame. */
export interface KnownTable {
  table: ChannelTable;
  /** Display channels that the table has, or, of a table that has hardly any, its own first ones; ascending by index. */
  display: { index: number; name: string; unit: string }[];
  /** −1 when the table has none. */
  lapIndex: number;
}

/** Fewer of the display channels than this in a table: it is of another kind of car, which shows its own. */
const DISPLAY_LEAST = 4;
/** Channels shown of such a car. */
const DISPLAY_MOST = 64;

/** Distinct tables kept; a field of cars shares a few. More are refused: `get` does not know them. */
export const MAX_TABLES = 4_096;

/** Channel tables by hash: content-addressed, so they are only ever added. */
export class ChannelTables {
  readonly #displayChannels: readonly string[];
  readonly #byHash = new Map<string, KnownTable>();
  #unsaved: ChannelTable[] = [];

  constructor(displayChannels: readonly string[]) {
    this.#displayChannels = displayChannels;
  }

  get size(): number {
    return this.#byHash.size;
  }

  get(hash: string): KnownTable | undefined {
    return this.#byHash.get(hash);
  }

  /** Returns the table's hash. Raises PW-WIRE-TABLE when the table is not valid. */
  add(channels: readonly ChannelSpec[]): string {
    const table = new ChannelTable(channels);
    if (!this.#byHash.has(table.hash) && this.#byHash.size < MAX_TABLES) {
      this.#know(table);
      this.#unsaved.push(table);
    }
    return table.hash;
  }

  /** Writes tables that are not stored yet; they must be there before a commit passes the records that brought them. */
  async save(dynamodb: DynamoDBClient, tableName: string, key: string): Promise<void> {
    const unsaved = this.#unsaved;
    this.#unsaved = [];
    try {
      for (const table of unsaved) {
        const item = toItem({ pk: key, sk: `table#${table.hash}`, table: JSON.stringify(table) });
        await dynamodb.send(new PutItemCommand({ TableName: tableName, Item: item }));
      }
    } catch (error) {
      // Written twice does no harm: the same hash is the same table.
      this.#unsaved.push(...unsaved);
      throw error;
    }
  }

  async load(dynamodb: DynamoDBClient, tableName: string, key: string): Promise<void> {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const answer = await dynamodb.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :table)',
          ExpressionAttributeValues: toItem({ ':pk': key, ':table': 'table#' }),
          ConsistentRead: true,
          ExclusiveStartKey: from,
        }),
      );
      for (const item of answer.Items ?? []) {
        const { channels } = JSON.parse(item.table?.S ?? '{}') as { channels: ChannelSpec[] };
        this.#know(new ChannelTable(channels));
      }
      from = answer.LastEvaluatedKey;
    } while (from);
  }

  #know(table: ChannelTable): void {
    const names = new Set(this.#displayChannels.filter((name) => table.indexOf(name) >= 0));
    if (names.size < Math.min(DISPLAY_LEAST, this.#displayChannels.length)) {
      for (const { name } of table.channels.slice(0, DISPLAY_MOST)) names.add(name);
    }
    const display = [...names]
      .map((name) => ({ name, index: table.indexOf(name) }))
      .map(({ name, index }) => ({ name, index, unit: table.channels[index].unit }))
      .sort((a, b) => a.index - b.index);
    this.#byHash.set(table.hash, { table, display, lapIndex: table.indexOf(LAP_CHANNEL) });
  }
}
