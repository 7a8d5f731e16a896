/**
 * Bytes a sample of real samples, header and times included: our frames, JSON columns with gzip, and packed deltas in
 * protobuf, of the same blocks in the same run. Blocks of 100 ms as they go out live, and of a thousand samples and more.
 */
import { FrameEncoder } from '#wire/frame.js';
import { jsonGzip, protobufDelta } from './encodings.js';
import { type Figure, round } from './figure.js';
import { busBlocks, type RealBlocks, type Size, telemetryBlocks } from './real-blocks.js';

const SIZES: [string, Size][] = [
  ['100 ms', { ms: 100 }],
  ['1,000 samples', { samples: 1000 }],
  ['5,000 samples', { samples: 5000 }],
];

export async function frameSizeFigures(): Promise<Figure[]> {
  const materials = [telemetryBlocks(), busBlocks()].filter((each) => each !== undefined);
  return materials.flatMap((material) => SIZES.flatMap(([name, size]) => sizesOf(material, name, size)));
}

function sizesOf({ name, table, blocks }: RealBlocks, sizeName: string, size: Size): Figure[] {
  const encoder = new FrameEncoder(table, 'car-24', { counter: 1, random: 1n });
  const header = { lane: 'live', monotonicMs: 0, clockQuality: 1, clockErrorMs: 5 } as const;
  const sum = { samples: 0, frames: 0, ours: 0, json: 0, protobuf: 0 };
  for (const { block, samples } of blocks(size)) {
    const { eventTimeMs, groups } = block;
    sum.samples += samples;
    sum.frames++;
    sum.ours += encoder.encode({ ...header, seq: sum.frames, prev: sum.frames - 1, eventTimeMs }, groups).length;
    sum.json += jsonGzip(block, table).length;
    sum.protobuf += protobufDelta(block, table).length;
  }
  const figure = (peer: string, bytes: number): Figure => ({
    name: `${name}, blocks of ${sizeName} (${round(sum.samples / sum.frames, 0)})`,
    unit: 'B/sample',
    value: round(sum.ours / sum.samples, 3),
    spread: 0,
    peer: { name: peer, value: round(bytes / sum.samples, 3) },
    ratio: round(sum.ours / bytes, 3),
  });
  return [figure('JSON columns, gzip', sum.json), figure('protobuf deltas', sum.protobuf)];
}
