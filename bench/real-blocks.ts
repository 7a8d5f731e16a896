/** Real samples in blocks as an agent makes its frames of them: each with its own times, missing ones missing. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Assembler } from '#device/pipeline/assembler.js';
import { parseDbc } from '#device/sources/can/dbc/parse.js';
import { CanDecoder } from '#device/sources/can/decoder.js';
import { MessageRows } from '#device/sources/can/rows.js';
import { chooseSignals } from '#device/sources/can/selection.js';
import type { SampleBlock } from '#device/sources/source.js';
import { ChannelTable } from '#wire/channels.js';
import type { ChannelSpec } from '#wire/messages.js';
import { canLog, framesOf, SHARED } from './can-log.js';
import type { Block } from './encodings.js';

/** When a block is full: after so much event time, or with so many samples. */
export type Size = { ms: number } | { samples: number };

export interface RealBlocks {
  name: string;
  table: ChannelTable;
  /** Blocks are valid until the next one is asked for. */
  blocks(size: Size): Generator<{ block: Block; samples: number }>;
}

/** What a source hands over at once, in event time. */
const STEP_US = 50_000;

/** The log of a bus, message by message. */
export function busBlocks(): RealBlocks {
  const { name, dbc, log } = canLog();
  const decoder = new CanDecoder([parseDbc('bench.dbc', dbc)]);
  const chosen = chooseSignals(decoder.decoders, undefined);
  const frames = framesOf(log);
  function* given(): Generator<SampleBlock> {
    const rows = new Map(
      decoder.decoders.map((each) => {
        const channels = chosen.flatMap((signal, i) => (signal.decoder === each ? [i] : []));
        return [each, new MessageRows(Uint16Array.from(channels))];
      }),
    );
    let untilUs = 0;
    for (const frame of frames) {
      if (frame.timeUs >= untilUs) {
        for (const each of rows.values()) {
          const block = each.take();
          if (block) yield block;
        }
        untilUs = frame.timeUs + STEP_US;
      }
      const message = decoder.decode(frame);
      const row = message && rows.get(message);
      if (!row) continue;
      row.begin(frame.timeUs);
      for (const [i] of message.signals.entries()) row.set(i, message.values[i]);
    }
  }
  const table = new ChannelTable(chosen.map(({ channel }) => channel));
  return { name: `can ${name}`, table, blocks: (size) => assembled(given(), size) };
}

/** Columns of the telemetry, and what each is measured in. */
const COLUMNS: Record<string, Pick<ChannelSpec, 'unit' | 'scale'>> = {
  lat: { unit: 'deg', scale: 1e-6 },
  lon: { unit: 'deg', scale: 1e-6 },
  spd: { unit: 'km/h', scale: 0.01 },
  rpm: { unit: '1/min', scale: 1 },
  gear: { unit: '1', scale: 1 },
  aps: { unit: '%', scale: 0.01 },
  ath: { unit: '%', scale: 0.01 },
  bf: { unit: 'bar', scale: 0.01 },
  br: { unit: 'bar', scale: 0.01 },
  steer: { unit: 'deg', scale: 0.1 },
  accx: { unit: 'g', scale: 0.001 },
  accy: { unit: 'g', scale: 0.001 },
};
const TELEMETRY = 'telemetry/grcup_2025_barber_telemetry.csv.gz';

/** Cars of a race as they were recorded, about 23 rows a second, car after car. Undefined where the data is absent. */
export function telemetryBlocks(): RealBlocks | undefined {
  const path = resolve(SHARED, TELEMETRY);
  if (!existsSync(path)) return undefined;
  const [header, ...lines] = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  const names = header.split(',');
  const [carAt, timeAt] = [names.indexOf('vid'), names.indexOf('car_ms')];
  const places = Object.keys(COLUMNS).map((name) => names.indexOf(name));
  const cars = new Map<string, string[][]>();
  for (const cells of lines.map((line) => line.split(','))) {
    const rows = cars.get(cells[carAt]);
    if (rows) rows.push(cells);
    else cars.set(cells[carAt], [cells]);
  }
  function* given(): Generator<SampleBlock> {
    for (const rows of cars.values()) {
      rows.sort((a, b) => Number(a[timeAt]) - Number(b[timeAt]));
      for (const cells of rows) {
        const found = places.flatMap((place, channel) => (cells[place] === '' ? [] : [channel]));
        if (found.length === 0) continue;
        const values = Float64Array.from(places, (place) => (cells[place] === '' ? Number.NaN : Number(cells[place])));
        yield { timeMs: Number(cells[timeAt]), timesUs: Int32Array.of(0), count: 1, channels: ALL, values };
      }
    }
  }
  const table = new ChannelTable(
    Object.entries(COLUMNS).map(([name, column]) => ({ name, offset: 0, rateHz: 23, ...column })),
  );
  return { name: 'telemetry', table, blocks: (size) => assembled(given(), size) };
}

const ALL = Uint16Array.from(Object.keys(COLUMNS), (_, channel) => channel);

function* assembled(given: Generator<SampleBlock>, size: Size): Generator<{ block: Block; samples: number }> {
  const assembler = new Assembler(() => {});
  let samples = 0;
  let fromMs = Number.NaN;
  for (const block of given) {
    const isAnotherCar = block.timeMs < fromMs || block.timeMs - fromMs > 60_000;
    const isFull = 'ms' in size ? block.timeMs - fromMs >= size.ms : samples >= size.samples;
    if (isFull || isAnotherCar) {
      const frame = assembler.take();
      // The end of a car's recording fills no block.
      if (frame && isFull) yield { block: frame, samples };
      samples = 0;
    }
    if (samples === 0) fromMs = block.timeMs;
    assembler.push(block);
    for (const value of block.values) if (!Number.isNaN(value)) samples++;
  }
}
