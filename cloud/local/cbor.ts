import { cbor, tag } from '@smithy/core/cbor';
import { serialization } from './aws-error.js';
import { isJsonObject, type JsonObject } from './json-service.js';

/**
 * `application/x-amz-cbor-1.1`: the same documents as JSON 1.1, with blobs as byte strings and times as tag 1 of epoch
 * **milliseconds**. Java's clients of Kinesis speak it unless they are told not to. Services know JSON alone: what comes is
 * turned into what JSON would have been, and so is what goes.
 */
export const CBOR_CONTENT = 'application/x-amz-cbor-1.1';

/** Which members of a service's answers JSON cannot tell apart: base64 from text, seconds from numbers. */
export interface CborMembers {
  blobs: ReadonlySet<string>;
  timestamps: ReadonlySet<string>;
}

/** As deep as no input of these services is; deeper ones would end in the stack. */
const DEPTH_MAX = 64;
const TIME_TAG = 1;

/** Raises SerializationException for what is not one map in CBOR. */
export function parseCbor(body: Uint8Array): JsonObject {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = toJson(cbor.deserialize(body), 0);
  } catch {
    throw serialization('The body is not CBOR.');
  }
  if (!isJsonObject(value)) throw serialization('Start of structure or map found where not expected.');
  return value;
}

/** @param document what JSON.parse gives of an answer */
export function encodeCbor(document: unknown, members: CborMembers): Buffer {
  return Buffer.from(cbor.serialize(fromJson(document, undefined, members)));
}

function toJson(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new RangeError('too deep');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map((item) => toJson(item, depth + 1));
  if (!isJsonObject(value)) return value;
  if (isTime(value)) return value.value / 1_000;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member, depth + 1)]));
}

/** The library's tags are marked by a symbol; a document that only looks like one is a document. */
function isTime(value: JsonObject): value is { tag: number; value: number } {
  return Object.getOwnPropertySymbols(value).length > 0 && value.tag === TIME_TAG && typeof value.value === 'number';
}

function fromJson(value: unknown, name: string | undefined, members: CborMembers): unknown {
  if (Array.isArray(value)) return value.map((item) => fromJson(item, name, members));
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fromJson(member, key, members)]));
  }
  if (name === undefined) return value;
  if (typeof value === 'string' && members.blobs.has(name)) return Buffer.from(value, 'base64');
  if (typeof value === 'number' && members.timestamps.has(name)) {
    return tag({ tag: TIME_TAG, value: Math.round(value * 1_000) });
  }
  return value;
}
