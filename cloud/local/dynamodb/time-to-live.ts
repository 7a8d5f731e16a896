/**
 * TTL: the engine has none. Which attribute holds the expiry is stored beside the table; a sweep in small steps deletes what
 * has expired on the race clock. As on AWS an expired item stays readable until the sweep reaches it.
 */
import type { Clock } from '#wire/clock.js';
import { AwsError, constraint, validation } from '../aws-error.js';
import { isJsonObject, type JsonObject, type Operation } from '../json-service.js';
import type { Item } from './engine.js';
import { type TableStore, tableNotFound } from './table-store.js';

/** Items looked at per table and sweep: about a millisecond of work. */
const SWEEP_ITEMS = 100;
/** AWS takes an expiry more than five years ago for a mistake and leaves the item alone. */
const EXPIRY_AGE_MAX_S = 5 * 365 * 24 * 3600;

/** UpdateTimeToLive and DescribeTimeToLive. */
export function timeToLiveOperations(store: TableStore): Record<string, Operation> {
  return {
    UpdateTimeToLive: async (input) => {
      const table = existingTable(store, input);
      const specification = input.TimeToLiveSpecification;
      if (!isJsonObject(specification)) throw constraint(null, 'timeToLiveSpecification', 'Member must not be null');
      const { Enabled, AttributeName } = specification;
      if (
        typeof Enabled !== 'boolean' ||
        typeof AttributeName !== 'string' ||
        AttributeName.length < 1 ||
        AttributeName.length > 255
      ) {
        throw validation('TimeToLiveSpecification needs Enabled and an AttributeName of 1 to 255 characters.');
      }
      const current = store.ttlAttribute(table);
      if (Enabled && current !== undefined) throw validation('TimeToLive is already enabled');
      if (!Enabled && current === undefined) throw validation('TimeToLive is already disabled');
      await store.setTtlAttribute(table, Enabled ? AttributeName : undefined);
      return { TimeToLiveSpecification: { Enabled, AttributeName } };
    },
    DescribeTimeToLive: (input) => {
      const AttributeName = store.ttlAttribute(existingTable(store, input));
      const TimeToLiveStatus = AttributeName === undefined ? 'DISABLED' : 'ENABLED';
      return { TimeToLiveDescription: { TimeToLiveStatus, AttributeName } };
    },
  };
}

function existingTable(store: TableStore, { TableName }: JsonObject): string {
  if (typeof TableName !== 'string') throw constraint(null, 'tableName', 'Member must not be null');
  if (store.find(TableName) === undefined) throw tableNotFound(TableName);
  return TableName;
}

export interface ExpiryOptions {
  store: TableStore;
  raceClock: Clock;
  /** DeleteItem as the service: its stream records say so. */
  deleteItem: Operation;
}

/** Deletes what has expired, through the same operation as everybody else: indexes and stream records follow. */
export class Expiry {
  readonly #options: ExpiryOptions;
  readonly #cursors = new Map<string, string>();
  itemsExpired = 0;

  constructor(options: ExpiryOptions) {
    this.#options = options;
  }

  /** One step through each table that has an expiry. */
  async sweep(): Promise<void> {
    for (const [table, attribute] of await this.#options.store.ttlAttributes())
      await this.#sweepTable(table, attribute);
  }

  async #sweepTable(table: string, attribute: string): Promise<void> {
    const { store, raceClock } = this.#options;
    const { items, cursor } = await store.page(table, this.#cursors.get(table), SWEEP_ITEMS);
    if (cursor === undefined) this.#cursors.delete(table);
    else this.#cursors.set(table, cursor);
    const nowS = raceClock.nowMs() / 1000;
    for (const { item } of items) {
      const expiryS = Number(item[attribute]?.N);
      if (expiryS < nowS && expiryS > nowS - EXPIRY_AGE_MAX_S) await this.#expire(table, attribute, item);
    }
  }

  async #expire(table: string, attribute: string, item: Item): Promise<void> {
    const keyNames = this.#options.store.find(table)?.KeySchema.map((key) => key.AttributeName) ?? [];
    try {
      await this.#options.deleteItem({
        TableName: table,
        Key: Object.fromEntries(keyNames.map((name) => [name, item[name]])),
        // Somebody may have given it more time since it was read.
        ConditionExpression: '#expiry = :seen',
        ExpressionAttributeNames: { '#expiry': attribute },
        ExpressionAttributeValues: { ':seen': item[attribute] },
      });
      this.itemsExpired++;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
    }
  }
}
