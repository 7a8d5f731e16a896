/** What encoder and decoder of frames share; `frame.ts` has the bytes. */
import type { ChannelTable } from './channels.js';
import type { Boot } from './identity.js';
import type { Lane } from './messages.js';

export const FRAME_VERSION = 1;
/** "PW", little-endian. */
export const MAGIC = 0x5750;
/** Bytes before the thing's name. */
export const HEADER_BYTES = 61;
export const CRC_FROM = 8;
export const LANE_OFFSET = 3;
/** Bound on a frame: AWS IoT takes 128 KB a publish. */
export const MAX_FRAME_BYTES = 128 * 1024;
/** Bound on what a damaged or hostile frame can make a decoder allocate. */
export const MAX_SAMPLES_PER_CHANNEL = 65_536;

export interface FrameHeader {
  thing: string;
  boot: Boot;
  seq: number;
  /** seq of the previous frames-family record of this boot, 0 for the first (see `Envelope.prev`). */
  prev: number;
  lane: Lane;
  eventTimeMs: number;
  monotonicMs: number;
  clockQuality: 0 | 1 | 2 | 3;
  /** 65535 = unknown. */
  clockErrorMs: number;
  tableHash: string;
}

/** Channels sampled at the same times. `values` is channel-major: channel c's sample i at `c × count + i`; NaN = missing. */
export interface SampleGroup {
  /** Indices into the channel table, ascending. */
  channels: Uint16Array;
  count: number;
  /** Regular groups: µs after the frame's eventTimeMs, and µs between samples. */
  startUs: number;
  periodUs: number;
  /** Irregular groups: µs after eventTimeMs of each sample, ascending. Absent for regular ones. */
  timesUs?: Int32Array;
  values: Float64Array;
}

/** What of a channel table the bytes of a frame depend on. */
export type FrameTable = Pick<ChannelTable, 'hash' | 'channels' | 'inverseScale'>;

export interface Frame {
  header: FrameHeader;
  groups: SampleGroup[];
  /** Samples in all groups, missing ones included. */
  samples: number;
}

/** Marks an encoded frame as sent on a lane, in place; the CRC does not cover the byte. */
export function setFrameLane(bytes: Uint8Array, lane: Lane): void {
  bytes[LANE_OFFSET] = lane === 'backfill' ? 1 : 0;
}
