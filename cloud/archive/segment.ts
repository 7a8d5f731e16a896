/**
 * Segment, version 1: consecutive records of one shard, as one object in the bucket.
 *
 *     segment = head block* foot                                   little-endian throughout
 *     head    = magic    4 bytes  "PWSG"
 *               crc32    u32      IEEE, over every byte of the head after this field
 *               version  u8       1; then 3 bytes 0
 *               length   u32      of what follows
 *               header   gzip     JSON, `SegmentHeader`
 *     block   = magic    4 bytes  "PWSB"
 *               crc32    u32      over every byte of the block after this field
 *               length   u32      of the gzip member
 *               raw      u32      bytes inside it
 *               records  u32
 *               running  u64      running number of the first record; every shard counts from 1
 *               body     gzip     `raw` bytes
 *     foot    = magic    4 bytes  "PWSF"
 *               crc32    u32      over the rest of the foot
 *               blocks   u32
 *               records  u64
 *     raw     = keys     varint   partition keys; each varint bytes, UTF-8
 *               column   sequence numbers, per record: varint digits in common with the record before, varint further digits,
 *                                 these in ASCII
 *               column   varint   0 = a record of its own; n + 1 = user record n of an aggregate
 *               column   varint   index of the partition key
 *               column   varint   zigzag difference of the arrival, ms, to the record before; the first to 0
 *               column   varint   bytes of data
 *               data     of all records, one after the other
 *     varint  = LEB128, at most 8 bytes, below 2^53; zigzag(n) = n ≥ 0 ? 2n : −2n − 1
 *
 * A block is readable alone: the record before its first is the empty one. So whatever is damaged, head, foot or a block,
 * the other blocks still give their records; a reader that lost its place goes on at the next "PWSB" whose CRC is right.
 */
import { promisify } from 'node:util';
import { crc32, gzip } from 'node:zlib';
import type { ShardPosition } from '#cloud/streams/shard-graph.js';
import { positionBehind } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { PitwallError } from '#wire/errors.js';
import type { ChannelSpec } from '#wire/messages.js';
import { encodeRecords } from './segment-records.js';

export const SEGMENT_VERSION = 1;
/** Raw bytes after which a block is closed: what one damaged byte can cost, and what a reader holds at a time. */
export const BLOCK_RAW_BYTES = 256 * 1024;
/** Bound on what a damaged or hostile block can make a reader allocate: one record of Kinesis may have 10 MiB. */
export const MAX_RAW_BYTES = 16 * 1_048_576;

export const HEAD_BYTES = 16;
export const BLOCK_HEAD_BYTES = 28;
export const FOOT_BYTES = 20;
export const CRC_FROM = 8;

export const MAGIC = { head: Buffer.from('PWSG'), block: Buffer.from('PWSB'), foot: Buffer.from('PWSF') };

/** What a segment says of itself. */
export interface SegmentHeader {
  v: typeof SEGMENT_VERSION;
  stream: string;
  shardId: string;
  /** Of the shard. */
  parents: string[];
  /** Of the archiver that wrote it. */
  fence: number;
  records: number;
  runningFrom: number;
  firstSequence: ShardPosition;
  lastSequence: ShardPosition;
  /** Event times, race-clock epoch ms; arrival where a record has none. */
  fromMs: number;
  toMs: number;
  /** Channel tables that frames in it name, by hash, as far as they were known. */
  tables: Record<string, readonly ChannelSpec[]>;
}

const gzipBytes = promisify<Uint8Array, { level: number }, Buffer>(gzip);
/** Frames are packed to the bit already: higher levels cost time and give a percent. */
const GZIP_LEVEL = 6;

/**
 * Writes records, in the shard's order, as one segment. Raises PW-ARCHIVE-SEGMENT for none, or for one that is too large.
 *
 * @example
 * const bytes = await encodeSegment({ stream, shardId, parents: [], fence: 3, runningFrom: 1, fromMs, toMs, tables: {} }, records);
 */
export async function encodeSegment(
  about: Omit<SegmentHeader, 'v' | 'records' | 'firstSequence' | 'lastSequence'>,
  records: readonly StreamRecord[],
): Promise<Buffer> {
  const last = records.at(-1);
  if (!last) throw new PitwallError('PW-ARCHIVE-SEGMENT', { what: 'A segment of no records.' });
  const header: SegmentHeader = {
    v: SEGMENT_VERSION,
    ...about,
    records: records.length,
    firstSequence: positionBehind(records[0]),
    lastSequence: positionBehind(last),
  };
  const head = headOf(await gzipBytes(Buffer.from(JSON.stringify(header)), { level: GZIP_LEVEL }));
  const parts: Buffer[] = [head];
  let running = about.runningFrom;
  for (const block of blocksOf(records)) {
    parts.push(await blockOf(block, running));
    running += block.length;
  }
  parts.push(footOf(parts.length - 1, records.length));
  return Buffer.concat(parts);
}

function* blocksOf(records: readonly StreamRecord[]): Generator<readonly StreamRecord[]> {
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < records.length; i++) {
    if (i > from && bytes + records[i].data.length > BLOCK_RAW_BYTES) {
      yield records.slice(from, i);
      from = i;
      bytes = 0;
    }
    bytes += records[i].data.length;
  }
  yield records.slice(from);
}

function headOf(header: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES + header.length);
  MAGIC.head.copy(head);
  head.writeUInt8(SEGMENT_VERSION, 8);
  head.writeUInt32LE(header.length, 12);
  header.copy(head, HEAD_BYTES);
  return sealed(head);
}

async function blockOf(records: readonly StreamRecord[], running: number): Promise<Buffer> {
  const raw = encodeRecords(records);
  if (raw.length > MAX_RAW_BYTES) {
    throw new PitwallError('PW-ARCHIVE-SEGMENT', { what: `A record of ${raw.length} bytes; ${MAX_RAW_BYTES} fit.` });
  }
  const body = await gzipBytes(raw, { level: GZIP_LEVEL });
  const block = Buffer.alloc(BLOCK_HEAD_BYTES + body.length);
  MAGIC.block.copy(block);
  block.writeUInt32LE(body.length, 8);
  block.writeUInt32LE(raw.length, 12);
  block.writeUInt32LE(records.length, 16);
  block.writeBigUInt64LE(BigInt(running), 20);
  body.copy(block, BLOCK_HEAD_BYTES);
  return sealed(block);
}

function footOf(blocks: number, records: number): Buffer {
  const foot = Buffer.alloc(FOOT_BYTES);
  MAGIC.foot.copy(foot);
  foot.writeUInt32LE(blocks, 8);
  foot.writeBigUInt64LE(BigInt(records), 12);
  return sealed(foot);
}

/** With its CRC, which stands behind the magic in every part. */
function sealed(part: Buffer): Buffer {
  part.writeUInt32LE(crc32(part.subarray(CRC_FROM)), 4);
  return part;
}
