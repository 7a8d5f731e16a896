import type { AwsError } from '../../aws-error.js';
import type { LevelOperation } from '../committer.js';
import type { Item } from '../engine.js';
import { itemBytes } from '../item-size.js';
import type { ItemWrite } from '../item-write.js';
import { indexOf } from '../paths.js';
import type { TableStore } from '../table-store.js';
import type { Capacity, Target } from './capacity.js';
import type { Kind } from './throughput.js';
import { Consumed, readUnits, writeUnits } from './units.js';

const HASH_DIGITS = 6;

export interface MeteredCallOptions {
  capacity: Capacity;
  tables: TableStore;
  kind: Kind;
  /** Whether reads of that table are strongly consistent. Default: none are. */
  isConsistent?(table: string): boolean;
  /** Both halves of a transaction count. */
  isTransaction?: boolean;
  /** A refused item does not end the call, which answers with it (UnprocessedItems, UnprocessedKeys). */
  isBatch?: boolean;
}

/** What a Query or Scan reads, in its order; only what it looked at counts, and that is known at its end. */
interface Range {
  target: Target;
  index?: { name: string; isGlobal: boolean };
  hash: number;
  entries: Item[];
  /** Of a local index that has not all attributes: the items behind its entries. */
  items: Item[];
}

/** One call's dealings with capacity: asks before, takes what was needed, and knows the sum. */
export class MeteredCall {
  readonly consumed = new Consumed();
  /** Items of a batch that were refused, `table~key`, each with why. */
  readonly refused = new Map<string, AwsError>();
  readonly #options: MeteredCallOptions;
  readonly #factor: number;
  #range: Range | undefined;
  #isWritten = false;
  #last: { table: string; key: string; item: Item | undefined } | undefined;

  constructor(options: MeteredCallOptions) {
    this.#options = options;
    this.#factor = options.isTransaction ? 2 : 1;
  }

  /** Before an item is read, also for a write; an error ends the call. A batch goes on as if there were no item. */
  beforeItem(table: string, key: string): AwsError | undefined {
    if (this.#range !== undefined) return undefined;
    const refusal = this.#refusal(table, key);
    if (refusal === undefined || !this.#options.isBatch) return refusal;
    this.refused.set(`${table}~${key}`, refusal);
    return undefined;
  }

  isRefused(table: string, key: string): boolean {
    return this.refused.size > 0 && this.refused.has(`${table}~${key}`);
  }

  afterItem(table: string, key: string, item: Item | undefined): void {
    const { kind, tables } = this.#options;
    this.#last = { table, key, item };
    if (kind === 'Write') return;
    if (this.#range !== undefined) {
      if (item !== undefined) this.#range.items.push(item);
      return;
    }
    const units = this.#factor * readUnits(item === undefined ? 0 : itemBytes(item), this.#isConsistent(table));
    this.#take({ table: tables.existing(table) }, units, hashOf(key));
  }

  /** A Query or Scan begins, at a key; what it reads is to be given to the function returned. */
  beginRange(table: string, from: string, index?: { name: string; isGlobal: boolean }): (entry: Item) => void {
    const description = this.#options.tables.existing(table);
    const target = { table: description, globalIndex: index?.isGlobal ? index.name : undefined };
    const hash = hashOf(from);
    const refusal = this.#options.capacity.refusal(target, 'Read', readUnits(0, this.#isConsistent(table)), hash);
    if (refusal !== undefined) throw refusal;
    const range: Range = { target, index, hash, entries: [], items: [] };
    this.#range = range;
    return (entry) => range.entries.push(entry);
  }

  /** The Query or Scan has looked at so many. */
  endRange(scannedCount: number): void {
    if (this.#range === undefined) return;
    const { target, index, hash, entries, items } = this.#range;
    const isConsistent = this.#isConsistent(target.table.TableName);
    let bytes = 0;
    for (const entry of entries.slice(0, scannedCount)) bytes += itemBytes(entry);
    this.#take(target, readUnits(bytes, isConsistent), hash, index);
    for (const item of items.slice(0, scannedCount)) {
      this.#take({ table: target.table }, readUnits(itemBytes(item), isConsistent), hash);
    }
  }

  /**
   * Takes what a write needs of the table and, for what changes in them, of its indexes; an error and nothing taken when one of
   * them has not that much. Global indexes refuse their table's writes.
   */
  write({ table, key, before, item, indexEntries }: ItemWrite): AwsError | undefined {
    const { capacity, tables } = this.#options;
    const description = tables.existing(table);
    const bytes = Math.max(before === undefined ? 0 : itemBytes(before.item), item === undefined ? 0 : itemBytes(item));
    const parts = [
      { units: this.#factor * writeUnits(bytes), target: { table: description } as Target, hash: hashOf(key) },
    ];
    const indexes: ({ name: string; isGlobal: boolean } | undefined)[] = [undefined];
    for (const entry of indexEntries) {
      const changed = this.#indexWriteUnits(entry, before !== undefined);
      if (changed === 0) continue;
      const { isGlobal, name, key: indexKey } = indexOf(entry.key);
      const target = { table: description, globalIndex: isGlobal ? name : undefined };
      parts.push({ units: this.#factor * changed, target, hash: hashOf(isGlobal ? indexKey : key) });
      indexes.push({ name, isGlobal });
    }
    for (const { target, units, hash } of parts) {
      const refusal = capacity.refusal(target, 'Write', units, hash);
      if (refusal === undefined) continue;
      if (this.#options.isBatch) this.refused.set(`${table}~${key}`, refusal);
      return refusal;
    }
    for (const [i, { target, units, hash }] of parts.entries()) this.#take(target, units, hash, indexes[i]);
    this.#isWritten = true;
    return undefined;
  }

  /** The call failed on a condition: that costs what the item there would. */
  failed(): void {
    if (this.#last === undefined || this.#isWritten) return;
    const { table, key, item } = this.#last;
    const units = this.#factor * writeUnits(item === undefined ? 0 : itemBytes(item));
    this.#take({ table: this.#options.tables.existing(table) }, units, hashOf(key));
  }

  #refusal(table: string, key: string): AwsError | undefined {
    const { capacity, tables, kind } = this.#options;
    const least = kind === 'Write' ? writeUnits(0) : readUnits(0, this.#isConsistent(table));
    return capacity.refusal({ table: tables.existing(table) }, kind, this.#factor * least, hashOf(key));
  }

  /** 0 when the entry is as it was: an index that does not have what has changed is not written. */
  #indexWriteUnits(entry: LevelOperation, mayExist: boolean): number {
    const existing = mayExist ? this.#options.tables.read(entry.key) : undefined;
    if (entry.type === 'put' && existing === entry.value) return 0;
    const sizeOf = (text: string | undefined) => (text === undefined ? 0 : itemBytes(JSON.parse(text) as Item));
    return writeUnits(Math.max(sizeOf(existing), sizeOf(entry.type === 'put' ? entry.value : undefined)));
  }

  #take(target: Target, units: number, hash: number, index?: { name: string; isGlobal: boolean }): void {
    this.#options.capacity.take(target, this.#options.kind, units, hash);
    this.consumed.add(target.table.TableName, units, index);
  }

  /** Both halves of a transaction are strongly consistent. */
  #isConsistent(table: string): boolean {
    return this.#options.isTransaction === true || (this.#options.isConsistent?.(table) ?? false);
  }
}

/** Of a key in the store; a scan from the beginning has none, one of a segment three digits. */
function hashOf(key: string): number {
  return Number.parseInt(
    key
      .slice(0, HASH_DIGITS)
      .replace(/[^0-9a-f].*$/, '')
      .padEnd(HASH_DIGITS, '0'),
    16,
  );
}
