/**
 * A batch: the records that one call put into one shard, one value in the store. Records are kept as the JSON that
 * GetRecords answers with, joined by commas, so that reading whole batches copies bytes and does nothing per record.
 *
 *     u8 version | f64 arrival, epoch ms | u32 count | u32 payload bytes of all records
 *     count × ( u32 end of the record in the body | u32 its payload bytes )
 *     body: {"SequenceNumber":…},{"SequenceNumber":…},…
 *
 * Big-endian. Payload = data before base64 + partition key: what limits count.
 */
const VERSION = 1;
const HEADER_BYTES = 1 + 8 + 4 + 4;
const ENTRY_BYTES = 8;

export interface BatchRecord {
  sequenceNumber: string;
  /** Base64, as it came. */
  data: string;
  partitionKey: string;
  payloadBytes: number;
}

export function encodeBatch(records: readonly BatchRecord[], arrivedAtMs: number): Buffer {
  const arrival = `,"ApproximateArrivalTimestamp":${(arrivedAtMs / 1000).toFixed(3)},"Data":"`;
  const texts = records.map(
    (record) =>
      `{"SequenceNumber":"${record.sequenceNumber}"${arrival}${record.data}","PartitionKey":${JSON.stringify(record.partitionKey)}}`,
  );
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bodyAt = HEADER_BYTES + records.length * ENTRY_BYTES;
  const bodyBytes = lengths.reduce((sum, length) => sum + length + 1, -1);
  const batch = Buffer.allocUnsafe(bodyAt + bodyBytes);
  let payloadBytes = 0;
  let end = 0;
  for (let i = 0; i < records.length; i++) {
    if (i > 0) batch[bodyAt + end++] = COMMA;
    batch.write(texts[i], bodyAt + end);
    end += lengths[i];
    payloadBytes += records[i].payloadBytes;
    batch.writeUInt32BE(end, HEADER_BYTES + i * ENTRY_BYTES);
    batch.writeUInt32BE(records[i].payloadBytes, HEADER_BYTES + i * ENTRY_BYTES + 4);
  }
  batch.writeUInt8(VERSION, 0);
  batch.writeDoubleBE(arrivedAtMs, 1);
  batch.writeUInt32BE(records.length, 9);
  batch.writeUInt32BE(payloadBytes, 13);
  return batch;
}

const COMMA = 0x2c;

/** What a reader took out of a batch. */
export interface BatchPart {
  /** Records as JSON, joined by commas. */
  json: Buffer;
  count: number;
  payloadBytes: number;
}

/** A stored batch, read in place. */
export class Batch {
  readonly #bytes: Buffer;
  readonly count: number;
  readonly arrivedAtMs: number;
  readonly payloadBytes: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.arrivedAtMs = bytes.readDoubleBE(1);
    this.count = bytes.readUInt32BE(9);
    this.payloadBytes = bytes.readUInt32BE(13);
  }

  /** Records from `index` on: at most `countMax`, and while their payload fits into `bytesMax`. */
  take(index: number, countMax: number, bytesMax: number): BatchPart {
    const last = Math.min(this.count, index + countMax);
    let payloadBytes = index === 0 && last === this.count ? this.payloadBytes : this.#sumPayload(index, last);
    let end = last;
    while (payloadBytes > bytesMax && end > index) payloadBytes -= this.#payloadOf(--end);
    if (end === index) return { json: Buffer.alloc(0), count: 0, payloadBytes: 0 };
    const bodyAt = HEADER_BYTES + this.count * ENTRY_BYTES;
    const from = index === 0 ? 0 : this.#endOf(index - 1) + 1;
    return {
      json: this.#bytes.subarray(bodyAt + from, bodyAt + this.#endOf(end - 1)),
      count: end - index,
      payloadBytes,
    };
  }

  #sumPayload(from: number, to: number): number {
    let sum = 0;
    for (let i = from; i < to; i++) sum += this.#payloadOf(i);
    return sum;
  }

  #endOf(index: number): number {
    return this.#bytes.readUInt32BE(HEADER_BYTES + index * ENTRY_BYTES);
  }

  #payloadOf(index: number): number {
    return this.#bytes.readUInt32BE(HEADER_BYTES + index * ENTRY_BYTES + 4);
  }
}
