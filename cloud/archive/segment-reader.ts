import { promisify } from 'node:util';
import { crc32, gunzip } from 'node:zlib';
import type { StreamRecord } from '#cloud/streams/source.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import {
  BLOCK_HEAD_BYTES,
  CRC_FROM,
  FOOT_BYTES,
  HEAD_BYTES,
  MAGIC,
  MAX_RAW_BYTES,
  SEGMENT_VERSION,
  type SegmentHeader,
} from './segment.js';
import { decodeRecords } from './segment-records.js';

/** One thing that is wrong with a segment, and where. */
export interface SegmentDamage {
  part: 'head' | 'block' | 'foot';
  /** Byte from which it cannot be read, and the one from which it can again. */
  from: number;
  to: number;
  why: 'truncated' | 'checksum' | 'form';
  /** In words, for people. */
  what: string;
}

/** Consecutive records out of one block. */
export interface SegmentBlock {
  runningFrom: number;
  records: StreamRecord[];
}

const gunzipBytes = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip);
/** Bound on what a damaged or hostile head can make a reader allocate: a hundred tables of a thousand channels. */
const MAX_HEADER_BYTES = 16 * 1_048_576;

/** The header alone. Raises PW-ARCHIVE-DAMAGED. */
export async function decodeSegmentHeader(bytes: Uint8Array): Promise<SegmentHeader> {
  return (await readHead(bufferOf(bytes))).header;
}

/**
 * The blocks of a segment, in order. What cannot be read is told and passed over; without anybody to tell it to, it is
 * raised as PW-ARCHIVE-DAMAGED.
 */
export async function* decodeSegment(
  segment: Uint8Array,
  onDamage: (damage: SegmentDamage) => void = raise,
): AsyncGenerator<SegmentBlock> {
  const bytes = bufferOf(segment);
  let at = await headEnd(bytes, onDamage);
  let blocks = 0;
  let records = 0;
  while (at < bytes.length && !bytes.subarray(at, at + 4).equals(MAGIC.foot)) {
    const wrong = wrongWithBlock(bytes, at);
    const block = wrong ?? (await readBlock(bytes, at));
    if ('why' in block) {
      const to = nextPart(bytes, at + 1);
      onDamage({ part: 'block', from: at, to, ...block });
      at = to;
      continue;
    }
    blocks++;
    records += block.records.length;
    yield block;
    at += BLOCK_HEAD_BYTES + bytes.readUInt32LE(at + 8);
  }
  checkFoot(bytes, at, { blocks, records }, onDamage);
}

type Wrong = Pick<SegmentDamage, 'why' | 'what'>;

function isSealed(part: Buffer): boolean {
  return part.length >= CRC_FROM && crc32(part.subarray(CRC_FROM)) === part.readUInt32LE(4);
}

async function readHead(bytes: Buffer): Promise<{ header: SegmentHeader; end: number }> {
  if (bytes.length < HEAD_BYTES) throw damaged(`A segment of ${bytes.length} bytes.`);
  if (!bytes.subarray(0, 4).equals(MAGIC.head)) throw damaged('The first four bytes are not "PWSG".');
  const end = HEAD_BYTES + bytes.readUInt32LE(12);
  if (end > bytes.length) throw damaged('The head is longer than the object.');
  if (!isSealed(bytes.subarray(0, end))) throw damaged('The CRC of the head does not match.');
  const version = bytes.readUInt8(8);
  if (version !== SEGMENT_VERSION) {
    throw new PitwallError('PW-ARCHIVE-DAMAGED', {
      what: `A segment of version ${version}; this reader knows ${SEGMENT_VERSION}.`,
      fix: 'Use the version of pitwall that wrote it, or a later one.',
    });
  }
  try {
    const json = await gunzipBytes(bytes.subarray(HEAD_BYTES, end), { maxOutputLength: MAX_HEADER_BYTES });
    return { header: JSON.parse(json.toString('utf8')) as SegmentHeader, end };
  } catch (cause) {
    throw new PitwallError('PW-ARCHIVE-DAMAGED', { what: 'The header of a segment cannot be read.', cause });
  }
}

/** Where the first block begins, also behind a head that cannot be read. */
async function headEnd(bytes: Buffer, onDamage: (damage: SegmentDamage) => void): Promise<number> {
  try {
    return (await readHead(bytes)).end;
  } catch (error) {
    const to = nextPart(bytes, 1);
    const what = error instanceof Error ? error.message : errorCode(error);
    onDamage({ part: 'head', from: 0, to, why: to === bytes.length ? 'truncated' : 'checksum', what });
    return to;
  }
}

/** What is wrong with the frame of the block at `at`; undefined = nothing. */
function wrongWithBlock(bytes: Buffer, at: number): Wrong | undefined {
  if (!bytes.subarray(at, at + 4).equals(MAGIC.block)) return { why: 'form', what: 'No block begins here.' };
  if (at + BLOCK_HEAD_BYTES > bytes.length)
    return { why: 'truncated', what: 'The object ends in the head of a block.' };
  const end = at + BLOCK_HEAD_BYTES + bytes.readUInt32LE(at + 8);
  if (end > bytes.length) return { why: 'truncated', what: 'The object ends before the block does.' };
  if (!isSealed(bytes.subarray(at, end))) return { why: 'checksum', what: 'The CRC of the block does not match.' };
  return undefined;
}

async function readBlock(bytes: Buffer, at: number): Promise<SegmentBlock | Wrong> {
  const length = bytes.readUInt32LE(at + 8);
  const raw = bytes.readUInt32LE(at + 12);
  const count = bytes.readUInt32LE(at + 16);
  const runningFrom = Number(bytes.readBigUInt64LE(at + 20));
  if (raw > MAX_RAW_BYTES) return { why: 'form', what: `A block of ${raw} bytes; ${MAX_RAW_BYTES} are taken.` };
  const body = bytes.subarray(at + BLOCK_HEAD_BYTES, at + BLOCK_HEAD_BYTES + length);
  try {
    const unpacked = await gunzipBytes(body, { maxOutputLength: Math.max(1, raw) });
    if (unpacked.length !== raw) return { why: 'form', what: `A block of ${unpacked.length} bytes says ${raw}.` };
    return { runningFrom, records: decodeRecords(unpacked, count) };
  } catch (error) {
    return { why: 'form', what: error instanceof Error ? error.message : errorCode(error) };
  }
}

/** The next block whose CRC is right, or the foot; the object's end when there is neither. */
function nextPart(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf('PWS', from); at >= 0; at = bytes.indexOf('PWS', at + 1)) {
    if (bytes[at + 3] === MAGIC.block[3] && wrongWithBlock(bytes, at) === undefined) return at;
    if (bytes[at + 3] === MAGIC.foot[3] && isSealed(bytes.subarray(at, at + FOOT_BYTES))) return at;
  }
  return bytes.length;
}

function checkFoot(
  bytes: Buffer,
  at: number,
  found: { blocks: number; records: number },
  onDamage: (damage: SegmentDamage) => void,
): void {
  const foot = bytes.subarray(at, at + FOOT_BYTES);
  const tell = (why: SegmentDamage['why'], what: string) =>
    onDamage({ part: 'foot', from: at, to: bytes.length, why, what });
  if (foot.length < FOOT_BYTES || !isSealed(foot)) {
    if (foot.length < FOOT_BYTES) tell('truncated', 'The object ends before its foot does.');
    else tell('checksum', 'The CRC of the foot does not match.');
    return;
  }
  const blocks = foot.readUInt32LE(8);
  const records = Number(foot.readBigUInt64LE(12));
  if (blocks !== found.blocks || records !== found.records) {
    tell('form', `${found.records} records in ${found.blocks} blocks; ${records} in ${blocks} were written.`);
  }
  if (bytes.length > at + FOOT_BYTES) tell('form', `${bytes.length - at - FOOT_BYTES} bytes behind the foot.`);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function raise({ part, from, what }: SegmentDamage): never {
  throw damaged(`The ${part} of a segment, at byte ${from}: ${what}`);
}

function damaged(what: string): PitwallError {
  return new PitwallError('PW-ARCHIVE-DAMAGED', { what });
}
