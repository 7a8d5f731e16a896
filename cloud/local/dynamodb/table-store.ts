/**
 * The store that dynalite's actions run on: its interface, our Level database.
 *
 *     table~<name>                       the table's description, JSON
 *     item~<table>~<key>                 an item, JSON; key = 6 hex digits of the partition key's hash, then both keys
 *     index-local~… / index-global~…     an item's projection in an index
 *     ttl~<table>                        name of the attribute that holds the expiry
 *
 * Reads answer at once (`getSync`, the data is in memory or in the page cache), so that an action runs from its read to its
 * last write without a pause: what it writes to indexes in between belongs to that item, and all of it is one unit for
 * the committer.
 */
import { AwsError } from '../aws-error.js';
import { Committer, type LevelDb, type LevelOperation } from './committer.js';
import type { Callback, EngineMap, EngineStore, Item, Lock, Table } from './engine.js';
import { keyLock } from './key-lock.js';
import { AFTER, readAhead, within } from './ranges.js';

const ITEM_KB_MAX = 400;

export interface TableStoreOptions {
  db: LevelDb;
  /** fsync before each acknowledgement. */
  sync: boolean;
  region: string;
  accountId: string;
}

export class TableStore implements EngineStore {
  /** Tables change state at once: AWS takes seconds, and nothing here depends on the wait. */
  readonly options = {
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
    maxItemSizeKb: ITEM_KB_MAX,
    maxItemSize: ITEM_KB_MAX * 1024,
  };
  readonly tableDb: EngineStore['tableDb'];
  readonly #db: LevelDb;
  readonly #committer: Committer;
  readonly #locks = new Map<string, Lock>();
  readonly #tables = new Map<string, Table>();
  /** Index entries written since the action's read; closed by its item. */
  #unit: LevelOperation[] = [];
  #lastRead: Item | undefined;

  constructor({ db, sync, region, accountId }: TableStoreOptions) {
    this.#db = db;
    this.#committer = new Committer(db, sync);
    this.tableDb = { ...this.#tableMap(), awsRegion: region, awsAccountId: accountId };
  }

  /** Finishes what a killed process had begun: a table is ACTIVE or gone. */
  async settle(): Promise<void> {
    for await (const [key, value] of this.#db.iterator({ gte: 'table~', lt: `table~${AFTER}` })) {
      const table = JSON.parse(value) as Table;
      if (table.TableStatus === 'DELETING') {
        await this.#clear(`item~${table.TableName}~`);
        await this.#db.del(key);
      } else if (table.TableStatus !== 'ACTIVE') {
        table.TableStatus = 'ACTIVE';
        for (const index of table.GlobalSecondaryIndexes ?? []) index.IndexStatus = 'ACTIVE';
        await this.#db.put(key, JSON.stringify(table));
      }
    }
  }

  getItemDb(table: string): EngineMap<Item> {
    const prefix = `item~${table}~`;
    const map = this.#readable<Item>(prefix);
    return {
      ...map,
      get: (key, callback) => {
        if (this.#unit.length > 0) {
          // Would mix the index entries of two items; the engine was upgraded and no longer runs in one turn.
          callback(new Error('A read came between an item and its index entries.'));
          return;
        }
        map.get(key, (error, item) => {
          this.#lastRead = item;
          callback(error, item);
        });
      },
      put: (key, item, callback) =>
        this.#endUnit({ type: 'put', key: prefix + key, value: JSON.stringify(item) }, callback),
      del: (key, callback) => this.#endUnit({ type: 'del', key: prefix + key }, callback),
    };
  }

  getIndexDb(type: string, table: string, index: string): EngineMap<Item> {
    const prefix = indexPrefix(type, table, index);
    return {
      ...this.#readable<Item>(prefix),
      put: (key, item, callback) => {
        this.#unit.push({ type: 'put', key: prefix + key, value: JSON.stringify(item) });
        callback(null);
      },
      del: (key, callback) => {
        this.#unit.push({ type: 'del', key: prefix + key });
        callback(null);
      },
    };
  }

  deleteItemDb(table: string, callback: Callback<void>): void {
    settleWith(this.#clear(`item~${table}~`), callback);
  }

  deleteIndexDb(type: string, table: string, index: string, callback: Callback<void>): void {
    settleWith(this.#clear(indexPrefix(type, table, index)), callback);
  }

  /** What else hangs on a table: its expiry. (Tags are not served.) */
  deleteTagDb(table: string, callback: Callback<void>): void {
    settleWith(this.setTtlAttribute(table, undefined), callback);
  }

  lastRead(): Item | undefined {
    return this.#lastRead;
  }

  getTable(name: string, checkStatus: boolean | Callback<Table>, callback?: Callback<Table>): void {
    if (typeof checkStatus === 'function') this.#answerTable(name, true, checkStatus);
    else if (callback !== undefined) this.#answerTable(name, checkStatus, callback);
  }

  hasTable(name: string): boolean {
    return this.#sharedTable(name) !== undefined;
  }

  /** Names of the key attributes, partition key first; empty when the table is gone. */
  keyNames(name: string): string[] {
    return (this.#sharedTable(name)?.KeySchema ?? []).map((key) => key.AttributeName);
  }

  /** Name of the attribute that holds the expiry in epoch seconds, of each table that has one. */
  async ttlAttributes(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for await (const [key, attribute] of this.#db.iterator({ gte: 'ttl~', lt: `ttl~${AFTER}` })) {
      found.set(key.slice('ttl~'.length), attribute);
    }
    return found;
  }

  ttlAttribute(table: string): string | undefined {
    return this.#db.getSync(`ttl~${table}`);
  }

  setTtlAttribute(table: string, attribute: string | undefined): Promise<void> {
    const key = `ttl~${table}`;
    return this.#committer.commit([
      attribute === undefined ? { type: 'del', key } : { type: 'put', key, value: attribute },
    ]);
  }

  /** Items of a table in the order of their keys, from after a cursor; for sweeps. */
  async page(
    table: string,
    after: string | undefined,
    limit: number,
  ): Promise<{ items: Item[]; cursor: string | undefined }> {
    const prefix = `item~${table}~`;
    const items: Item[] = [];
    let cursor: string | undefined;
    for await (const [key, value] of this.#db.iterator({ gt: after ?? prefix, lt: prefix + AFTER, limit })) {
      items.push(JSON.parse(value) as Item);
      cursor = key;
    }
    return { items, cursor: items.length < limit ? undefined : cursor };
  }

  async close(): Promise<void> {
    await this.#committer.idle();
    await this.#db.close();
  }

  #answerTable(name: string, forItems: boolean, callback: Callback<Table>): void {
    // Items are checked against a shared copy; what describes or changes a table gets one of its own.
    const table = forItems ? this.#sharedTable(name) : this.#readTable(name);
    if (table === undefined || (forItems && (table.TableStatus === 'CREATING' || table.TableStatus === 'DELETING'))) {
      const message = forItems
        ? 'Requested resource not found'
        : `Requested resource not found: Table: ${name} not found`;
      const body = { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message };
      callback(Object.assign(new AwsError('ResourceNotFoundException', message), { statusCode: 400, body }));
      return;
    }
    callback(null, table);
  }

  #sharedTable(name: string): Table | undefined {
    const cached = this.#tables.get(name);
    if (cached !== undefined) return cached;
    const table = this.#readTable(name);
    if (table !== undefined) this.#tables.set(name, table);
    return table;
  }

  #readTable(name: string): Table | undefined {
    const text = this.#db.getSync(`table~${name}`);
    return text === undefined ? undefined : (JSON.parse(text) as Table);
  }

  #tableMap(): EngineMap<Table> {
    const prefix = 'table~';
    const write = (name: string, operation: LevelOperation, callback: Callback<void>) => {
      this.#tables.delete(name);
      const committed = this.#committer.commit([operation]);
      // Again once it is durable: a read in between has cached the old one.
      settleWith(
        committed.finally(() => this.#tables.delete(name)),
        callback,
      );
    };
    return {
      ...this.#readable<Table>(prefix),
      put: (name, table, callback) =>
        write(name, { type: 'put', key: prefix + name, value: JSON.stringify(table) }, callback),
      del: (name, callback) => write(name, { type: 'del', key: prefix + name }, callback),
    };
  }

  #readable<Value>(prefix: string): Pick<EngineMap<Value>, 'lock' | 'get' | 'createKeyStream' | 'createValueStream'> {
    let lock = this.#locks.get(prefix);
    if (lock === undefined) {
      lock = keyLock();
      this.#locks.set(prefix, lock);
    }
    return {
      lock,
      get: (key, callback) => {
        const text = this.#db.getSync(prefix + key);
        callback(null, text === undefined ? undefined : (JSON.parse(text) as Value));
      },
      createKeyStream: (options = {}) => {
        const iterator = this.#db.keys(within(prefix, options));
        return readAhead(iterator, (key: string) => key.slice(prefix.length));
      },
      createValueStream: (options = {}) => {
        const iterator = this.#db.values(within(prefix, options));
        return readAhead(iterator, (text: string) => JSON.parse(text) as unknown);
      },
    };
  }

  #endUnit(item: LevelOperation, callback: Callback<void>): void {
    const unit = this.#unit;
    this.#unit = [];
    unit.push(item);
    settleWith(this.#committer.commit(unit), callback);
  }

  async #clear(prefix: string): Promise<void> {
    await this.#committer.idle();
    await this.#db.clear({ gte: prefix, lt: prefix + AFTER });
  }
}

function indexPrefix(type: string, table: string, index: string): string {
  return `index-${type.toLowerCase()}~${table}~${index}~`;
}

function settleWith(work: Promise<void>, callback: Callback<void>): void {
  work.then(
    () => callback(null),
    (error: unknown) => callback(error),
  );
}
