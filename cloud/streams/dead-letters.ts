import { appendFile, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { StreamRecord } from './source.js';

/** A record that was put aside because it could not be processed. */
export interface DeadLetter {
  stream: string;
  shardId: string;
  record: StreamRecord;
  /** A code, or what a damaged aggregate contradicts itself in. */
  reason: string;
  /** For the person who reads it. */
  message: string;
  /** How often it was tried. */
  tries: number;
}

export interface DeadLetterStats {
  stored: number;
  bytes: number;
  /** Not kept for want of room; each is in the log with its place, and in the stream until its retention ends. */
  refused: number;
}

/** Where records go that would block their shard. Resolves when the letter is durable, or refused for want of room. */
export interface DeadLetterStore {
  put(letter: DeadLetter): Promise<void>;
  stats(): DeadLetterStats;
}

export interface FileDeadLettersOptions {
  /** Made with its folder when the first letter comes; one JSON line a letter. */
  path: string;
  /** The file grows no further. Default 16 MiB. */
  bytesMax?: number;
  wallClock: Clock;
  log: Log;
}

/**
 * Dead letters as lines that a person can read: data as text where it is text, else in base64.
 *
 * @example
 * const deadLetters = fileDeadLetters({ path: join(dataDir, 'dead-letters.jsonl'), wallClock, log });
 */
export function fileDeadLetters({
  path,
  bytesMax = 16 * 1_048_576,
  wallClock,
  log,
}: FileDeadLettersOptions): DeadLetterStore {
  const stats: DeadLetterStats = { stored: 0, bytes: 0, refused: 0 };
  let size: number | undefined;
  let last: Promise<void> = Promise.resolve();

  const write = async (letter: DeadLetter): Promise<void> => {
    const line = `${JSON.stringify(toLine(letter, wallClock.nowMs()))}\n`;
    const bytes = Buffer.byteLength(line);
    if (size === undefined) {
      await mkdir(dirname(path), { recursive: true });
      size = (await stat(path).catch(() => undefined))?.size ?? 0;
    }
    if (size + bytes > bytesMax) {
      stats.refused++;
      log.error('The dead letters are full; a record is passed over.', placeOf(letter));
      return;
    }
    await appendFile(path, line);
    size += bytes;
    stats.stored++;
    stats.bytes = size;
  };

  return {
    put: (letter) => {
      // One after the other: the size is known, and lines do not mix.
      const written = last.then(() => write(letter));
      last = written.catch(() => {});
      return written;
    },
    stats: () => ({ ...stats }),
  };
}

/** Names each letter in the log and keeps none: in the stream it is until its retention ends. */
export function loggedDeadLetters(log: Log): DeadLetterStore {
  const stats: DeadLetterStats = { stored: 0, bytes: 0, refused: 0 };
  return {
    put: async (letter) => {
      stats.refused++;
      log.error('A record is passed over.', placeOf(letter));
    },
    stats: () => ({ ...stats }),
  };
}

/** For the log: where the record is, and why it was put aside. */
export function placeOf({ stream, shardId: shard, record, reason }: DeadLetter) {
  const { sequenceNumber, subSequenceNumber } = record;
  return { stream, shard, sequenceNumber, subSequenceNumber, reason };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function toLine({ stream, shardId, record, reason, message, tries }: DeadLetter, nowMs: number) {
  const { sequenceNumber, subSequenceNumber, partitionKey, data, arrivalMs } = record;
  return {
    at: new Date(nowMs).toISOString(),
    stream,
    shardId,
    sequenceNumber,
    subSequenceNumber,
    partitionKey,
    arrivedAt: new Date(arrivalMs).toISOString(),
    reason,
    message,
    tries,
    ...toText(data),
  };
}

function toText(data: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: UTF8.decode(data) };
  } catch {
    return { base64: Buffer.from(data).toString('base64') };
  }
}
