import { decodeSegment, type SegmentDamage } from '#cloud/archive/segment-reader.js';
import { positionBehind } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { seededRandom } from '#wire/random.js';

export const STREAM = 'pitwall-frames-live';
export const SHARD = 'shardId-000000000001';

/** Records as Kinesis numbers them: 56 digits, growing; some out of aggregates. */
export function streamRecords(count: number, seed: number, dataBytes = 900): StreamRecord[] {
  const random = seededRandom(seed);
  let sequence = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;
  let sub = -1;
  return Array.from({ length: count }, (_, i) => {
    const isInside = sub >= 0 && random() < 0.5;
    if (!isInside) sequence += BigInt(1 + Math.floor(random() * 1e9));
    sub = isInside ? sub + 1 : random() < 0.3 ? 0 : -1;
    return {
      sequenceNumber: String(sequence),
      ...(sub >= 0 && { subSequenceNumber: sub }),
      partitionKey: `car-${1 + Math.floor(random() * 4)}`,
      data: Buffer.from(Array.from({ length: Math.floor(random() * dataBytes) }, () => Math.floor(random() * 256))),
      arrivalMs: 1_790_000_000_000 + i * 10 - Math.floor(random() * 30),
    };
  });
}

export function about(runningFrom = 1) {
  const tables = { '00112233aabbccdd': [{ name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 }] };
  return { stream: STREAM, shardId: SHARD, parents: [], fence: 3, runningFrom, fromMs: 10, toMs: 20, tables };
}

/** Everything that a segment gives, and what is wrong with it. */
export async function readAll(bytes: Uint8Array): Promise<{ records: StreamRecord[]; damages: SegmentDamage[] }> {
  const damages: SegmentDamage[] = [];
  const records: StreamRecord[] = [];
  for await (const block of decodeSegment(bytes, (damage) => damages.push(damage))) records.push(...block.records);
  return { records, damages };
}

/** Comparable: data as text. */
export function plain(records: readonly StreamRecord[]) {
  return records.map((record) => ({ ...record, data: Buffer.from(record.data).toString('base64') }));
}

export function placesOf(records: readonly StreamRecord[]): string[] {
  return records.map(positionBehind);
}
