import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { errorCode, PitwallError } from '#wire/errors.js';

/** A file to be loaded, as it was found. */
export interface InputFile {
  path: string;
  /** Without its endings: `laps.csv.gz` is `laps`. */
  name: string;
  isPacked: boolean;
  /** As it lies on the disk. */
  bytes: number;
  /** Sixteen hex digits of the hash of its size and first bytes: a file under another name is the same. */
  fingerprint: string;
}

/** Bytes that stand for a whole file in its fingerprint. */
const PRINT_BYTES = 64 * 1024;
const PIECE_BYTES = 64 * 1024;
const GZIP = [0x1f, 0x8b];

/** Looks at a file. Raises PW-LOAD-INPUT. */
export async function findInput(path: string): Promise<InputFile> {
  try {
    const { size } = await stat(path);
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PRINT_BYTES), 0, PRINT_BYTES, 0);
      const head = buffer.subarray(0, bytesRead);
      const fingerprint = createHash('sha256').update(`${size} `).update(head).digest('hex').slice(0, 16);
      const isPacked = head[0] === GZIP[0] && head[1] === GZIP[1];
      const name = basename(path)
        .replace(/\.gz$/i, '')
        .replace(/\.[^.]+$/, '');
      return { path, name, isPacked, bytes: size, fingerprint };
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** How far a reading has come in the file as it lies on the disk. */
export interface Progress {
  readBytes: number;
}

/**
 * The bytes of a file, unpacked, from `offset` on. What is packed is unpacked from its beginning and left out up to there.
 * Raises PW-LOAD-INPUT.
 */
export async function* readBytes(file: InputFile, offset: number, progress: Progress): AsyncGenerator<Buffer> {
  const start = file.isPacked ? 0 : offset;
  const raw = createReadStream(file.path, { start, highWaterMark: PIECE_BYTES });
  const unpacked = file.isPacked ? raw.pipe(createGunzip({ chunkSize: PIECE_BYTES })) : raw;
  if (unpacked !== raw) raw.on('error', (error) => unpacked.destroy(error));
  let skip = offset - start;
  try {
    for await (const piece of unpacked as AsyncIterable<Buffer>) {
      progress.readBytes = start + raw.bytesRead;
      if (skip >= piece.length) {
        skip -= piece.length;
        continue;
      }
      yield skip > 0 ? piece.subarray(skip) : piece;
      skip = 0;
    }
  } catch (cause) {
    throw unreadable(file.path, cause);
  } finally {
    raw.destroy();
    unpacked.destroy();
  }
}

function unreadable(path: string, cause: unknown): PitwallError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PitwallError('PW-LOAD-INPUT', {
    what: `${path} cannot be read: ${why}.`,
    fix: errorCode(cause).startsWith('Z_') ? 'The file is packed with gzip, and is cut short or damaged.' : undefined,
    cause,
  });
}
