/**
 * What the archive costs: bytes a sample with segments' heads and manifest, and what the archiver's own work takes, from a
 * record to a segment that is hashed, and back. Services are not in it. 20 cars, 60 channels at 100 Hz, frames of 100 ms,
 * segments of 4 s.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Cut } from '#cloud/archive/cut.js';
import { identify } from '#cloud/archive/identify.js';
import type { LedgerObject } from '#cloud/archive/ledger.js';
import { countsOf, type Manifest } from '#cloud/archive/manifest.js';
import type { ArchiveStore } from '#cloud/archive/objects.js';
import { PendingShard } from '#cloud/archive/pending.js';
import { decodeSegment } from '#cloud/archive/segment-reader.js';
import { ChannelTables } from '#cloud/reduce/channel-tables.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { FrameEncoder } from '#wire/frame.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, round } from './figure.js';
import { signal } from './frame.js';

const CARS = 20;
const CHANNELS = 60;
const SAMPLES = 10;
const SEGMENT_FRAMES = 40;
const SEGMENTS = 5;
const ROUNDS = 5;
const SEED = 11;
const STREAM = 'pitwall-frames-live';
const SHARD = 'shardId-000000000000';
const START_MS = Date.UTC(2026, 10, 21);

/** Frames of all cars in the order of a shard, numbered as Kinesis does. */
function records(): { tables: ChannelTables; records: StreamRecord[] } {
  const random = seededRandom(SEED);
  const { table } = signal(SAMPLES);
  const tables = new ChannelTables([]);
  tables.add(table.channels);
  const encoders = Array.from(
    { length: CARS },
    (_, car) => new FrameEncoder(table, `car-${car + 1}`, { counter: 1, random: BigInt(car) }),
  );
  let sequence = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;
  const all: StreamRecord[] = [];
  for (let n = 0; n < SEGMENTS * SEGMENT_FRAMES; n++) {
    for (const [car, encoder] of encoders.entries()) {
      const eventTimeMs = START_MS + n * 100;
      const header = { seq: n + 2, prev: n + 1, lane: 'live', eventTimeMs, monotonicMs: n * 100 } as const;
      const { group } = signal(SAMPLES, n * SAMPLES + car * 997, random);
      sequence += BigInt(1 + Math.floor(random() * 1e10));
      all.push({
        sequenceNumber: String(sequence),
        partitionKey: `car-${car + 1}`,
        data: encoder.encode({ ...header, clockQuality: 1, clockErrorMs: 5 }, [group]),
        arrivalMs: eventTimeMs + 120 + Math.floor(random() * 40),
      });
    }
  }
  return { tables, records: all };
}

/** A bucket that keeps what it is given. */
class Kept implements ArchiveStore {
  readonly objects = new Map<string, Uint8Array>();
  async create(key: string, bytes: Uint8Array): Promise<void> {
    this.objects.set(key, bytes);
  }
  async replace(key: string, bytes: Uint8Array): Promise<string> {
    this.objects.set(key, bytes);
    return '';
  }
  async get(): Promise<undefined> {}
  async find(): Promise<undefined> {}
  async *list(): AsyncIterable<{ key: string; bytes: number }> {}
}

async function archive(all: readonly StreamRecord[], tables: ChannelTables) {
  const store = new Kept();
  const objects: LedgerObject[] = [];
  let mark = { stream: STREAM, shardId: SHARD, parents: [], mark: TRIM_HORIZON, running: 0, ended: false, gaps: [] };
  const perSegment = SEGMENT_FRAMES * CARS;
  for (let from = 0; from < all.length; from += perSegment) {
    const shard = new PendingShard(STREAM, SHARD);
    for (const record of all.slice(from, from + perSegment)) shard.add(record, identify(record, 'frames'));
    const cut = new Cut(shard, mark, 1);
    await cut.put(store, tables);
    if (cut.step.object) objects.push(cut.step.object);
    mark = { ...mark, mark: cut.step.to.mark, running: cut.step.to.running };
  }
  return { store, objects };
}

export async function archiveFigures(): Promise<Figure[]> {
  const { tables, records: all } = records();
  const dataBytes = all.reduce((sum, { data }) => sum + data.length, 0);
  const samples = all.length * CHANNELS * SAMPLES;
  const writeMs: number[] = [];
  const readMs: number[] = [];
  let segmentBytes = 0;
  let manifestBytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await pause(20);
    const startMs = performance.now();
    const { store, objects } = await archive(all, tables);
    writeMs.push(performance.now() - startMs);
    segmentBytes = objects.reduce((sum, { bytes }) => sum + bytes, 0);
    const listed = objects.map(({ tables: _tables, arrivedMs: _arrivedMs, ...object }) => object);
    const shard = { parents: [], behind: TRIM_HORIZON, mark: '', ended: false, objects: listed, gaps: [] };
    const streams: Manifest['streams'] = { [STREAM]: { [SHARD]: shard } };
    manifestBytes = JSON.stringify({ counts: countsOf(streams), streams }).length;
    const readStartMs = performance.now();
    let read = 0;
    for (const bytes of store.objects.values()) {
      for await (const block of decodeSegment(bytes)) read += block.records.length;
    }
    readMs.push(performance.now() - readStartMs);
    if (read !== all.length) throw new Error(`${read} of ${all.length} records came back`);
  }
  const rate = (times: number[], amount: number) => {
    const best = Math.min(...times);
    return { value: round(amount / (best / 1_000)), spread: round((Math.max(...times) - best) / best) };
  };
  return [
    {
      name: `archive ${CHANNELS} channels 100 Hz`,
      unit: 'B/sample',
      value: round((segmentBytes + manifestBytes) / samples, 3),
      spread: 0,
      peer: { name: 'the frames themselves', value: round(dataBytes / samples, 3) },
      ratio: round((segmentBytes + manifestBytes) / dataBytes, 3),
    },
    { name: 'archiver: records into segments', unit: 'records/s', ...rate(writeMs, all.length) },
    { name: 'archiver: data into segments', unit: 'MB/s', ...rate(writeMs, dataBytes / 1e6) },
    { name: 'segments into records', unit: 'records/s', ...rate(readMs, all.length) },
    { name: 'segments into data', unit: 'MB/s', ...rate(readMs, dataBytes / 1e6) },
  ];
}
