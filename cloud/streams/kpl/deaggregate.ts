import { hash } from 'node:crypto';
import { contains, type HashRange, hashKeyOf, parseHashKey } from '../hash-range.js';
import { DIGEST_BYTES, MAGIC, MAGIC_BYTES, TAG, type UserRecord } from './format.js';
import { WireReader } from './wire.js';

export type Deaggregated =
  /** The user records, in the producer's order: the place in the list is the sub-sequence number. */
  | { kind: 'aggregated'; users: UserRecord[] }
  /** Not an aggregate, or one that was damaged on the way: `users` is the record itself, unchanged. */
  | { kind: 'raw'; users: UserRecord[] }
  /**
   * An aggregate with a true digest whose inside contradicts itself: its producer is at fault. Nothing of it can be trusted.
   * The caller quarantines the whole record and counts it (the KCL keeps what came before and loses the rest in silence).
   */
  | { kind: 'corrupt'; users: []; reason: CorruptReason };

export type CorruptReason = 'partitionKeyIndex' | 'explicitHashKeyIndex' | 'explicitHashKey';

const MAGIC_FIRST = MAGIC >>> 24;
const DECIMAL = /^\d+$/;

/**
 * Opens a Kinesis record. `data` of each user record is a view into the record's. Never throws.
 *
 * @example
 * const opened = deaggregate({ partitionKey: 'a', data: record.Data });
 * if (opened.kind === 'corrupt') quarantine(record, opened.reason);
 * else for (const user of opened.users) handle(user);
 */
export function deaggregate(record: UserRecord): Deaggregated {
  const { data } = record;
  const body = bodyOf(data);
  return (body && new Aggregate(body).read()) ?? { kind: 'raw', users: [record] };
}

/** The message between magic and digest; undefined when either is wrong. An empty message is none (as the KCL has it). */
function bodyOf(data: Uint8Array): Buffer | undefined {
  if (data.length <= MAGIC_BYTES + DIGEST_BYTES || data[0] !== MAGIC_FIRST) return undefined;
  const whole = Buffer.from(data.buffer, data.byteOffset, data.length);
  if (whole.readUInt32BE(0) !== MAGIC) return undefined;
  const body = whole.subarray(MAGIC_BYTES, -DIGEST_BYTES);
  return hash('md5', body, 'buffer').compare(whole, whole.length - DIGEST_BYTES) === 0 ? body : undefined;
}

const ABSENT = -1;
/** Records of one aggregate whose places are noted before they are made: tables may come after them. */
const NUMBERS_A_RECORD = 4;

/** One message being read: keys by table, then per record its two indexes and where its data is. */
class Aggregate {
  readonly #body: Buffer;
  readonly #wire: WireReader;
  readonly #partitionKeys: string[] = [];
  readonly #explicitHashKeys: string[] = [];
  #records = new Float64Array(64 * NUMBERS_A_RECORD);
  #count = 0;

  constructor(body: Buffer) {
    this.#body = body;
    this.#wire = new WireReader(body);
  }

  /** Undefined when the bytes are no such message. */
  read(): Deaggregated | undefined {
    const wire = this.#wire;
    const end = this.#body.length;
    for (let tag = wire.tag(end); tag !== 0; tag = wire.tag(end)) {
      if (tag === TAG.record) this.#record(end);
      else if (tag === TAG.partitionKey) this.#partitionKeys.push(this.#text(end));
      else if (tag === TAG.explicitHashKey) this.#explicitHashKeys.push(this.#text(end));
      else wire.skip(tag, end);
    }
    return wire.broken ? undefined : this.#users();
  }

  #text(end: number): string {
    const length = this.#wire.length(end);
    const from = this.#wire.at;
    this.#wire.at = from + length;
    return this.#body.toString('utf8', from, from + length);
  }

  #record(outerEnd: number): void {
    const wire = this.#wire;
    const length = wire.length(outerEnd);
    const end = wire.at + length;
    let partitionKey = ABSENT;
    let explicitHashKey = ABSENT;
    let dataAt = ABSENT;
    let dataLength = 0;
    for (let tag = wire.tag(end); tag !== 0; tag = wire.tag(end)) {
      if (tag === TAG.partitionKeyIndex) partitionKey = wire.varint(end);
      else if (tag === TAG.data) {
        dataLength = wire.length(end);
        dataAt = wire.at;
        wire.at += dataLength;
      } else if (tag === TAG.explicitHashKeyIndex) explicitHashKey = wire.varint(end);
      else if (tag === TAG.tags) this.#tag(end);
      else wire.skip(tag, end);
    }
    // proto2's required fields: a record without one is no record, and the message no message.
    if (partitionKey === ABSENT || dataAt === ABSENT) wire.broken = true;
    this.#note(partitionKey, explicitHashKey, dataAt, dataLength);
  }

  /** A tag's content is nobody's business, but its key is required. */
  #tag(outerEnd: number): void {
    const wire = this.#wire;
    const length = wire.length(outerEnd);
    const end = wire.at + length;
    let hasKey = false;
    for (let tag = wire.tag(end); tag !== 0; tag = wire.tag(end)) {
      if (tag === TAG.tagKey) hasKey = true;
      wire.skip(tag, end);
    }
    if (!hasKey) wire.broken = true;
  }

  #note(partitionKey: number, explicitHashKey: number, dataAt: number, dataLength: number): void {
    const at = this.#count * NUMBERS_A_RECORD;
    if (at === this.#records.length) {
      const wider = new Float64Array(at * 2);
      wider.set(this.#records);
      this.#records = wider;
    }
    const records = this.#records;
    records[at] = partitionKey;
    records[at + 1] = explicitHashKey;
    records[at + 2] = dataAt;
    records[at + 3] = dataLength;
    this.#count++;
  }

  #users(): Deaggregated {
    const { buffer, byteOffset } = this.#body;
    const partitionKeys = this.#partitionKeys;
    const explicitHashKeys = this.#explicitHashKeys;
    const records = this.#records;
    const users: UserRecord[] = [];
    for (let at = 0, end = this.#count * NUMBERS_A_RECORD; at < end; at += NUMBERS_A_RECORD) {
      const index = records[at];
      if (index >= partitionKeys.length) return corrupt('partitionKeyIndex');
      const data = new Uint8Array(buffer, byteOffset + records[at + 2], records[at + 3]);
      const hashIndex = records[at + 1];
      if (hashIndex === ABSENT) {
        users.push({ partitionKey: partitionKeys[index], explicitHashKey: undefined, data });
        continue;
      }
      if (hashIndex >= explicitHashKeys.length) return corrupt('explicitHashKeyIndex');
      const explicitHashKey = explicitHashKeys[hashIndex];
      if (!DECIMAL.test(explicitHashKey)) return corrupt('explicitHashKey');
      users.push({ partitionKey: partitionKeys[index], explicitHashKey, data });
    }
    return { kind: 'aggregated', users };
  }
}

function corrupt(reason: CorruptReason): Deaggregated {
  return { kind: 'corrupt', users: [], reason };
}

/**
 * How many user records of an aggregate hash outside the shard that it was read from: the shard was split between the
 * producer's look and its put. The KCL drops the whole aggregate then; here it is counted, and the caller decides.
 */
export function countOutOfRange(users: readonly UserRecord[], range: HashRange): number {
  const known = new Map<string, boolean>();
  let count = 0;
  for (const { partitionKey, explicitHashKey } of users) {
    const name = explicitHashKey === undefined ? `k${partitionKey}` : `h${explicitHashKey}`;
    let outside = known.get(name);
    if (outside === undefined) {
      const hashKey = explicitHashKey === undefined ? hashKeyOf(partitionKey) : parseHashKey(explicitHashKey);
      outside = hashKey === undefined || !contains(range, hashKey);
      known.set(name, outside);
    }
    if (outside) count++;
  }
  return count;
}
