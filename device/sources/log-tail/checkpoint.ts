import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, replaceFile } from '../../files.js';

/** So much of a file's begin tells it from another one that got the same inode. */
const HEAD_BYTES = 1024;

/** How far a file was read: by device and inode, which a rename keeps, and by what it began with, which a new one has not. */
export interface Place {
  id: string;
  /** Bytes whose lines are in the journal. */
  offset: number;
  /** SHA-256 of the first `headBytes`. */
  head: string;
  headBytes: number;
}

/** The places of all files that are followed, kept in one small file. */
export class Checkpoint {
  readonly #path: string;

  constructor(stateDir: string) {
    this.#path = join(stateDir, 'tail.json');
  }

  /** Undefined where there is none; one that is damaged is none, and `onDamaged` says so. */
  load(onDamaged: () => void): Place[] | undefined {
    const text = readIfThere(this.#path);
    if (text === undefined) return undefined;
    try {
      const { v, places } = JSON.parse(text) as { v: number; places: Place[] };
      if (v === 1 && places.every(isPlace)) return places;
    } catch {
      // Told below, like any other damage.
    }
    onDamaged();
    return undefined;
  }

  /** Whole or not at all. A power cut may leave an earlier one: lines are then read again, none is lost. */
  save(places: readonly Place[]): void {
    replaceFile(this.#path, JSON.stringify({ v: 1, places }), false);
  }
}

function isPlace({ id, offset, head, headBytes }: Place): boolean {
  return typeof id === 'string' && typeof head === 'string' && Number.isInteger(offset) && Number.isInteger(headBytes);
}

/** What a file begins with, as far as it was read. */
export function headOf(fd: number, offset: number): Pick<Place, 'head' | 'headBytes'> {
  const bytes = readAt(fd, 0, Math.min(offset, HEAD_BYTES));
  return { head: createHash('sha256').update(bytes).digest('hex'), headBytes: bytes.length };
}

/** Whether the file is the one of that place, and not another with its inode, or the same one cut short. */
export function isAt(fd: number, size: number, place: Place): boolean {
  return size >= place.offset && headOf(fd, place.headBytes).head === place.head;
}

export function readAt(fd: number, from: number, length: number): Uint8Array {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(fd, buffer, filled, length - filled, from + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}
