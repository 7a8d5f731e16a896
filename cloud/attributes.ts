/** Values of the rules as DynamoDB writes them, and back. Numbers go as text, so that 34 digits arrive (DynamoDB keeps 38). */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { TableItem } from '#rules/actions/senders.js';
import { isNumeric, numericText, parseNumeric } from '#rules/sql/decimal.js';
import { setKey, type Value, type ValueObject } from '#rules/sql/values.js';

/** An item in DynamoDB's types; what is Undefined is left out. */
export function attributesOf(item: TableItem): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(item)) {
    if (value !== undefined) attributes[name] = attributeOf(value);
  }
  return attributes;
}

export function attributeOf(value: Value | Uint8Array): AttributeValue {
  if (value instanceof Uint8Array) return { B: value };
  if (value === null || value === undefined) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (isNumeric(value)) return { N: numericText(value) };
  return Array.isArray(value) ? { L: value.map(attributeOf) } : { M: attributesOf(value) };
}

/** An item as JSON: sets are arrays, bytes are base64. */
export function itemOf(attributes: Record<string, AttributeValue>): ValueObject {
  const item: ValueObject = {};
  for (const [name, attribute] of Object.entries(attributes)) setKey(item, name, jsonOf(attribute));
  return item;
}

function jsonOf({ S, N, BOOL, NULL, B, L, M, SS, NS, BS }: AttributeValue): Value {
  if (S !== undefined) return S;
  if (N !== undefined) return parseNumeric(N);
  if (BOOL !== undefined) return BOOL;
  if (NULL) return null;
  if (B !== undefined) return base64Of(B);
  if (L !== undefined) return L.map(jsonOf);
  if (M !== undefined) return itemOf(M);
  return SS ?? NS?.map(parseNumeric) ?? BS?.map(base64Of);
}

const base64Of = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
