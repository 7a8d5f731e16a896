import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { readIdentity } from '#cloud/streams/identity-header.js';
import { Seen } from '#cloud/streams/seen.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { ChannelTable } from '#wire/channels.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import { decodeFrameHeader } from '#wire/frame.js';
import { formatBoot } from '#wire/identity.js';
import type { Manifest } from '../manifest.js';
import type { ArchiveDamage, ArchiveReader } from '../reader.js';
import type { FrameChunk, FrameSink } from './sink.js';

export interface ExportOptions {
  reader: ArchiveReader;
  manifest: Manifest;
  /** Name of the stream whose records are JSON; all others carry frames. */
  raceStream: string;
  folder: string;
  sinks: readonly FrameSink[];
  /** What cannot be read is told and left out. */
  onDamage(damage: ArchiveDamage): void;
  /** Gives the export up: raises its reason. */
  signal?: AbortSignal;
}

export interface Exported {
  files: string[];
  frames: number;
  duplicates: number;
  /** Damaged frames, and frames of a table that the archive does not have. */
  unreadable: number;
  /** Records of the race stream. */
  records: number;
}

/** Frames in a chunk: a minute of a thing at ten a second. Bounds what is decoded at a time. */
const CHUNK_FRAMES = 600;
const FIRST_FRAME_BYTE = 0x50;

/** Every frame of a race to every sink, each once; the records of its race stream to `race.jsonl`. Raises what a sink raises. */
export async function exportRace(options: ExportOptions): Promise<Exported> {
  try {
    return await exportAll(options);
  } catch (error) {
    for (const sink of options.sinks) await sink.abandon();
    throw error;
  }
}

async function exportAll(options: ExportOptions): Promise<Exported> {
  const exported: Exported = { files: [], frames: 0, duplicates: 0, unreadable: 0, records: 0 };
  const frames = new FrameExport(options, exported);
  for (const [stream, shards] of Object.entries(options.manifest.streams)) {
    if (stream === options.raceStream) continue;
    for (const shardId of Object.keys(shards)) {
      for await (const records of options.reader.read({ ...options, stream, shardId })) {
        for (const record of records) await frames.take(record);
      }
    }
  }
  await frames.flush();
  for (const sink of options.sinks) exported.files.push(...(await sink.finish()));
  exported.files.push(await exportRecords(options, exported));
  return exported;
}

class FrameExport {
  readonly #options: ExportOptions;
  readonly #exported: Exported;
  readonly #seen = new Seen();
  readonly #tables = new Map<string, ChannelTable>();
  readonly #chunks = new Map<string, FrameChunk>();

  constructor(options: ExportOptions, exported: Exported) {
    this.#options = options;
    this.#exported = exported;
    for (const [hash, channels] of Object.entries(options.manifest.tables)) {
      this.#tables.set(hash, new ChannelTable(channels));
    }
  }

  async take({ data, partitionKey }: StreamRecord): Promise<void> {
    if (data[0] !== FIRST_FRAME_BYTE) return;
    const header = headerOf(data);
    const table = header && this.#tables.get(header.tableHash);
    if (!header || !table || header.thing !== partitionKey) {
      this.#exported.unreadable++;
      return;
    }
    const { thing, prev, seq } = header;
    if (!this.#seen.mark(thing, formatBoot(header.boot), prev, seq)) {
      this.#exported.duplicates++;
      return;
    }
    const key = `${thing} ${table.hash}`;
    const chunk = this.#chunks.get(key) ?? { thing, table, frames: [] };
    this.#chunks.set(key, chunk);
    chunk.frames.push(data);
    this.#exported.frames++;
    if (chunk.frames.length >= CHUNK_FRAMES) await this.#write(key, chunk);
  }

  async flush(): Promise<void> {
    for (const [key, chunk] of this.#chunks) await this.#write(key, chunk);
  }

  async #write(key: string, chunk: FrameChunk): Promise<void> {
    this.#chunks.delete(key);
    for (const sink of this.#options.sinks) await sink.write(chunk);
  }
}

function headerOf(data: Uint8Array): ReturnType<typeof decodeFrameHeader> | undefined {
  try {
    return decodeFrameHeader(data);
  } catch (error) {
    if (error instanceof PitwallError) return undefined;
    throw error;
  }
}

async function exportRecords(options: ExportOptions, exported: Exported): Promise<string> {
  const { reader, manifest, raceStream, folder } = options;
  const path = join(folder, 'race.jsonl');
  const file = createWriteStream(path);
  for (const shardId of Object.keys(manifest.streams[raceStream] ?? {})) {
    for await (const records of reader.read({ ...options, stream: raceStream, shardId })) {
      exported.records += records.length;
      const text = records.map((record) => `${JSON.stringify(lineOf(shardId, record))}\n`).join('');
      await new Promise<void>((resolve, reject) => file.write(text, (error) => (error ? reject(error) : resolve())));
    }
  }
  file.end();
  await finished(file);
  return path;
}

function lineOf(shardId: string, record: StreamRecord): object {
  const { sequenceNumber, partitionKey, arrivalMs, data } = record;
  const body = Buffer.from(readIdentity(data)?.data ?? data).toString('utf8');
  const place = { shardId, sequenceNumber, partitionKey, arrivalMs };
  try {
    return { ...place, record: JSON.parse(body) };
  } catch (error) {
    return { ...place, unreadable: errorCode(error), data: Buffer.from(data).toString('base64') };
  }
}
