import type { LevelOperation } from './committer.js';
import type { Item } from './engine.js';

/** An item as it was read, with its stored text: what is compared and copied need not be written anew. */
export interface StoredItem {
  item: Item;
  text: string;
}

/** One item's write, decided but not committed. */
export interface ItemWrite {
  table: string;
  /** Key in the store, below the table's prefix; begins with six hex digits of the partition key's hash. */
  key: string;
  before: StoredItem | undefined;
  /** Undefined = deletion. */
  item: Item | undefined;
  indexEntries: LevelOperation[];
  /** An expiry: nobody asked for it. */
  byService: boolean;
}
