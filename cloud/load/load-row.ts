import type { TableKey } from '#rules/catalog.js';
import type { Item, ItemValue } from '../streams/item.js';

/** A row on its way to a table. */
export interface LoadRow {
  table: TableKey;
  item: Item & { pk: string; sk: string };
}

/** DynamoDB counts the bytes of names and values; a number takes about half a byte a digit, at most 21. */
const NUMBER_BYTES = 12;
const CONTAINER_BYTES = 3;

/** Size of an item as DynamoDB counts it, a little too much rather than too little. */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) {
    if (value !== undefined) bytes += Buffer.byteLength(name) + valueBytes(value);
  }
  return bytes;
}

function valueBytes(value: ItemValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return NUMBER_BYTES;
  if (value instanceof Uint8Array) return value.length;
  if (value === null || typeof value === 'boolean') return 1;
  if (Array.isArray(value)) {
    return value.reduce((sum: number, each: ItemValue) => sum + 1 + valueBytes(each), CONTAINER_BYTES);
  }
  return CONTAINER_BYTES + itemBytes(value as Item);
}
