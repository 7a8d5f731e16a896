import type { AbstractSnapshot } from 'abstract-level';
import type { MeteredCall } from './capacity/call.js';
import type { LevelOperation } from './committer.js';
import { type Callback, type EngineMap, type EngineStore, type Item, type Lock, settleWith } from './engine.js';
import type { ItemWrite, StoredItem } from './item-write.js';
import { indexPath, itemPath } from './paths.js';
import { checkIndexKeys } from './refinements.js';
import type { TableStore } from './table-store.js';

const ITEM_KB_MAX = 400;

export interface ViewOptions {
  tables: TableStore;
  /** Takes each write that an action decides on, or throws its refusal; calls back when the action may answer. */
  write(write: ItemWrite, callback: Callback<void>): void;
  /** Gets each item that is there, before the action goes on. */
  read?(item: Item): void;
  /** Counts what is read, and may refuse it. Absent = as much as one likes. */
  call?: MeteredCall;
  /** Whether the caller holds the keys already. Default: each action takes the lock of its own. */
  isLocked?: boolean;
  /** Writes are expiries. */
  byService?: boolean;
  /** Reads see this moment. */
  snapshot?: AbstractSnapshot;
}

/**
 * The tables as the engine's actions see them. Reads answer at once (`getSync`, the data is in memory or in the page cache), so
 * that an action runs from its read to its last write without a pause: what it writes to indexes in between belongs to that
 * item, and all of it is one write.
 */
export class EngineView implements EngineStore {
  /** Tables change state at once: AWS takes seconds, and nothing here depends on the wait. */
  readonly options = {
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
    maxItemSizeKb: ITEM_KB_MAX,
    maxItemSize: ITEM_KB_MAX * 1024,
  };
  readonly tableDb: EngineStore['tableDb'];
  readonly #options: ViewOptions;
  readonly #tables: TableStore;
  /** Index entries written since the action's read; closed by its item. */
  #indexEntries: LevelOperation[] = [];
  #lastKey: string | undefined;
  #lastRead: StoredItem | undefined;

  constructor(options: ViewOptions) {
    this.#options = options;
    this.#tables = options.tables;
    this.tableDb = options.tables.tableDb;
  }

  getTable: EngineStore['getTable'] = (...parameters) => this.#tables.getTable(...parameters);

  getItemDb(table: string): EngineMap<Item> {
    const prefix = itemPath(table, '');
    const { call } = this.#options;
    return {
      lock: this.#options.isLocked ? alreadyLocked : this.#tables.itemLock(table),
      ...this.#tables.scans(prefix, call && ((from) => call.beginRange(table, from))),
      get: (key, callback) => {
        if (this.#indexEntries.length > 0) {
          // Would mix the index entries of two items; the engine was upgraded and no longer runs in one turn.
          callback(new Error('A read came between an item and its index entries.'));
          return;
        }
        const refusal = call?.beforeItem(table, key);
        if (refusal !== undefined) {
          callback(refusal);
          return;
        }
        const isRefused = call?.isRefused(table, key) === true;
        const text = isRefused ? undefined : this.#tables.read(prefix + key, this.#options.snapshot);
        this.#lastKey = key;
        this.#lastRead = text === undefined ? undefined : { text, item: JSON.parse(text) as Item };
        if (!isRefused) call?.afterItem(table, key, this.#lastRead?.item);
        if (this.#lastRead !== undefined) this.#options.read?.(this.#lastRead.item);
        callback(null, this.#lastRead?.item);
      },
      put: (key, item, callback) => this.#write(table, key, item, callback),
      del: (key, callback) => this.#write(table, key, undefined, callback),
    };
  }

  getIndexDb(type: string, table: string, index: string): EngineMap<Item> {
    const prefix = indexPath(type, table, index);
    const { call } = this.#options;
    const read = { name: index, isGlobal: type.toLowerCase() === 'global' };
    return {
      ...this.#tables.readable<Item>(prefix),
      ...this.#tables.scans(prefix, call && ((from) => call.beginRange(table, from, read))),
      put: (key, item, callback) => {
        this.#indexEntries.push({ type: 'put', key: prefix + key, value: JSON.stringify(item) });
        callback(null);
      },
      del: (key, callback) => {
        this.#indexEntries.push({ type: 'del', key: prefix + key });
        callback(null);
      },
    };
  }

  deleteItemDb(table: string, callback: Callback<void>): void {
    settleWith(this.#tables.clear(itemPath(table, '')), callback);
  }

  deleteIndexDb(type: string, table: string, index: string, callback: Callback<void>): void {
    settleWith(this.#tables.clear(indexPath(type, table, index)), callback);
  }

  /** What else hangs on a table: its expiry. (Tags are not served.) */
  deleteTagDb(table: string, callback: Callback<void>): void {
    settleWith(this.#tables.setTtlAttribute(table, undefined), callback);
  }

  lastRead(): Item | undefined {
    return this.#lastRead?.item;
  }

  #write(table: string, key: string, item: Item | undefined, callback: Callback<void>): void {
    const indexEntries = this.#indexEntries;
    this.#indexEntries = [];
    if (key !== this.#lastKey) {
      // The image before it would be another item's; the engine was upgraded and no longer reads what it writes.
      callback(new Error('An item was written that was not read last.'));
      return;
    }
    const { byService = false } = this.#options;
    try {
      if (item !== undefined) checkIndexKeys(this.#tables.existing(table), item);
      this.#options.write({ table, key, before: this.#lastRead, item, indexEntries, byService }, callback);
    } catch (refusal) {
      callback(refusal);
    }
  }
}

const alreadyLocked: Lock = (_key, critical) => critical((callback) => callback);
