import type { S3Client } from '@aws-sdk/client-s3';
import { sha256 } from '#cloud/sha256.js';
import { isAfter, isPlaceAfter, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { PitwallError } from '#wire/errors.js';
import { type ArchiveObject, type Manifest, manifestKey, raceOfKey } from './manifest.js';
import { type ArchiveObjects, s3Store } from './objects.js';
import { readAhead } from './read-ahead.js';
import { decodeSegment, type SegmentDamage } from './segment-reader.js';

/** What is wrong with an object of the archive, and which records that costs. */
export interface ArchiveDamage {
  object: ArchiveObject;
  /** Of the whole object: not there, or other bytes than were committed; or what the segment's reader found, with its place. */
  part: 'object' | SegmentDamage['part'];
  /** Byte in the object. */
  from: number;
  what: string;
  /** Records between what was readable before and behind it; 0 = none is lost. */
  lost: number;
}

export interface ArchiveReadRequest {
  manifest: Manifest;
  stream: string;
  shardId: string;
  /** Records behind this place. Default TRIM_HORIZON: all that the manifest has. */
  after?: ShardPosition;
  /** Up to and with this place. Default the shard's mark. */
  until?: ShardPosition;
  /** Told of each damage; the rest is read. Without it the first is raised as PW-ARCHIVE-DAMAGED. */
  onDamage?(damage: ArchiveDamage): void;
  signal?: AbortSignal;
}

/**
 * The archive as its readers see it: S3 alone, so that it needs neither streams nor tables.
 *
 * @example
 * const reader = createArchiveReader({ s3, bucket });
 * const manifest = await reader.manifest('race-1');
 * for await (const records of reader.read({ manifest, stream: 'pitwall-race', shardId })) fold(records);
 */
export interface ArchiveReader {
  /** Races that have a manifest, ascending by name. */
  races(): Promise<string[]>;
  /** The newest one. Raises PW-ARCHIVE-NO-RACE, PW-ARCHIVE-DAMAGED. */
  manifest(race: string): Promise<Manifest>;
  /** The records of a shard as its live consumers got them, in its order, a block at a time. */
  read(request: ArchiveReadRequest): AsyncGenerator<readonly StreamRecord[]>;
}

export function createArchiveReader({ s3, bucket }: { s3: S3Client; bucket: string }): ArchiveReader {
  return archiveReader(s3Store(s3, bucket));
}

export function archiveReader(store: ArchiveObjects): ArchiveReader {
  return {
    races: async () => {
      const races: string[] = [];
      for await (const { key } of store.list('races/')) races.push(raceOfKey(key) ?? '');
      return races.filter((race) => race !== '').sort();
    },
    manifest: (race) => readManifest(store, race),
    read: (request) => readShard(store, request),
  };
}

async function readManifest(store: ArchiveObjects, race: string): Promise<Manifest> {
  const bytes = await store.get(manifestKey(race));
  if (!bytes)
    throw new PitwallError('PW-ARCHIVE-NO-RACE', {
      what: `No manifest of "${race}" is there.`,
      fix: 'pitwall archive ls',
    });
  let manifest: Manifest;
  try {
    manifest = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new PitwallError('PW-ARCHIVE-DAMAGED', { what: `${manifestKey(race)} is not JSON.`, cause });
  }
  if (manifest.v !== 1 || manifest.race !== race) {
    throw new PitwallError('PW-ARCHIVE-DAMAGED', {
      what: `${manifestKey(race)} is of version ${manifest.v} and race ${manifest.race}; wanted 1 and ${race}.`,
    });
  }
  return manifest;
}

async function* readShard(store: ArchiveObjects, request: ArchiveReadRequest): AsyncGenerator<readonly StreamRecord[]> {
  const { manifest, stream, shardId, after = TRIM_HORIZON, signal } = request;
  const shard = manifest.streams[stream]?.[shardId];
  if (!shard) return;
  const until = request.until ?? shard.mark;
  const objects = shard.objects.filter(
    ({ firstSequence, lastSequence }) => isPlaceAfter(lastSequence, after) && !isPlaceAfter(firstSequence, until),
  );
  for await (const { object, bytes } of readAhead(store, objects)) {
    for await (const records of decodeObject(object, bytes, request.onDamage ?? raise)) {
      signal?.throwIfAborted();
      const wanted = records.filter((record) => isAfter(record, after) && !isAfter(record, until));
      if (wanted.length > 0) yield wanted;
    }
  }
}

/** The records of one object that can be read; what cannot is told, with how many records it costs. */
export async function* decodeObject(
  object: ArchiveObject,
  bytes: Buffer | undefined,
  onDamage: (damage: ArchiveDamage) => void,
): AsyncGenerator<readonly StreamRecord[]> {
  if (!bytes) {
    onDamage({ object, part: 'object', from: 0, what: 'It is not there.', lost: object.records });
    return;
  }
  let next = object.runningFrom;
  let found: SegmentDamage[] = [];
  let isTold = false;
  const tell = (until: number) => {
    const lost = until - next;
    for (const [i, { part, from, what }] of found.entries()) {
      isTold = true;
      onDamage({ object, part, from, what, lost: i === 0 ? lost : 0 });
    }
    found = [];
  };
  for await (const { runningFrom, records } of decodeSegment(bytes, (damage) => found.push(damage))) {
    if (runningFrom !== next && found.length === 0) {
      const what = `A block begins with record ${runningFrom}; ${next} was due.`;
      found.push({ part: 'block', from: 0, to: 0, why: 'form', what });
    }
    tell(runningFrom);
    next = runningFrom + records.length;
    yield records;
  }
  tell(object.runningFrom + object.records);
  const hash = sha256(bytes);
  if (isTold || (hash === object.sha256 && bytes.length === object.bytes)) return;
  const what = `${bytes.length} bytes with SHA-256 ${hash}; ${object.bytes} with ${object.sha256} were committed.`;
  onDamage({ object, part: 'object', from: 0, what, lost: 0 });
}

function raise({ object, part, from, what }: ArchiveDamage): never {
  throw new PitwallError('PW-ARCHIVE-DAMAGED', { what: `${object.key}, ${part} at byte ${from}: ${what}` });
}
