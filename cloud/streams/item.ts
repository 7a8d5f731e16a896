import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** What our rows hold: JSON and bytes. */
export type ItemValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly ItemValue[]
  | { readonly [name: string]: ItemValue | undefined };

export type Item = Record<string, ItemValue | undefined>;

/** A row as DynamoDB's attribute values; absent (undefined) attributes are left out. */
export function toItem(row: Item): Record<string, AttributeValue> {
  const item: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(row)) if (value !== undefined) item[name] = toValue(value);
  return item;
}

function toValue(value: ItemValue): AttributeValue {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof Uint8Array) return { B: value };
  if (Array.isArray(value)) return { L: value.map(toValue) };
  return { M: toItem(value as Item) };
}

/** A whole number of a row; 0 when the row has none. */
export function numberOf(item: Record<string, AttributeValue> | undefined, name: string): number {
  return Number(item?.[name]?.N ?? 0);
}

/** A conditional write that found another state than it asked for. */
export function isConditionFailed(error: unknown): boolean {
  return error instanceof Error && error.name === 'ConditionalCheckFailedException';
}
