import { closeSync, fdatasync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PitwallError } from '../wire/errors.js';
import { type Boot, formatBoot } from '../wire/identity.js';
import {
  decodeRecord,
  decodeRecords,
  decodeSegmentHeader,
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  type StoredRecord,
} from './record.js';

/** How much is read at once when records are sent again: they are mostly sent again in order. */
const READ_AHEAD_BYTES = 64 * 1024;

/**
 * One file of the journal. Records are appended to the newest segment only; when the last destination has acknowledged
 * the last record of one, the file goes.
 */
export class Segment {
  readonly path: string;
  readonly number: number;
  readonly boot: Boot;
  readonly bootText: string;
  /** Bytes in the file. */
  bytes: number;
  /** Records that at least one destination has not acknowledged. */
  live = 0;
  #fd: number | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #sealed: Promise<void> | undefined;
  #reader: FileHandle | undefined;
  #ahead: { from: number; bytes: Uint8Array } | undefined;

  private constructor(path: string, number: number, boot: Boot, bytes: number, fd?: number) {
    this.path = path;
    this.number = number;
    this.boot = boot;
    this.bootText = formatBoot(boot);
    this.bytes = bytes;
    this.#fd = fd;
  }

  static create(path: string, number: number, boot: Boot): Segment {
    const header = encodeSegmentHeader(boot);
    const fd = openSync(path, 'wx', 0o600);
    writeSync(fd, header, 0, header.length, 0);
    return new Segment(path, number, boot, header.length, fd);
  }

  /** Reads a segment of an earlier run: its good prefix. Undefined when not even the header is whole. */
  static recover(
    path: string,
    number: number,
  ): { segment: Segment; records: StoredRecord[]; damagedBytes: number } | undefined {
    const bytes = readFileSync(path);
    const boot = decodeSegmentHeader(bytes);
    if (!boot) return undefined;
    const { records, goodBytes } = decodeRecords(bytes);
    return { segment: new Segment(path, number, boot, bytes.length), records, damagedBytes: bytes.length - goodBytes };
  }

  /** Whether records are still appended to it. */
  get isOpen(): boolean {
    return this.#fd !== undefined && this.#sealed === undefined;
  }

  /** Writes at the end; after an error (disk full) the next write goes to the same place. */
  append(bytes: Uint8Array): void {
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(this.#fd!, bytes, written, bytes.length - written, this.bytes + written);
    }
    this.bytes += bytes.length;
  }

  /** Flushes to the device. One at a time: the caller waits for the former. */
  sync(): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return Promise.resolve();
    this.#syncing = new Promise((resolve, reject) => {
      fdatasync(fd, (error) => (error ? reject(error) : resolve()));
    });
    return this.#syncing;
  }

  /** No more appends. Resolves when the file is closed (and, `durable`, flushed); the first call decides. */
  seal(durable: boolean): Promise<void> {
    this.#sealed ??= this.#close(durable);
    return this.#sealed;
  }

  async #close(durable: boolean): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return;
    // The descriptor must not be closed, and its number given to another file, under a flush that is still under way.
    await this.#syncing.catch(() => {});
    try {
      if (durable) await this.sync();
    } finally {
      this.#fd = undefined;
      closeSync(fd);
    }
  }

  /** Reads a payload back. Raises PW-JOURNAL-READ when the file is gone or the record damaged. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const at = offset - RECORD_HEADER_BYTES;
    const end = offset + length;
    if (!this.#ahead || at < this.#ahead.from || end > this.#ahead.from + this.#ahead.bytes.length) {
      await this.#fill(at, Math.max(READ_AHEAD_BYTES, end - at));
    }
    const { from, bytes } = this.#ahead!;
    if (!decodeRecord(bytes, at - from)) {
      throw new PitwallError('PW-JOURNAL-READ', { what: `${this.path}: the record at byte ${at} is damaged.` });
    }
    // A copy: it is changed (lane) and outlives the read-ahead.
    return bytes.slice(offset - from, end - from);
  }

  async #fill(from: number, length: number): Promise<void> {
    try {
      this.#reader ??= await open(this.path, 'r');
      const bytes = new Uint8Array(length);
      const { bytesRead } = await this.#reader.read(bytes, 0, length, from);
      this.#ahead = { from, bytes: bytes.subarray(0, bytesRead) };
    } catch (cause) {
      throw new PitwallError('PW-JOURNAL-READ', { what: `${this.path} cannot be read.`, cause });
    }
  }

  /** Lets go of what reading holds. */
  async closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#ahead = undefined;
    await reader?.close();
  }

  /** Takes the file away: everybody has what was in it, or it was given up. */
  async remove(): Promise<void> {
    rmSync(this.path, { force: true });
    await Promise.all([this.seal(false), this.closeReader()]);
  }
}
