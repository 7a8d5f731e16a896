import { constraint, serialization } from './aws-error.js';
import { isJsonObject, type JsonObject } from './json-service.js';

/** Readers of request members: each refuses as AWS does, a wrong JSON type or a value outside its declared bounds. */

interface TextBounds {
  min?: number;
  max: number;
  pattern?: RegExp;
}

export function optionalText(
  input: JsonObject,
  member: string,
  { min = 1, max, pattern }: TextBounds,
  inside = '',
): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw serialization(`${typeof value} can not be converted to a String`);
  if (value.length >= min && value.length <= max && (pattern === undefined || pattern.test(value))) return value;
  throw constraint(value, inside + lowerFirst(member), breach(value, min, max, pattern));
}

function breach(value: string, min: number, max: number, pattern: RegExp | undefined): string {
  if (value.length < min) return `Member must have length greater than or equal to ${min}`;
  if (value.length > max || pattern === undefined) return `Member must have length less than or equal to ${max}`;
  return `Member must satisfy regular expression pattern: ${unanchored(pattern)}`;
}

/** `inside` = where the object lies, e.g. `records.1.member.`, for the message. */
export function text(input: JsonObject, member: string, bounds: TextBounds, inside = ''): string {
  return required(optionalText(input, member, bounds, inside), member, inside);
}

/** AWS's patterns are meant for the whole value and come without anchors. */
function unanchored({ source }: RegExp): string {
  const [, grouped, plain = source] = /^\^(?:\(\?:(.*)\)|(.*))\$$/.exec(source) ?? [];
  return grouped ?? plain;
}

export function optionalWhole(input: JsonObject, member: string, min: number, max: number): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw serialization(`${typeof value} can not be converted to an Integer`);
  if (value < min)
    throw constraint(value, lowerFirst(member), `Member must have value greater than or equal to ${min}`);
  if (value > max) throw constraint(value, lowerFirst(member), `Member must have value less than or equal to ${max}`);
  return value;
}

export function whole(input: JsonObject, member: string, min: number, max: number): number {
  return required(optionalWhole(input, member, min, max), member);
}

/** Epoch ms; on the wire a timestamp is epoch seconds with a fraction. */
export function optionalTimestamp(input: JsonObject, member: string): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number')
    throw serialization(`${typeof value} can not be converted to milliseconds since epoch`);
  return value * 1000;
}

export function oneOf<Value extends string>(input: JsonObject, member: string, values: readonly Value[]): Value {
  const value = text(input, member, { max: 64 });
  const found = values.find((candidate) => candidate === value);
  if (found === undefined) {
    throw constraint(value, lowerFirst(member), `Member must satisfy enum value set: [${values.join(', ')}]`);
  }
  return found;
}

export function optionalObject(input: JsonObject, member: string): JsonObject | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw serialization('Unrecognized collection type');
  return value;
}

export function list(input: JsonObject, member: string, max: number): unknown[] {
  const value = required(input[member], member);
  if (!Array.isArray(value)) throw serialization('Expected list or null');
  if (value.length < 1)
    throw constraint('[]', lowerFirst(member), 'Member must have length greater than or equal to 1');
  if (value.length > max)
    throw constraint('[...]', lowerFirst(member), `Member must have length less than or equal to ${max}`);
  return value;
}

function required<Value>(value: Value | undefined | null, member: string, inside = ''): Value {
  if (value === undefined || value === null) {
    throw constraint(null, inside + lowerFirst(member), 'Member must not be null');
  }
  return value;
}

function lowerFirst(member: string): string {
  return member[0].toLowerCase() + member.slice(1);
}
