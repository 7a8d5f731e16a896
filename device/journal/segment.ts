import { join } from 'node:path';
import type { Files, OpenFile } from '../files.js';
import { PitwallError } from '../wire/errors.js';
import { type Boot, formatBoot } from '../wire/identity.js';
import {
  decodeRecord,
  decodeRecords,
  decodeSegmentHeader,
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type StoredRecord,
} from './record.js';
import { formatSegmentName, type SegmentName } from './segment-name.js';

/** How much is read at once when records are sent again: they are mostly sent again in order. */
const READ_AHEAD_BYTES = 64 * 1024;

/**
 * One file of the journal: records of one boot and one priority. They are appended to the newest segment of their priority
 * only; when the last destination has acknowledged the last record of one, the file goes.
 */
export class Segment {
  readonly name: SegmentName;
  readonly path: string;
  readonly boot: Boot;
  readonly bootText: string;
  /** Bytes in the file. */
  bytes: number;
  /** Records that at least one destination has not acknowledged. */
  live = 0;
  /** Whether its records are known: false for one of an earlier run until it has been read. */
  scanned: boolean;
  /** Race-clock epoch ms of its newest record. */
  newestMs = Number.NEGATIVE_INFINITY;
  readonly #files: Files;
  #file: OpenFile | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #sealed: Promise<void> | undefined;
  #reader: OpenFile | undefined;
  #ahead: { from: number; bytes: Uint8Array } | undefined;

  private constructor(files: Files, dir: string, name: SegmentName, boot: Boot, bytes: number, file?: OpenFile) {
    this.#files = files;
    this.name = name;
    this.path = join(dir, formatSegmentName(name));
    this.boot = boot;
    this.bootText = formatBoot(boot);
    this.bytes = bytes;
    this.#file = file;
    this.scanned = file !== undefined;
  }

  static create(files: Files, dir: string, name: SegmentName, boot: Boot): Segment {
    const header = encodeSegmentHeader(boot);
    const file = files.create(join(dir, formatSegmentName(name)));
    file.write(header, 0);
    return new Segment(files, dir, name, boot, header.length, file);
  }

  /** Opens a segment of an earlier run by its header alone. Undefined when not even that is whole. */
  static find(files: Files, dir: string, name: SegmentName): Segment | undefined {
    const path = join(dir, formatSegmentName(name));
    const boot = decodeSegmentHeader(files.head(path, SEGMENT_HEADER_BYTES));
    return boot && new Segment(files, dir, name, boot, files.size(path));
  }

  /** Whether records are still appended to it. */
  get isOpen(): boolean {
    return this.#file !== undefined && this.#sealed === undefined;
  }

  /** Writes at the end; after an error (disk full) the next write goes to the same place. */
  append(bytes: Uint8Array): void {
    this.#file!.write(bytes, this.bytes);
    this.bytes += bytes.length;
  }

  /** Flushes to the device. One at a time: the caller waits for the former. */
  sync(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return Promise.resolve();
    this.#syncing = file.sync();
    return this.#syncing;
  }

  /** No more appends. Resolves when the file is closed (and, `durable`, flushed); the first call decides. */
  seal(durable: boolean): Promise<void> {
    this.#sealed ??= this.#close(durable);
    return this.#sealed;
  }

  async #close(durable: boolean): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    // The descriptor must not be closed, and its number given to another file, under a flush that is still under way.
    await this.#syncing.catch(() => {});
    try {
      if (durable) await this.sync();
    } finally {
      this.#file = undefined;
      file.close();
    }
  }

  /** Its good prefix; what stands behind damage is not known. */
  async records(): Promise<{ records: StoredRecord[]; damagedBytes: number; bytes: Uint8Array }> {
    const file = this.#files.open(this.path);
    try {
      return this.#decode(await file.read(0, this.bytes));
    } finally {
      file.close();
    }
  }

  /** The same at once, for one that cannot wait. */
  recordsNow(): { records: StoredRecord[]; damagedBytes: number; bytes: Uint8Array } {
    return this.#decode(this.#files.head(this.path, this.bytes));
  }

  #decode(bytes: Uint8Array) {
    const { records, goodBytes } = decodeRecords(bytes);
    return { records, damagedBytes: this.bytes - goodBytes, bytes };
  }

  /** Reads a payload back. Raises PW-JOURNAL-READ when the file is gone or the record damaged. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const at = offset - RECORD_HEADER_BYTES;
    const end = offset + length;
    let ahead = this.#ahead;
    if (!ahead || at < ahead.from || end > ahead.from + ahead.bytes.length) {
      ahead = await this.#readAhead(at, Math.max(READ_AHEAD_BYTES, end - at));
      this.#ahead = ahead;
    }
    const { from, bytes } = ahead;
    if (!decodeRecord(bytes, at - from)) {
      throw new PitwallError('PW-JOURNAL-READ', { what: `${this.path}: the record at byte ${at} is damaged.` });
    }
    // A copy: it is changed (lane) and outlives the read-ahead.
    return bytes.slice(offset - from, end - from);
  }

  async #readAhead(from: number, length: number): Promise<{ from: number; bytes: Uint8Array }> {
    try {
      this.#reader ??= this.#files.open(this.path);
      return { from, bytes: await this.#reader.read(from, length) };
    } catch (cause) {
      throw new PitwallError('PW-JOURNAL-READ', { what: `${this.path} cannot be read.`, cause });
    }
  }

  /** Lets go of what reading holds. */
  closeReader(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#ahead = undefined;
    reader?.close();
  }

  /** Takes the file away: everybody has what was in it, or it was given up. */
  async remove(): Promise<void> {
    this.#files.remove(this.path);
    this.closeReader();
    await this.seal(false);
  }
}
