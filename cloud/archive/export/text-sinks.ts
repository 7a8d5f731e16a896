import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { csvCell } from '#wire/csv/dialect.js';
import { decodeFrame } from '#wire/frame.js';
import { formatBoot } from '#wire/identity.js';
import { rowsOf } from './frame-rows.js';
import { type FrameChunk, type FrameSink, fileName } from './sink.js';

/** Samples wide, physical values, empty where there is none: `timeUs,speed [km/h],…`. */
export function csvSink(folder: string): FrameSink {
  const files = new TextFiles(folder, 'csv');
  return {
    write: async (chunk) => {
      const { table, frames } = chunk;
      const head = ['timeUs', ...table.channels.map(({ name, unit }) => csvCell(`${name} [${unit}]`))].join(',');
      const { timesUs, columns } = rowsOf(
        frames.map((bytes) => decodeFrame(bytes, table)),
        table,
      );
      let text = '';
      for (let row = 0; row < timesUs.length; row++) {
        text += timesUs[row];
        for (const column of columns) text += Number.isNaN(column[row]) ? ',' : `,${column[row]}`;
        text += '\n';
      }
      await files.append(chunk, text, `${head}\n`);
    },
    finish: () => files.finish(),
    abandon: () => files.abandon(),
  };
}

/** A frame a line: its identity, and for each channel its values with their times. */
export function jsonLinesSink(folder: string): FrameSink {
  const files = new TextFiles(folder, 'jsonl');
  return {
    write: async (chunk) => {
      const lines = chunk.frames.map((bytes) => `${JSON.stringify(lineOf(bytes, chunk))}\n`);
      await files.append(chunk, lines.join(''));
    },
    finish: () => files.finish(),
    abandon: () => files.abandon(),
  };
}

function lineOf(bytes: Uint8Array, { table }: FrameChunk): object {
  const { header, groups } = decodeFrame(bytes, table);
  const { thing, boot, seq, lane, eventTimeMs } = header;
  return {
    thing,
    boot: formatBoot(boot),
    seq,
    lane,
    eventTimeMs,
    groups: groups.map(({ channels, count, startUs, periodUs, timesUs, values }) => ({
      // NaN, a missing sample, is null in JSON.
      ...(timesUs ? { timesUs: [...timesUs] } : { startUs, periodUs }),
      channels: Object.fromEntries(
        Array.from(channels, (channel, c) => [
          table.channels[channel].name,
          [...values.subarray(c * count, (c + 1) * count)],
        ]),
      ),
    })),
  };
}

/** Files that are written to as chunks come. */
class TextFiles {
  readonly #folder: string;
  readonly #extension: string;
  readonly #files = new Map<string, WriteStream>();

  constructor(folder: string, extension: string) {
    this.#folder = folder;
    this.#extension = extension;
  }

  async append(chunk: FrameChunk, text: string, head = ''): Promise<void> {
    const path = join(this.#folder, fileName(chunk, this.#extension));
    let file = this.#files.get(path);
    let whole = text;
    if (!file) {
      file = createWriteStream(path);
      this.#files.set(path, file);
      whole = head + text;
    }
    const written = file;
    await new Promise<void>((resolve, reject) => written.write(whole, (error) => (error ? reject(error) : resolve())));
  }

  async finish(): Promise<string[]> {
    for (const file of this.#files.values()) {
      file.end();
      await finished(file);
    }
    return [...this.#files.keys()];
  }

  async abandon(): Promise<void> {
    for (const file of this.#files.values()) file.destroy();
  }
}
