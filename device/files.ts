import {
  closeSync,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './wire/errors.js';

/** A file that is written or read by place. */
export interface OpenFile {
  /** Writes all of it at a place, or throws as the system does (`ENOSPC`, `EIO`); a part may then stand there. */
  write(bytes: Uint8Array, at: number): void;
  /** What stands there; less than asked for at the end of the file. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** Flushes to the device what was written. */
  sync(): Promise<void>;
  close(): void;
}

/** What a journal asks of a file system. Tests bring one that loses power, tears writes and fills up. Errors are the system's. */
export interface Files {
  makeFolder(path: string): void;
  /** Names in a folder. */
  names(folder: string): string[];
  /** Bytes of a file. */
  size(path: string): number;
  /** Makes a file that must not be there yet. */
  create(path: string): OpenFile;
  /** Opens a file for reading. */
  open(path: string): OpenFile;
  /** The first bytes of a file, or all when it is shorter. */
  head(path: string, bytes: number): Uint8Array;
  /** The text of a file, or undefined when there is none. */
  text(path: string): string | undefined;
  /** As `replaceFile`. */
  replace(path: string, text: string, durable: boolean): void;
  rename(from: string, to: string): void;
  /** Takes a file away, if it is there. */
  remove(path: string): void;
  /** As `syncFolder`. */
  syncFolder(path: string): void;
}

/** The file system of this machine. */
export const diskFiles: Files = {
  makeFolder: (path) => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  },
  names: (folder) => readdirSync(folder),
  size: (path) => statSync(path).size,
  create: (path) => openFile(openSync(path, 'wx', 0o600)),
  open: (path) => openFile(openSync(path, 'r')),
  head: (path, bytes) => {
    const fd = openSync(path, 'r');
    try {
      const head = new Uint8Array(bytes);
      return head.subarray(0, readSync(fd, head, 0, bytes, 0));
    } finally {
      closeSync(fd);
    }
  },
  text: readIfThere,
  replace: replaceFile,
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  syncFolder,
};

function openFile(fd: number): OpenFile {
  // The number of a closed descriptor is given to the next file: it stays open under what is still under way.
  let underWay = 0;
  let closing = false;
  const done = () => {
    underWay--;
    if (closing && underWay === 0) closeSync(fd);
  };
  return {
    write: (bytes, at) => {
      for (let put = 0; put < bytes.length; ) put += writeSync(fd, bytes, put, bytes.length - put, at + put);
    },
    read: (at, length) =>
      new Promise((resolve, reject) => {
        const bytes = new Uint8Array(length);
        underWay++;
        read(fd, bytes, 0, length, at, (error, got) => {
          done();
          if (error) reject(error);
          else resolve(bytes.subarray(0, got));
        });
      }),
    sync: () =>
      new Promise((resolve, reject) => {
        underWay++;
        fdatasync(fd, (error) => {
          done();
          if (error) reject(error);
          else resolve();
        });
      }),
    close: () => {
      closing = true;
      if (underWay === 0) closeSync(fd);
    },
  };
}

/**
 * Replaces a small file whole or not at all, also across a power cut: data, then the name, then the folder that holds the
 * name. `durable: false` leaves out the fsyncs, for what may be an older version after a power cut.
 */
export function replaceFile(path: string, text: string, durable: boolean): void {
  const fd = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(fd, text);
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
  if (durable) syncFolder(dirname(path));
}

/** A file's name is durable only when its folder is. */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The text of a file, or undefined when there is none. Other errors are thrown as they came. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
