/**
 * Identity for user records that carry none in their payload. What agents and people put is told apart by (thing, boot, seq)
 * or `inputId` inside the record; a producer that is given a boot writes the same three in front of each record.
 *
 * ```text
 * C1 70  version 01  u8 length, thing  u8 length, boot  u48 seq  data
 * ```
 *
 * C1 begins neither UTF-8 nor MessagePack, and none of our own formats.
 */
export interface RecordIdentity {
  /** The record's partition key: numbers are per key, because that is what keeps an order. */
  thing: string;
  /** One life of one producer, unique. */
  boot: string;
  /** From 1. */
  seq: number;
}

const MAGIC = 0xc170;
const VERSION = 1;
const FIXED_BYTES = 2 + 1 + 1 + 1 + 6;
/** Of a name in UTF-8. A partition key is at most 256 characters, those of a producer with a boot at most so many bytes. */
export const NAME_BYTES_MAX = 255;

/** What the header adds to a record. */
export function identityBytes(thing: string, boot: string): number {
  return FIXED_BYTES + Buffer.byteLength(thing) + Buffer.byteLength(boot);
}

export function withIdentity({ thing, boot, seq }: RecordIdentity, data: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(identityBytes(thing, boot) + data.length);
  let at = whole.writeUInt16BE(MAGIC, 0);
  at = whole.writeUInt8(VERSION, at);
  at = whole.writeUInt8(Buffer.byteLength(thing), at);
  at += whole.write(thing, at);
  at = whole.writeUInt8(Buffer.byteLength(boot), at);
  at += whole.write(boot, at);
  at = whole.writeUIntBE(seq, at, 6);
  whole.set(data, at);
  return whole;
}

/**
 * The identity in front of a record, and the record behind it as a view; undefined when there is none. Never throws.
 *
 * @example
 * const opened = readIdentity(record.data);
 * if (opened && !seen.mark(opened.thing, opened.boot, opened.seq - 1, opened.seq)) duplicates++;
 */
export function readIdentity(data: Uint8Array): (RecordIdentity & { data: Uint8Array }) | undefined {
  const whole = Buffer.from(data.buffer, data.byteOffset, data.length);
  if (whole.length < FIXED_BYTES || whole.readUInt16BE(0) !== MAGIC || whole[2] !== VERSION) return undefined;
  const thingEnd = 4 + whole[3];
  const bootEnd = thingEnd + 1 + whole[thingEnd];
  // NaN when the first name already goes beyond the end.
  if (!(bootEnd + 6 <= whole.length)) return undefined;
  return {
    thing: whole.toString('utf8', 4, thingEnd),
    boot: whole.toString('utf8', thingEnd + 1, bootEnd),
    seq: whole.readUIntBE(bootEnd, 6),
    data: data.subarray(bootEnd + 6),
  };
}
