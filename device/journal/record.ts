/**
 * Bytes of a journal segment, version 1:
 *
 *     segment = header record*                              little-endian throughout
 *     header  = magic "PWJ1"  4 bytes
 *               boot          u32 counter, u64 random       a segment holds records of one boot
 *               crc32         u32 over the 16 bytes before
 *     record  = crc32         u32 over everything after it
 *               length        u32 bytes of payload
 *               seq           u32 low, u32 high
 *               time          f64 race-clock epoch ms of the append
 *               kind          u8  index into RECORD_KINDS
 *               reserved      3 bytes, 0
 *               payload       the message as it goes on the wire
 *
 * A record that is cut short or damaged ends the segment: what stands before it is good.
 */
import { crc32 } from 'node:zlib';
import type { Boot } from '../wire/identity.js';
import type { Family } from '../wire/messages.js';

/** Which topic a record goes to. The order is the number on disk: append only. */
const RECORD_KINDS = ['frame', 'schema', 'event', 'timing', 'callAck'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

const FAMILY: Record<RecordKind, Family> = {
  frame: 'frames',
  schema: 'frames',
  event: 'race',
  timing: 'race',
  callAck: 'race',
};

/** Whose acknowledgement frees a record of this kind. */
export function familyOfKind(kind: RecordKind): Family {
  return FAMILY[kind];
}

/** What goes first when the way out is narrow, and last when the disk is full. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Calls, laps, alarms, timing and the tables that frames are read by are small and go before frames. */
export function priorityOfKind(kind: RecordKind): Priority {
  return kind === 'frame' ? 'normal' : 'high';
}

export const SEGMENT_HEADER_BYTES = 20;
export const RECORD_HEADER_BYTES = 28;
const MAGIC = 0x314a5750;
/** AWS IoT takes no larger message; a greater length can only be damage. */
export const PAYLOAD_BYTES_MAX = 128 * 1024;

export interface StoredRecord {
  seq: number;
  timeMs: number;
  kind: RecordKind;
  /** Where the payload stands in the segment. */
  offset: number;
  length: number;
}

export function encodeSegmentHeader(boot: Boot): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, boot.counter, true);
  view.setBigUint64(8, boot.random, true);
  view.setUint32(16, crc32(bytes.subarray(0, 16)), true);
  return bytes;
}

/** The boot of a segment, or undefined when the header is cut short or damaged. */
export function decodeSegmentHeader(bytes: Uint8Array): Boot | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(16, true) !== crc32(bytes.subarray(0, 16))) return undefined;
  return { counter: view.getUint32(4, true), random: view.getBigUint64(8, true) };
}

/** Writes a record at `at`; the caller has made room for its header and payload. Returns the offset after it. */
export function encodeRecord(
  bytes: Uint8Array,
  at: number,
  record: { seq: number; timeMs: number; kind: RecordKind; payload: Uint8Array },
): number {
  const view = viewOf(bytes);
  const end = at + RECORD_HEADER_BYTES + record.payload.length;
  view.setUint32(at + 4, record.payload.length, true);
  view.setUint32(at + 8, record.seq >>> 0, true);
  view.setUint32(at + 12, Math.floor(record.seq / 2 ** 32), true);
  view.setFloat64(at + 16, record.timeMs, true);
  view.setUint32(at + 24, RECORD_KINDS.indexOf(record.kind), true);
  bytes.set(record.payload, at + RECORD_HEADER_BYTES);
  view.setUint32(at, crc32(bytes.subarray(at + 4, end)), true);
  return end;
}

/** The records of a segment in order, up to the first that is cut short or damaged; `goodBytes` is where that is. */
export function decodeRecords(bytes: Uint8Array): { records: StoredRecord[]; goodBytes: number } {
  const records: StoredRecord[] = [];
  let at = SEGMENT_HEADER_BYTES;
  for (;;) {
    const record = decodeRecord(bytes, at);
    if (!record) return { records, goodBytes: Math.min(at, bytes.length) };
    records.push(record);
    at = record.offset + record.length;
  }
}

/** The record whose header starts at `at`, or undefined when it is not whole. */
export function decodeRecord(bytes: Uint8Array, at: number): StoredRecord | undefined {
  if (at + RECORD_HEADER_BYTES > bytes.length) return undefined;
  const view = viewOf(bytes);
  const length = view.getUint32(at + 4, true);
  const end = at + RECORD_HEADER_BYTES + length;
  if (length > PAYLOAD_BYTES_MAX || end > bytes.length) return undefined;
  if (view.getUint32(at, true) !== crc32(bytes.subarray(at + 4, end))) return undefined;
  const kind = RECORD_KINDS[view.getUint8(at + 24)];
  // Written by a later version that knows more kinds: this one cannot send it.
  if (kind === undefined) return undefined;
  return {
    seq: view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32,
    timeMs: view.getFloat64(at + 16, true),
    kind,
    offset: at + RECORD_HEADER_BYTES,
    length,
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
