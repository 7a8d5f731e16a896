import { hash } from 'node:crypto';
import { PitwallError } from '#wire/errors.js';
import { hashKeyOf, parseHashKey, toDecimal } from '../hash-range.js';
import { DIGEST_BYTES, type KinesisRecord, MAGIC, MAGIC_BYTES, TAG, type UserRecord } from './format.js';
import { KeyTable } from './key-table.js';
import { varintBytes, writeVarint } from './wire.js';

/** The KPL's AggregationMaxSize. */
export const AGGREGATE_BYTES_MAX = 51_200;
/** What the KPL puts an aggregate under; the explicit hash key routes it. */
const OUTER_PARTITION_KEY = 'a';
const PARTITION_KEY_LENGTH_MAX = 256;
const FRAME_BYTES = MAGIC_BYTES + DIGEST_BYTES;

/**
 * Collects user records into one aggregate, byte for byte as the KPL. `add` copies the data, so that the caller may use its
 * buffer again.
 *
 * @example
 * const aggregator = new Aggregator();
 * if (!aggregator.add(user)) {
 *   put(aggregator.finish());
 *   aggregator.add(user);
 * }
 */
export class Aggregator {
  readonly #bytesMax: number;
  readonly #partitionKeys = new KeyTable(TAG.partitionKey, checkPartitionKey);
  readonly #explicitHashKeys = new KeyTable(TAG.explicitHashKey, checkExplicitHashKey);
  #records = Buffer.allocUnsafe(4_096);
  #recordBytes = 0;
  #count = 0;
  /** Keys of the first record, and the size of its data: alone it travels as it is. */
  #first = { partitionKey: '', explicitHashKey: undefined as string | undefined, bytes: 0 };

  /** @param bytesMax a record that would make the aggregate larger is not taken; the first one always is */
  constructor(bytesMax: number = AGGREGATE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** User records in hand. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the aggregate as it stands. */
  get bytes(): number {
    return FRAME_BYTES + this.#partitionKeys.bytes + this.#explicitHashKeys.bytes + this.#recordBytes;
  }

  get #pendingBytes(): number {
    return this.#partitionKeys.pendingBytes + this.#explicitHashKeys.pendingBytes;
  }

  /** False, and nothing changed, when there is no room for it. Raises PW-KPL-RECORD for keys that Kinesis does not take. */
  add(user: UserRecord): boolean {
    const { partitionKey, explicitHashKey, data } = user;
    const keyIndex = this.#partitionKeys.indexOf(partitionKey);
    let inner = 2 + varintBytes(keyIndex) + varintBytes(data.length) + data.length;
    let hashIndex = 0;
    if (explicitHashKey !== undefined) {
      hashIndex = this.#explicitHashKeys.indexOf(explicitHashKey);
      inner += 1 + varintBytes(hashIndex);
    }
    const added = 1 + varintBytes(inner) + inner;
    if (this.#count > 0 && this.bytes + this.#pendingBytes + added > this.#bytesMax) {
      this.#partitionKeys.withdraw();
      this.#explicitHashKeys.withdraw();
      return false;
    }
    this.#partitionKeys.commit();
    this.#explicitHashKeys.commit();
    this.#reserve(added);
    const records = this.#records;
    let at = this.#recordBytes;
    records[at++] = TAG.record;
    at = writeVarint(records, at, inner);
    records[at++] = TAG.partitionKeyIndex;
    at = writeVarint(records, at, keyIndex);
    if (explicitHashKey !== undefined) {
      records[at++] = TAG.explicitHashKeyIndex;
      at = writeVarint(records, at, hashIndex);
    }
    records[at++] = TAG.data;
    at = writeVarint(records, at, data.length);
    records.set(data, at);
    this.#recordBytes = at + data.length;
    if (this.#count++ === 0) this.#first = { partitionKey, explicitHashKey, bytes: data.length };
    return true;
  }

  /** The record to put; the aggregator is empty again. Undefined when nothing was in hand. */
  finish(): KinesisRecord | undefined {
    if (this.#count === 0) return undefined;
    const record = this.#count === 1 ? this.#alone() : this.#aggregate();
    this.#partitionKeys.clear();
    this.#explicitHashKeys.clear();
    this.#recordBytes = 0;
    this.#count = 0;
    return record;
  }

  /** The KPL's rule: one user record goes raw, under its own key. Its data is the last that was written. */
  #alone(): KinesisRecord {
    const { partitionKey, explicitHashKey, bytes } = this.#first;
    const data = Buffer.from(this.#records.subarray(this.#recordBytes - bytes, this.#recordBytes));
    return { partitionKey, explicitHashKey, data };
  }

  #aggregate(): KinesisRecord {
    const { partitionKey, explicitHashKey } = this.#first;
    const data = Buffer.allocUnsafe(this.bytes);
    let at = data.writeUInt32BE(MAGIC, 0);
    at = this.#partitionKeys.copyTo(data, at);
    at = this.#explicitHashKeys.copyTo(data, at);
    at += this.#records.copy(data, at, 0, this.#recordBytes);
    hash('md5', data.subarray(MAGIC_BYTES, at), 'buffer').copy(data, at);
    const routed = explicitHashKey ?? toDecimal(hashKeyOf(partitionKey));
    return { partitionKey: OUTER_PARTITION_KEY, explicitHashKey: routed, data };
  }

  #reserve(bytes: number): void {
    const wanted = this.#recordBytes + bytes;
    if (wanted <= this.#records.length) return;
    const wider = Buffer.allocUnsafe(Math.max(wanted, this.#records.length * 2));
    this.#records.copy(wider, 0, 0, this.#recordBytes);
    this.#records = wider;
  }
}

/**
 * All of them in one record. Raises PW-KPL-RECORD when there are none.
 *
 * @example aggregate([{ partitionKey: 'car-24', data }]).data === data // one goes raw
 */
export function aggregate(users: Iterable<UserRecord>): KinesisRecord {
  const aggregator = new Aggregator(Number.POSITIVE_INFINITY);
  for (const user of users) aggregator.add(user);
  const record = aggregator.finish();
  if (record === undefined) throw new PitwallError('PW-KPL-RECORD', { what: 'There are no user records to put.' });
  return record;
}

function checkPartitionKey(key: string): void {
  if (key.length >= 1 && key.length <= PARTITION_KEY_LENGTH_MAX) return;
  throw new PitwallError('PW-KPL-RECORD', {
    what: `A partition key of ${key.length} characters; wanted 1 to ${PARTITION_KEY_LENGTH_MAX}.`,
  });
}

function checkExplicitHashKey(key: string): void {
  if (parseHashKey(key) !== undefined) return;
  throw new PitwallError('PW-KPL-RECORD', {
    what: `The explicit hash key "${key.slice(0, 64)}"; wanted a decimal number below 2^128.`,
  });
}
