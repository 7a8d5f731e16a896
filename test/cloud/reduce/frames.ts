import { ChannelTable } from '#wire/channels.js';
import { FrameEncoder } from '#wire/frame.js';
import { type Boot, formatBoot } from '#wire/identity.js';
import type { SchemaMessage } from '#wire/messages.js';

export const BOOT: Boot = { counter: 3, random: 0xfeedn };
export const BOOT_TEXT = formatBoot(BOOT);

export const TABLE = new ChannelTable([
  { name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 },
  { name: 'lapCount', unit: '1', scale: 1, offset: 0, rateHz: 10 },
]);

export interface FrameSpec {
  thing?: string;
  seq: number;
  prev?: number;
  /** Default: seq × 100 ms. */
  atMs?: number;
  /** Ten samples of speed, 10 ms apart. Default: all = seq. */
  speed?: number[];
  /** One sample per 10 ms as well, so that a lap can end inside a frame. Default: all 1. */
  lap?: number[];
  table?: ChannelTable;
}

export const FRAME_SAMPLES = 10;

/** One frame from one line. */
export function frame(spec: FrameSpec): Uint8Array {
  const { thing = 'car-1', seq, prev = seq - 1, table = TABLE } = spec;
  const { atMs = seq * 100, speed = Array(FRAME_SAMPLES).fill(seq), lap = Array(FRAME_SAMPLES).fill(1) } = spec;
  const values = Float64Array.from([...speed, ...lap]);
  return new FrameEncoder(table, thing, BOOT).encode(
    { seq, prev, lane: 'live', eventTimeMs: atMs, monotonicMs: atMs, clockQuality: 1, clockErrorMs: 20 },
    [{ channels: Uint16Array.from([0, 1]), count: FRAME_SAMPLES, startUs: 0, periodUs: 10_000, values }],
  );
}

export function schema(seq = 1, table = TABLE, thing = 'car-1'): SchemaMessage {
  const { hash, channels } = table;
  return {
    v: 1,
    kind: 'schema',
    thing,
    boot: BOOT_TEXT,
    seq,
    prev: seq - 1,
    eventTimeMs: seq * 100,
    hash,
    table: { channels: [...channels] },
  };
}
