import type { Files, OpenFile } from '#device/files.js';
import type { Random } from '#wire/random.js';

interface Stored {
  bytes: Uint8Array;
  length: number;
  /** What the device has for certain. */
  syncedBytes: number;
  /** Its name survives a power cut. */
  isNameSynced: boolean;
}

/**
 * A file system in memory that can do what disks do at the worst moment: fill up, fail, be slow, lose what was not flushed
 * when the power goes, and tear the last write at any byte.
 */
export class MemoryFiles implements Files {
  /** Bytes that fit; a write beyond puts what fits and says ENOSPC. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Every write fails with EIO. */
  isBroken = false;
  /** A flush takes so long. */
  syncMs = 0;
  /** The process dies in the write that passes so many bytes from now: what is before them is written. */
  killAfterBytes = Number.POSITIVE_INFINITY;
  isDead = false;
  usedBytes = 0;
  readonly #random: Random;
  readonly #files = new Map<string, Stored>();
  /** Names taken away since their folder was flushed: a power cut may bring them back. */
  readonly #removed = new Map<string, Stored>();
  /** Small files as they were before a replacement that was not flushed. */
  readonly #replaced = new Map<string, Stored>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** kill −9: what was written is there. The next process finds it. */
  restart(): void {
    this.isDead = false;
    this.killAfterBytes = Number.POSITIVE_INFINITY;
  }

  /** The power goes: of what was not flushed any part may be there. */
  powerCut(): void {
    for (const [path, file] of this.#removed) if (this.#random() < 0.5) this.#files.set(path, file);
    for (const [path, before] of this.#replaced) if (this.#random() < 0.5) this.#files.set(path, before);
    for (const [path, file] of this.#files) {
      if (!file.isNameSynced && this.#random() < 0.5) {
        this.#files.delete(path);
        continue;
      }
      const tail = file.length - file.syncedBytes;
      file.length = file.syncedBytes + Math.floor(this.#random() * (tail + 1));
      // A page in the middle of the tail never reached the device.
      if (tail > 0 && this.#random() < 0.3) file.bytes.fill(0, file.syncedBytes + Math.floor(tail / 3), file.length);
      file.syncedBytes = file.length;
      file.isNameSynced = true;
    }
    this.#removed.clear();
    this.#replaced.clear();
    this.#count();
    this.restart();
  }

  makeFolder(): void {
    this.#alive();
  }

  names(folder: string): string[] {
    this.#alive();
    return [...this.#files.keys()]
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1));
  }

  size(path: string): number {
    return this.#get(path).length;
  }

  create(path: string): OpenFile {
    this.#alive();
    if (this.isBroken) throw failure('EIO');
    if (this.#files.has(path)) throw failure('EEXIST');
    const file: Stored = { bytes: new Uint8Array(1024), length: 0, syncedBytes: 0, isNameSynced: false };
    this.#files.set(path, file);
    return this.#handle(file);
  }

  open(path: string): OpenFile {
    return this.#handle(this.#get(path));
  }

  head(path: string, bytes: number): Uint8Array {
    const file = this.#get(path);
    return file.bytes.slice(0, Math.min(bytes, file.length));
  }

  text(path: string): string | undefined {
    this.#alive();
    const file = this.#files.get(path);
    return file && Buffer.from(file.bytes.subarray(0, file.length)).toString();
  }

  replace(path: string, text: string, durable: boolean): void {
    this.#alive();
    if (this.isBroken) throw failure('EIO');
    const bytes = Buffer.from(text);
    const before = this.#files.get(path);
    if (this.usedBytes - (before?.length ?? 0) + bytes.length > this.capacityBytes) throw failure('ENOSPC');
    if (before && !durable && !this.#replaced.has(path)) this.#replaced.set(path, before);
    if (durable) this.#replaced.delete(path);
    this.#files.set(path, {
      bytes,
      length: bytes.length,
      syncedBytes: bytes.length,
      isNameSynced: durable || !!before,
    });
    this.#count();
  }

  rename(from: string, to: string): void {
    const file = this.#get(from);
    this.#files.delete(from);
    this.#files.set(to, { ...file, isNameSynced: false });
  }

  remove(path: string): void {
    this.#alive();
    const file = this.#files.get(path);
    if (!file) return;
    this.#files.delete(path);
    this.#removed.set(path, file);
    this.usedBytes -= file.length;
  }

  syncFolder(folder: string): void {
    this.#alive();
    for (const [path, file] of this.#files) if (path.startsWith(`${folder}/`)) file.isNameSynced = true;
    for (const path of this.#removed.keys()) if (path.startsWith(`${folder}/`)) this.#removed.delete(path);
  }

  #handle(file: Stored): OpenFile {
    return {
      write: (bytes, at) => this.#write(file, bytes, at),
      read: async (at, length) => {
        this.#alive();
        return file.bytes.slice(at, Math.min(file.length, at + length));
      },
      sync: async () => {
        const { length } = file;
        if (this.syncMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, this.syncMs));
        this.#alive();
        if (this.isBroken) throw failure('EIO');
        file.syncedBytes = Math.max(file.syncedBytes, length);
      },
      close: () => {},
    };
  }

  #write(file: Stored, bytes: Uint8Array, at: number): void {
    this.#alive();
    if (this.isBroken) throw failure('EIO');
    const room = Math.max(0, this.capacityBytes - this.usedBytes);
    const put = Math.min(bytes.length, room, this.killAfterBytes);
    if (at + put > file.bytes.length) {
      const larger = new Uint8Array(2 * (at + put));
      larger.set(file.bytes.subarray(0, file.length));
      file.bytes = larger;
    }
    file.bytes.set(bytes.subarray(0, put), at);
    const grown = Math.max(0, at + put - file.length);
    file.length += grown;
    this.usedBytes += grown;
    this.killAfterBytes -= put;
    if (this.killAfterBytes <= 0) this.isDead = true;
    this.#alive();
    if (put < bytes.length) throw failure('ENOSPC');
  }

  #get(path: string): Stored {
    this.#alive();
    const file = this.#files.get(path);
    if (!file) throw failure('ENOENT');
    return file;
  }

  #count(): void {
    this.usedBytes = [...this.#files.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** A dead process does nothing more. */
  #alive(): void {
    if (this.isDead) throw failure('EIO');
  }
}

function failure(code: 'EIO' | 'ENOSPC' | 'ENOENT' | 'EEXIST'): Error {
  return Object.assign(new Error(code), { code });
}
