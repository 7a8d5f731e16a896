import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { Manifest } from '#cloud/archive/manifest.js';
import { raceArchive } from '#cloud/archive/race-archive.js';
import type { ArchiveReader } from '#cloud/archive/reader.js';
import type { HeldShard, StreamArchive } from '#cloud/archive/stream-archive.js';
import { turbo } from '#cloud/archive/turbo.js';
import { fanOutNames, type StreamResource } from '#cloud/resources.js';
import type { DeadLetterStore } from '#cloud/streams/dead-letters.js';
import { kinesisRecords, pushedRecords } from '#cloud/streams/kinesis-records.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { RaceClock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';

export interface RaceSourceOptions {
  kinesis: KinesisClient;
  stream: StreamResource;
  /** What was archived is read from there; without it a reader that comes late has what the stream still holds. */
  archive?: ArchiveReader;
  deadLetters: DeadLetterStore;
  raceClock: RaceClock;
  random: Random;
  log: Log;
}

/** A race of which nothing was archived for so long is over, whether anybody closed it or not. Race ms. */
const STALE_MS = 24 * 3_600_000;

/** Names of races say nothing of their order. */
const MANIFESTS_AT_ONCE = 16;

/** The race stream by polls, aggregates opened: how an idle engine and a standby read it. */
export function slowSource({ kinesis, stream, deadLetters, raceClock, log }: RaceSourceOptions): ShardSource {
  return kinesisRecords({ client: kinesis, streamName: stream.name, deadLetters, raceClock, log });
}

/**
 * The race stream as the race's owner reads it: first what the archive has behind the positions in hand, then pushed, joined
 * without a gap (`archive/turbo.ts`).
 */
export function fastSource(options: RaceSourceOptions, race: string): ShardSource {
  const { kinesis, stream, deadLetters, raceClock, random, log } = options;
  const shared = { client: kinesis, streamName: stream.name, deadLetters, raceClock, random, log };
  return joined(options, race, pushedRecords({ ...shared, consumerName: fanOutNames.engine }));
}

/**
 * The race stream for an engine that knows of no race: behind the archive of the one that runs, where one does. Its session
 * was opened while no engine ran, and the stream may have lost the beginning.
 */
export async function firstSource(options: RaceSourceOptions): Promise<ShardSource> {
  const live = slowSource(options);
  const race = await runningRace(options);
  return race === undefined ? live : joined(options, race, live);
}

function joined(options: RaceSourceOptions, race: string, live: ShardSource): ShardSource {
  const { archive: reader, stream, raceClock, random, log } = options;
  if (!reader) return live;
  const onDamage = ({ object, what, lost }: { object: { key: string }; what: string; lost: number }) =>
    log.error('The archive is damaged; what is lost comes from the stream, or is told as a gap.', {
      object: object.key,
      what,
      lost,
    });
  const archive = raceArchive({ reader, race, stream: stream.name, onDamage });
  return turbo({ archive: lenient(archive, log), live, raceClock, random });
}

/**
 * An archive that cannot be looked at is taken as it was seen last, and as empty before that: a race that runs waits for no
 * archive. Records that the stream has lost meanwhile are told as a gap.
 */
function lenient(archive: StreamArchive, log: Log): StreamArchive {
  let seen: ReadonlyMap<string, HeldShard> = new Map();
  return {
    name: archive.name,
    shards: async (signal) => {
      try {
        seen = await archive.shards(signal);
      } catch (error) {
        const code = errorCode(error);
        // A race that has just begun.
        if (code !== 'PW-ARCHIVE-NO-RACE') log.warn('The race’s archive cannot be looked at.', { code });
      }
      return seen;
    },
  };
}

/** The newest race in the archive, where nobody closed it and it is not a day old. */
async function runningRace({ archive, raceClock, log }: RaceSourceOptions): Promise<string | undefined> {
  if (!archive) return undefined;
  try {
    const races = await archive.races();
    let newest: Manifest | undefined;
    for (let from = 0; from < races.length; from += MANIFESTS_AT_ONCE) {
      const some = races.slice(from, from + MANIFESTS_AT_ONCE).map((race) => archive.manifest(race));
      for (const manifest of await Promise.all(some)) {
        if (!newest || manifest.fromMs > newest.fromMs) newest = manifest;
      }
    }
    return newest && !newest.closed && raceClock.nowMs() - newestMs(newest) < STALE_MS ? newest.race : undefined;
  } catch (error) {
    log.warn('The archive cannot be asked for a race that runs; the stream alone is read.', { code: errorCode(error) });
    return undefined;
  }
}

function newestMs({ fromMs, streams }: Manifest): number {
  const shards = Object.values(streams).flatMap((held) => Object.values(held));
  return Math.max(fromMs, ...shards.map(({ objects }) => objects.at(-1)?.toMs ?? fromMs));
}
