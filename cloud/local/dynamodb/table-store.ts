/**
 * The store of tables: descriptions, expiries, and the ranges that items and indexes lie in.
 *
 *     table~<name>                       the table's description, JSON
 *     item~<table>~<key>                 an item, JSON; key = 6 hex digits of the partition key's hash, then both keys
 *     index-local~… / index-global~…     an item's projection in an index
 *     ttl~<table>                        name of the attribute that holds the expiry
 *     stream~… / change~…                streams and their records, see streams/stream.ts
 *     token~…                            transactions that were made, see transactions/tokens.ts
 */
import type { AbstractSnapshot } from 'abstract-level';
import { AwsError } from '../aws-error.js';
import type { Committer, LevelDb, LevelOperation } from './committer.js';
import {
  type Callback,
  type EngineMap,
  type EngineStore,
  type Item,
  type Lock,
  settleWith,
  type Table,
} from './engine.js';
import { keyLock } from './key-lock.js';
import { itemPath } from './paths.js';
import { AFTER, readAhead, within } from './ranges.js';
import type { StreamCatalog } from './streams/catalog.js';

export interface TableStoreOptions {
  db: LevelDb;
  committer: Committer;
  streams: StreamCatalog;
  region: string;
  accountId: string;
}

type Scans = Pick<EngineMap<never>, 'createKeyStream' | 'createValueStream'>;

export class TableStore {
  readonly tableDb: EngineStore['tableDb'];
  readonly #db: LevelDb;
  readonly #committer: Committer;
  readonly #streams: StreamCatalog;
  readonly #locks = new Map<string, Lock>();
  readonly #tables = new Map<string, Table>();

  constructor({ db, committer, streams, region, accountId }: TableStoreOptions) {
    this.#db = db;
    this.#committer = committer;
    this.#streams = streams;
    this.tableDb = { ...this.#tableMap(), awsRegion: region, awsAccountId: accountId };
  }

  /** Finishes what a killed process had begun: a table is ACTIVE or gone. Resolves with those that have an index to be filled. */
  async settle(): Promise<string[]> {
    const unfilled: string[] = [];
    for await (const [key, value] of this.#db.iterator({ gte: 'table~', lt: `table~${AFTER}` })) {
      const table = JSON.parse(value) as Table;
      const { GlobalSecondaryIndexes: indexes = [] } = table;
      if (table.TableStatus === 'DELETING') {
        await this.#db.clear({ gte: itemPath(table.TableName, ''), lt: itemPath(table.TableName, AFTER) });
        await this.#db.del(key);
      } else if (indexes.some((index) => index.Backfilling)) unfilled.push(table.TableName);
      else if (table.TableStatus !== 'ACTIVE') {
        table.TableStatus = 'ACTIVE';
        for (const index of indexes) index.IndexStatus = 'ACTIVE';
        await this.#db.put(key, JSON.stringify(table));
      }
    }
    return unfilled;
  }

  read(path: string, snapshot?: AbstractSnapshot): string | undefined {
    return snapshot === undefined ? this.#db.getSync(path) : this.#db.getSync(path, { snapshot });
  }

  itemLock(table: string): Lock {
    return this.#lock(itemPath(table, ''));
  }

  getTable(name: string, checkStatus: boolean | Callback<Table>, callback?: Callback<Table>): void {
    if (typeof checkStatus === 'function') this.#answerTable(name, true, checkStatus);
    else if (callback !== undefined) this.#answerTable(name, checkStatus, callback);
  }

  /** What items are checked against: shared, not to be changed. */
  find(name: string): Table | undefined {
    const cached = this.#tables.get(name);
    if (cached !== undefined) return cached;
    const table = this.#readTable(name);
    if (table !== undefined) this.#tables.set(name, table);
    return table;
  }

  /** The table that a request names, for its items; throws the refusal. */
  existing(name: string): Table {
    const table = this.find(name);
    if (table === undefined || table.TableStatus === 'CREATING' || table.TableStatus === 'DELETING') {
      throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    }
    return table;
  }

  /** Changes a description while nobody else does; `change` may refuse. Resolves with the table as stored. */
  update(name: string, change: (table: Table) => void): Promise<Table> {
    return new Promise((resolve, reject) => {
      this.tableDb.lock(name, (release) => {
        const settle = release<Table>((error, table) => (table === undefined ? reject(error) : resolve(table)));
        try {
          const table = this.#readTable(name);
          if (table === undefined) throw tableNotFound(name);
          change(table);
          this.tableDb.put(name, table, (error) => settle(error, error ? undefined : table));
        } catch (error) {
          settle(error);
        }
      });
    });
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
  ): Promise<{ items: { key: string; item: Item }[]; cursor: string | undefined }> {
    const prefix = itemPath(table, '');
    const items: { key: string; item: Item }[] = [];
    const range = { gt: prefix + (after ?? ''), lt: prefix + AFTER, limit };
    for await (const [path, value] of this.#db.iterator(range)) {
      items.push({ key: path.slice(prefix.length), item: JSON.parse(value) as Item });
    }
    return { items, cursor: items.length < limit ? undefined : items.at(-1)?.key };
  }

  /**
   * Streams over the keys and values below a prefix.
   *
   * @param begin called with the key that a stream of values begins at; what it returns gets each of them
   */
  scans(prefix: string, begin?: (from: string) => (item: Item) => void): Scans {
    return {
      createKeyStream: (options = {}) => {
        const iterator = this.#db.keys(within(prefix, options));
        return readAhead(iterator, (key: string) => key.slice(prefix.length));
      },
      createValueStream: (options = {}) => {
        const seen = begin?.(options.gte ?? options.gt ?? '');
        const iterator = this.#db.values(within(prefix, options));
        return readAhead(iterator, (text: string) => {
          const item = JSON.parse(text) as Item;
          seen?.(item);
          return item;
        });
      },
    };
  }

  readable<Value>(prefix: string): Pick<EngineMap<Value>, 'lock' | 'get'> & Scans {
    return {
      lock: this.#lock(prefix),
      ...this.scans(prefix),
      get: (key, callback) => {
        const text = this.#db.getSync(prefix + key);
        callback(null, text === undefined ? undefined : (JSON.parse(text) as Value));
      },
    };
  }

  async clear(prefix: string): Promise<void> {
    await this.#committer.idle();
    await this.#db.clear({ gte: prefix, lt: prefix + AFTER });
  }

  #answerTable(name: string, forItems: boolean, callback: Callback<Table>): void {
    let table: Table | undefined;
    try {
      // Items are checked against a shared copy; what describes or changes a table gets one of its own.
      table = forItems ? this.existing(name) : this.#readTable(name);
      if (table === undefined) throw tableNotFound(name);
    } catch (error) {
      callback(error);
      return;
    }
    callback(null, table);
  }

  #readTable(name: string): Table | undefined {
    const text = this.#db.getSync(`table~${name}`);
    return text === undefined ? undefined : (JSON.parse(text) as Table);
  }

  #tableMap(): EngineMap<Table> {
    const prefix = 'table~';
    const write = (name: string, unit: LevelOperation[], callback: Callback<void>, followed?: () => void) => {
      this.#tables.delete(name);
      const committed = this.#committer.commit(unit).then(followed);
      // Again once it is durable: a read in between has cached the old one.
      settleWith(
        committed.finally(() => this.#tables.delete(name)),
        callback,
      );
    };
    return {
      ...this.readable<Table>(prefix),
      put: (name, table, callback) => {
        const unit: LevelOperation[] = [];
        const followed = this.#streams.follow(table, unit);
        unit.push({ type: 'put', key: prefix + name, value: JSON.stringify(table) });
        write(name, unit, callback, followed);
      },
      del: (name, callback) => write(name, [{ type: 'del', key: prefix + name }], callback),
    };
  }

  #lock(prefix: string): Lock {
    let lock = this.#locks.get(prefix);
    if (lock === undefined) {
      lock = keyLock();
      this.#locks.set(prefix, lock);
    }
    return lock;
  }
}

export const tableNotFound = (name: string): AwsError =>
  new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
