import { type HashRange, parseHashKey } from '#cloud/streams/hash-range.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { countOutOfRange, deaggregate } from '#cloud/streams/kpl/deaggregate.js';
import type { UserRecord } from '#cloud/streams/kpl/format.js';
import { PitwallError } from '#wire/errors.js';
import { type JsonObject, serveJsonLines } from '../json-lines.js';

/** `pitwall streams decode`: a Kinesis record a line, its user records a line. */
export async function decode(): Promise<void> {
  await serveJsonLines((line) => {
    const record = userRecord(line, 'The line');
    const range = rangeOf(line.shard);
    const { kind, users } = deaggregate(record);
    return {
      kind,
      users: users.map((user, subSequenceNumber) => ({ ...describe(user), subSequenceNumber })),
      // Where a record that is no aggregate was read, there Kinesis put it.
      outOfRange: range === undefined || kind !== 'aggregated' ? 0 : countOutOfRange(users, range),
    };
  });
}

/** `pitwall streams encode`: user records a line, the one Kinesis record a line. */
export async function encode(): Promise<void> {
  await serveJsonLines(({ users }) => {
    if (!Array.isArray(users)) throw unusable('"users" is not a list.');
    return {
      record: describe(aggregate(users.map((user, i) => userRecord(object(user, `users[${i}]`), `users[${i}]`)))),
    };
  });
}

function describe({ partitionKey, explicitHashKey, data }: UserRecord): JsonObject {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64');
  return { partitionKey, ...(explicitHashKey !== undefined && { explicitHashKey }), data: text };
}

function userRecord({ partitionKey, explicitHashKey, data }: JsonObject, where: string): UserRecord {
  if (typeof partitionKey !== 'string') throw unusable(`${where} has no text "partitionKey".`);
  // Vectors write an absent one as null.
  if (explicitHashKey !== undefined && explicitHashKey !== null && typeof explicitHashKey !== 'string') {
    throw unusable(`${where} has an "explicitHashKey" that is not text.`);
  }
  return { partitionKey, explicitHashKey: explicitHashKey ?? undefined, data: bytes(data, where) };
}

function bytes(data: unknown, where: string): Buffer {
  const decoded = typeof data === 'string' ? Buffer.from(data, 'base64') : undefined;
  // Node passes over what is not base64; here it would be a record that nobody meant.
  if (decoded === undefined || decoded.toString('base64').replace(/=+$/, '') !== String(data).replace(/=+$/, '')) {
    throw unusable(`${where} has no base64 "data".`);
  }
  return decoded;
}

function rangeOf(shard: unknown): HashRange | undefined {
  if (shard === undefined || shard === null) return undefined;
  const { startingHashKey, endingHashKey } = object(shard, '"shard"');
  const starting = parseHashKey(String(startingHashKey));
  const ending = parseHashKey(String(endingHashKey));
  if (starting === undefined || ending === undefined) throw unusable('"shard" has no decimal hash keys below 2^128.');
  return { starting, ending };
}

function object(value: unknown, where: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw unusable(`${where} is not an object.`);
}

function unusable(what: string): PitwallError {
  return new PitwallError('PW-USAGE-LINE', { what });
}
