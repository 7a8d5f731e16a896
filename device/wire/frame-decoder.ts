import { crc32 } from 'node:zlib';
import { ColumnReader, damaged } from './column-reader.js';
import {
  CRC_FROM,
  FRAME_VERSION,
  type Frame,
  type FrameHeader,
  type FrameTable,
  HEADER_BYTES,
  LANE_OFFSET,
  MAGIC,
  MAX_SAMPLES_PER_CHANNEL,
  type SampleGroup,
} from './frame-format.js';

/** Reads and checks the header (magic, version, CRC of the whole frame). Raises PW-WIRE-FRAME. */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader {
  if (bytes.length <= HEADER_BYTES) throw damaged(`${bytes.length} bytes, a header has ${HEADER_BYTES} and a name`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0, true) !== MAGIC) throw damaged('the first two bytes are not "PW"');
  const version = view.getUint8(2);
  if (version !== FRAME_VERSION) throw damaged(`version ${version}; this reader knows ${FRAME_VERSION}`);
  if (crc32(bytes.subarray(CRC_FROM)) !== view.getUint32(4, true)) throw damaged('the CRC does not match');
  const thingBytes = view.getUint8(60);
  if (bytes.length < HEADER_BYTES + thingBytes) throw damaged('the thing name ends early');
  const seq = view.getUint32(20, true) + view.getUint32(24, true) * 2 ** 32;
  let tableHash = '';
  for (let i = 52; i < 60; i++) tableHash += bytes[i].toString(16).padStart(2, '0');
  return {
    thing: Buffer.from(bytes.buffer, bytes.byteOffset + HEADER_BYTES, thingBytes).toString('utf8'),
    boot: { counter: view.getUint32(8, true), random: view.getBigUint64(12, true) },
    seq,
    prev: seq - view.getUint32(28, true),
    lane: view.getUint8(LANE_OFFSET) === 1 ? 'backfill' : 'live',
    eventTimeMs: view.getFloat64(32, true),
    monotonicMs: view.getFloat64(40, true),
    clockQuality: view.getUint8(48) as FrameHeader['clockQuality'],
    clockErrorMs: view.getUint16(50, true),
    tableHash,
  };
}

/**
 * Decodes a frame against its channel table. Raises PW-WIRE-FRAME when the bytes are damaged or name channels that the
 * table does not have.
 */
export function decodeFrame(bytes: Uint8Array, table: FrameTable, header = decodeFrameHeader(bytes)): Frame {
  const reader = new ColumnReader(bytes, HEADER_BYTES + bytes[60]);
  const groups: SampleGroup[] = [];
  let samples = 0;
  const groupCount = reader.varint();
  for (let g = 0; g < groupCount; g++) {
    const group = readGroup(reader, table);
    samples += group.count * group.channels.length;
    groups.push(group);
  }
  if (reader.at !== bytes.length) throw damaged(`${bytes.length - reader.at} bytes after the last group`);
  return { header, groups, samples };
}

function readGroup(reader: ColumnReader, table: FrameTable): SampleGroup {
  const irregular = reader.byte() === 1;
  const count = reader.varint();
  if (count < 1 || count > MAX_SAMPLES_PER_CHANNEL) throw damaged(`${count} samples per channel`);
  let startUs = 0;
  let periodUs = 0;
  let timesUs: Int32Array | undefined;
  if (irregular) {
    timesUs = new Int32Array(count);
    reader.column(timesUs, count);
  } else {
    startUs = reader.zigzag();
    periodUs = reader.varint();
  }
  const channelCount = reader.varint();
  if (channelCount > table.channels.length)
    throw damaged(`${channelCount} channels, the table has ${table.channels.length}`);
  const channels = new Uint16Array(channelCount);
  let index = -1;
  for (let c = 0; c < channelCount; c++) {
    index += reader.varint() + 1;
    if (index >= table.channels.length) throw damaged(`channel ${index}, the table has ${table.channels.length}`);
    channels[c] = index;
  }
  const values = new Float64Array(channelCount * count);
  const ints = new Int32Array(count);
  for (let c = 0; c < channelCount; c++) readPhysical(reader, table, channels[c], ints, values, c * count, count);
  return { channels, count, startUs, periodUs, timesUs, values };
}

function readPhysical(
  reader: ColumnReader,
  table: FrameTable,
  channel: number,
  ints: Int32Array,
  values: Float64Array,
  from: number,
  count: number,
): void {
  const { scale, offset } = table.channels[channel];
  const inverse = table.inverseScale[channel];
  if ((reader.bytes[reader.at] & 3) !== 3) {
    reader.column(ints, count);
    if (inverse > 0) for (let i = 0; i < count; i++) values[from + i] = ints[i] / inverse + offset;
    else for (let i = 0; i < count; i++) values[from + i] = ints[i] * scale + offset;
    return;
  }
  reader.at++;
  const mask = reader.at;
  reader.at += Math.ceil(count / 8);
  let present = 0;
  for (let i = 0; i < count; i++) present += (reader.bytes[mask + (i >> 3)] >> (i & 7)) & 1;
  if (Number.isNaN(present)) throw damaged('a bitmap ends early');
  reader.column(ints, present);
  let next = 0;
  for (let i = 0; i < count; i++) {
    const there = (reader.bytes[mask + (i >> 3)] >> (i & 7)) & 1;
    if (!there) values[from + i] = Number.NaN;
    else values[from + i] = inverse > 0 ? ints[next++] / inverse + offset : ints[next++] * scale + offset;
  }
}
