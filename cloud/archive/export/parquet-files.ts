import { join } from 'node:path';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import type { ChannelTable } from '#wire/channels.js';
import { decodeFrame } from '#wire/frame.js';
import { rowsOf } from './frame-rows.js';
import { type FrameChunk, fileName } from './sink.js';

/** Key of the file's metadata that has the channels, JSON: name, unit, and physical = integer × scale + offset. */
export const CHANNELS_KEY = 'pitwall.channels';
const TIME_COLUMN = 'timeUs';

/**
 * Samples wide: `timeUs` (INT64, µs of epoch) and a column a channel, INT32, null where there is no sample: the integers of
 * the frames, delta-coded. A chunk is a row group, so that no more than one chunk is in memory.
 */
export class ParquetFiles {
  readonly #folder: string;
  readonly #fileCells: number;
  /** By the name of the first part. */
  readonly #files = new Map<string, { writer: ParquetWriter; part: number; cells: number }>();
  readonly #paths: string[] = [];

  /** @param fileCells a file that has so many values is followed by another one */
  constructor(folder: string, fileCells = Number.POSITIVE_INFINITY) {
    this.#folder = folder;
    this.#fileCells = fileCells;
  }

  async write(chunk: FrameChunk): Promise<void> {
    const { table, frames } = chunk;
    const name = fileName(chunk, 'parquet');
    let file = this.#files.get(name);
    if (!file || file.cells >= this.#fileCells) {
      await file?.writer.finish();
      const part = (file?.part ?? 0) + 1;
      const path = join(this.#folder, fileName(chunk, 'parquet', part));
      file = { writer: open(path, table), part, cells: 0 };
      this.#files.set(name, file);
      this.#paths.push(path);
    }
    const { timesUs, columns } = rowsOf(
      frames.map((bytes) => decodeFrame(bytes, table)),
      table,
    );
    file.cells += timesUs.length * columns.length;
    await file.writer.write({
      columnData: [
        { name: TIME_COLUMN, data: BigInt64Array.from(timesUs, BigInt), encoding: 'DELTA_BINARY_PACKED' },
        ...columns.map((column, index) => ({
          name: table.channels[index].name,
          data: integersOf(column, table, index),
          encoding: 'DELTA_BINARY_PACKED' as const,
        })),
      ],
      rowGroupSize: timesUs.length,
    });
  }

  async finish(): Promise<string[]> {
    for (const { writer } of this.#files.values()) await writer.finish();
    return this.#paths;
  }
}

function open(path: string, { channels }: ChannelTable): ParquetWriter {
  return new ParquetWriter({
    writer: fileWriter(path),
    schema: [
      { name: 'root', num_children: channels.length + 1 },
      { name: TIME_COLUMN, type: 'INT64', repetition_type: 'REQUIRED' },
      ...channels.map(({ name }) => ({ name, type: 'INT32' as const, repetition_type: 'OPTIONAL' as const })),
    ],
    kvMetadata: [{ key: CHANNELS_KEY, value: JSON.stringify(channels) }],
    createdBy: 'pitwall',
  });
}

function integersOf(values: Float64Array, { channels }: ChannelTable, index: number): (number | null)[] {
  const { scale, offset } = channels[index];
  const integers = new Array<number | null>(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    integers[row] = Number.isNaN(value) ? null : Math.round((value - offset) / scale);
  }
  return integers;
}
