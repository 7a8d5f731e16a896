import type { Log } from '#wire/log.js';
import type { Committer } from './committer.js';
import { type GlobalIndex, type Item, indexEntry, type Table } from './engine.js';
import { lockAll } from './key-lock.js';
import { indexPath, itemPath } from './paths.js';
import type { TableStore } from './table-store.js';

/** Items entered in one step, and locked in turn. */
const PAGE_ITEMS = 100;

export interface IndexBackfillOptions {
  tables: TableStore;
  committer: Committer;
  log: Log;
}

/**
 * Fills indexes that were added to a table with the items that were there before. Writers keep the index from the moment
 * that the table's description has it; each item is entered under its lock and as it is then, so neither undoes the other.
 * Begun again from the start after a kill: entering an item twice is entering it once.
 */
export class IndexBackfill {
  readonly #options: IndexBackfillOptions;
  readonly #running = new Map<string, Promise<void>>();
  #isStopped = false;

  constructor(options: IndexBackfillOptions) {
    this.#options = options;
  }

  /** Fills what is marked as `Backfilling`, then makes index and table ACTIVE. */
  start(table: string): void {
    const filling = this.#fill(table)
      .catch((error: unknown) => {
        this.#options.log.error('local dynamodb: an index was not filled', { table, cause: String(error) });
      })
      .finally(() => this.#running.delete(table));
    this.#running.set(table, filling);
  }

  /** A stopped one is taken up at the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running.values());
  }

  async #fill(name: string): Promise<void> {
    const { tables } = this.#options;
    let cursor: string | undefined;
    do {
      const table = tables.existing(name);
      const indexes = (table.GlobalSecondaryIndexes ?? []).filter((index) => index.Backfilling);
      const page = await tables.page(name, cursor, PAGE_ITEMS);
      for (const { key } of page.items) await this.#enter(table, indexes, key);
      cursor = page.cursor;
      if (this.#isStopped) return;
    } while (cursor !== undefined);
    await tables.update(name, (table) => {
      table.TableStatus = 'ACTIVE';
      for (const index of table.GlobalSecondaryIndexes ?? []) {
        index.IndexStatus = 'ACTIVE';
        delete index.Backfilling;
      }
    });
  }

  async #enter(table: Table, indexes: GlobalIndex[], key: string): Promise<void> {
    const { tables, committer } = this.#options;
    const { TableName: name } = table;
    const release = await lockAll([{ lock: tables.itemLock(name), key, order: key }]);
    try {
      const text = tables.read(itemPath(name, key));
      if (text === undefined) return;
      const item = JSON.parse(text) as Item;
      const unit = indexes.flatMap((index) => {
        const entry = indexEntry(table, index, item);
        if (entry === undefined) return [];
        const path = indexPath('Global', name, index.IndexName) + entry.key;
        return [{ type: 'put' as const, key: path, value: JSON.stringify(entry.item) }];
      });
      await committer.commit(unit);
    } finally {
      release();
    }
  }
}
