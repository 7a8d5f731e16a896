/**
 * A car's bus: frames a second from the text of candump to values, beside `candied` from the same frames; and what its samples
 * cost as our frames, beside JSON with gzip. The real log of 90 s where the shared data is ($PITWALL_SHARED), else a made one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Can as CandiedCan, Dbc as CandiedDbc } from 'candied';
import { Assembler } from '#device/pipeline/assembler.js';
import { CandumpReader } from '#device/sources/can/candump.js';
import { parseDbc } from '#device/sources/can/dbc/parse.js';
import { CanDecoder } from '#device/sources/can/decoder.js';
import type { CanFrame } from '#device/sources/can/frame.js';
import { MessageRows } from '#device/sources/can/rows.js';
import { chooseSignals } from '#device/sources/can/selection.js';
import { ChannelTable } from '#wire/channels.js';
import { FrameEncoder } from '#wire/frame.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, round } from './figure.js';

const ROUNDS = 7;
const SEED = 7;
const MADE_FRAMES = 80_000;
const WINDOW_US = 100_000;
/** The peer is slow: so many frames show it. */
const PEER_FRAMES = 5000;

interface Material {
  name: string;
  log: Buffer;
  dbc: string;
}

export async function canFigures(): Promise<Figure[]> {
  const material = realLog() ?? madeLog();
  const decoder = new CanDecoder([parseDbc('bench.dbc', material.dbc)]);
  const frames = framesOf(material.log);
  const bare = perSecond(frames.length, () => {
    for (const frame of frames) decoder.decode(frame);
  });
  const text = perSecond(frames.length, () => {
    const reader = new CandumpReader();
    reader.feed(material.log);
    while (reader.next()) decoder.decode(reader.frame);
  });
  const peer = candied(material.dbc, frames.slice(0, PEER_FRAMES));
  const beside = { peer: { name: 'candied, frames given', value: peer } };
  return [
    {
      name: `can ${material.name} decode, frames given`,
      unit: 'frames/s',
      ...bare,
      ...beside,
      ratio: round(bare.value / peer),
    },
    {
      name: `can ${material.name} decode, from text`,
      unit: 'frames/s',
      ...text,
      ...beside,
      ratio: round(text.value / peer),
    },
    size(material, decoder, frames),
  ];
}

/** Bytes a sample of windows of 100 ms, each alone: as frames with their headers, and as JSON columns with gzip. */
function size(material: Material, decoder: CanDecoder, frames: readonly CanFrame[]): Figure {
  const chosen = chooseSignals(decoder.decoders, undefined);
  const table = new ChannelTable(chosen.map(({ channel }) => channel));
  const rows = new Map(
    decoder.decoders.map((each) => {
      const channels = chosen.flatMap((signal, i) => (signal.decoder === each ? [i] : []));
      return [each, new MessageRows(Uint16Array.from(channels))];
    }),
  );
  const assembler = new Assembler(() => {});
  const encoder = new FrameEncoder(table, 'car-24', { counter: 1, random: 1n });
  let columns: Record<string, [timesMs: number[], values: number[]]> = {};
  const sum = { samples: 0, bytes: 0, json: 0, seq: 0 };
  const flush = (): void => {
    for (const each of rows.values()) {
      const block = each.take();
      if (block) assembler.push(block);
    }
    const assembled = assembler.take();
    if (!assembled) return;
    const header = { lane: 'live', monotonicMs: 0, clockQuality: 1, clockErrorMs: 5 } as const;
    const { eventTimeMs, groups } = assembled;
    sum.bytes += encoder.encode({ ...header, seq: ++sum.seq, prev: sum.seq - 1, eventTimeMs }, groups).length;
    sum.json += gzipSync(JSON.stringify(columns)).length;
    columns = {};
  };
  let windowEndUs = 0;
  for (const frame of frames) {
    if (frame.timeUs >= windowEndUs) {
      flush();
      windowEndUs = frame.timeUs + WINDOW_US;
    }
    const message = decoder.decode(frame);
    const row = message && rows.get(message);
    if (!row) continue;
    row.begin(frame.timeUs);
    for (const [i, { name }] of message.signals.entries()) {
      row.set(i, message.values[i]);
      columns[name] ??= [[], []];
      columns[name][0].push(frame.timeUs / 1000);
      columns[name][1].push(message.values[i]);
      sum.samples++;
    }
  }
  flush();
  return {
    name: `can ${material.name} frame of 100 ms (${round(sum.samples / sum.seq, 0)} samples, own times)`,
    unit: 'B/sample',
    value: round(sum.bytes / sum.samples),
    spread: 0,
    peer: { name: 'JSON columns, gzip', value: round(sum.json / sum.samples) },
    ratio: round(sum.bytes / sum.json, 3),
  };
}

/** Its parser misses a space behind a comma and reads no extended ids: it gets a file that it understands. */
function candied(dbc: string, frames: readonly CanFrame[]): number {
  const peer = new CandiedDbc();
  const can = new CandiedCan();
  can.database = peer.load(dbc.replace(/, /g, ','));
  return perSecond(
    frames.length,
    () => {
      for (const { id, length, data } of frames) can.decode(can.createFrame(id, [...data.subarray(0, length)]));
    },
    2,
  ).value;
}

function perSecond(count: number, work: () => void, rounds = ROUNDS): { value: number; spread: number } {
  work();
  const rates = Array.from({ length: rounds }, () => {
    const startMs = performance.now();
    work();
    return (count * 1000) / (performance.now() - startMs);
  });
  const best = Math.max(...rates);
  return { value: Math.round(best), spread: round((best - Math.min(...rates)) / best) };
}

function framesOf(log: Buffer): CanFrame[] {
  const reader = new CandumpReader();
  reader.feed(log);
  const frames: CanFrame[] = [];
  while (reader.next()) frames.push({ ...reader.frame, data: reader.frame.data.slice(0, 8) });
  return frames;
}

function realLog(): Material | undefined {
  const shared = process.env.PITWALL_SHARED ?? resolve(import.meta.dirname, '../../shared');
  const folder = resolve(shared, 'data/can');
  if (!existsSync(resolve(folder, 'brz_candump_90s.log.gz'))) return undefined;
  const dbc = readFileSync(resolve(folder, 'brz_sample.dbc'), 'utf8');
  return { name: 'brz', log: gunzipSync(readFileSync(resolve(folder, 'brz_candump_90s.log.gz'))), dbc };
}

/** Eight messages of two signals each, as many of which no file knows. */
function madeLog(): Material {
  const random = seededRandom(SEED);
  const messages = Array.from(
    { length: 8 },
    (_, i) =>
      `BO_ ${256 + i} M${i}: 8 X\n SG_ A${i} : 0|16@1+ (0.1,0) [0|6553.5] "" X\n SG_ B${i} : 23|12@0- (0.5,0) [-1024|1024] "" X\n`,
  );
  const lines = Array.from({ length: MADE_FRAMES }, (_, i) => {
    const data = Array.from({ length: 8 }, () =>
      Math.floor(random() * 256)
        .toString(16)
        .padStart(2, '0'),
    ).join('');
    return `(${(1_700_000_000 + i / 1000).toFixed(6)}) can0 ${(256 + (i % 16)).toString(16)}#${data.toUpperCase()}\n`;
  });
  return { name: 'made', log: Buffer.from(lines.join('')), dbc: messages.join('\n') };
}
