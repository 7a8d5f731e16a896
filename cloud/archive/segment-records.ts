import type { StreamRecord } from '#cloud/streams/source.js';
import { PitwallError } from '#wire/errors.js';

/** A varint has at most this many bytes: below 2^53. */
const MAX_VARINT_BYTES = 8;

/** Records as the raw bytes of a block; `segment.ts` has the grammar at its head. */
export function encodeRecords(records: readonly StreamRecord[]): Buffer {
  const keys = new Map<string, number>();
  for (const { partitionKey } of records) if (!keys.has(partitionKey)) keys.set(partitionKey, keys.size);
  const out = new ByteWriter();
  out.varint(keys.size);
  for (const key of keys.keys()) out.text(key);
  let sequence = '';
  for (const { sequenceNumber } of records) {
    const common = commonDigits(sequence, sequenceNumber);
    out.varint(common);
    out.text(sequenceNumber.slice(common));
    sequence = sequenceNumber;
  }
  for (const { subSequenceNumber } of records) out.varint(subSequenceNumber === undefined ? 0 : subSequenceNumber + 1);
  for (const { partitionKey } of records) out.varint(keys.get(partitionKey) ?? 0);
  let arrivalMs = 0;
  for (const record of records) {
    const difference = record.arrivalMs - arrivalMs;
    if (!Number.isSafeInteger(record.arrivalMs)) {
      throw new PitwallError('PW-ARCHIVE-SEGMENT', {
        what: `An arrival at ${record.arrivalMs} ms; whole ones are taken.`,
      });
    }
    out.varint(difference < 0 ? -2 * difference - 1 : 2 * difference);
    arrivalMs = record.arrivalMs;
  }
  for (const { data } of records) out.varint(data.length);
  for (const { data } of records) out.bytes(data);
  return out.take();
}

/** The records of a block. Raises PW-ARCHIVE-DAMAGED when the bytes are not `count` records. Their data are views of `raw`. */
export function decodeRecords(raw: Buffer, count: number): StreamRecord[] {
  const read = new ByteReader(raw);
  // Every record takes five bytes at least, so a count that lies cannot make anybody allocate.
  if (count * 5 > raw.length) throw damaged(`${count} records in ${raw.length} bytes`);
  const keys = Array.from({ length: read.count(raw.length) }, () => read.text());
  const records: StreamRecord[] = [];
  let sequence = '';
  for (let i = 0; i < count; i++) {
    const common = read.count(sequence.length);
    sequence = sequence.slice(0, common) + read.text();
    records.push({ sequenceNumber: sequence, partitionKey: '', data: raw, arrivalMs: 0 });
  }
  for (const record of records) {
    const sub = read.varint();
    if (sub > 0) record.subSequenceNumber = sub - 1;
  }
  for (const record of records) record.partitionKey = keys[read.count(keys.length - 1)];
  let arrivalMs = 0;
  for (const record of records) {
    const coded = read.varint();
    arrivalMs += coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2;
    record.arrivalMs = arrivalMs;
  }
  const lengths = records.map(() => read.count(raw.length));
  for (let i = 0; i < count; i++) records[i].data = read.bytes(lengths[i]);
  if (read.at !== raw.length) throw damaged(`${raw.length - read.at} bytes after the last record`);
  return records;
}

function commonDigits(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let common = 0;
  while (common < most && a.charCodeAt(common) === b.charCodeAt(common)) common++;
  return common;
}

class ByteWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = 0;

  /** @param value a whole number, 0 ≤ value < 2^53 */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new PitwallError('PW-ARCHIVE-SEGMENT', { what: `A number of a record is ${value}; whole ones are taken.` });
    }
    this.#reserve(MAX_VARINT_BYTES);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  text(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.varint(bytes);
    this.#reserve(bytes);
    this.#at += this.#bytes.write(text, this.#at, 'utf8');
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at + more));
    this.#bytes.copy(bytes, 0, 0, this.#at);
    this.#bytes = bytes;
  }
}

class ByteReader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    let unit = 1;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      if (this.at >= this.#bytes.length) throw damaged('it ends in a number');
      const byte = this.#bytes[this.at++];
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    throw damaged('a number of more than 53 bits');
  }

  /** A varint that is no greater than `most`. */
  count(most: number): number {
    const value = this.varint();
    if (value > most) throw damaged(`${value} where ${most} is the most`);
    return value;
  }

  text(): string {
    return this.bytes(this.count(this.#bytes.length)).toString('utf8');
  }

  bytes(length: number): Buffer {
    if (this.at + length > this.#bytes.length) throw damaged('it ends in a record');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

function damaged(what: string): PitwallError {
  return new PitwallError('PW-ARCHIVE-DAMAGED', { what: `The records of a block cannot be read: ${what}.` });
}
