import { join, resolve } from 'node:path';
import { DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis';
import type { ArchiveStore } from '#cloud/archive/objects.js';
import { raceArchive } from '#cloud/archive/race-archive.js';
import { type ArchiveReader, archiveReader } from '#cloud/archive/reader.js';
import { turbo } from '#cloud/archive/turbo.js';
import { closeClients, createClients } from '#cloud/clients.js';
import { type Consumer, startConsumer } from '#cloud/streams/consumer.js';
import { fileDeadLetters } from '#cloud/streams/dead-letters.js';
import { readIdentity } from '#cloud/streams/identity-header.js';
import { kinesisRecords } from '#cloud/streams/kinesis-records.js';
import { ARCHIVE_THEN_LIVE } from '#cloud/streams/positions.js';
import { atTimestamp, LATEST, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { ShardSource, StreamRecord } from '#cloud/streams/source.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { type OpenArchive, openArchive } from '../archive/open.js';
import { DEAD_LETTERS } from '../data-dir.js';
import { EXIT } from '../exit.js';
import { createLog } from '../log.js';
import { positive } from '../operator.js';
import { systemRandom } from '../random.js';
import { cloudOf, remoteError } from '../remote.js';
import { configFor } from './config.js';

interface ConsumeFlags {
  from: string;
  shard?: string[];
  count?: string;
  timeout?: string;
  race?: string;
  bucket?: string;
  data?: string;
}

/** A tool takes one of the five polls a second that a shard allows to all who poll it. */
const POLL_MS = 1_000;

/**
 * Prints the records of a stream as JSON lines until ^C, a count or a silence; leaves no trace in the stream. What cannot be
 * opened goes to the data folder's dead letters.
 */
export async function consume(streamName: string, flags: ConsumeFlags): Promise<void> {
  if (flags.race !== undefined && flags.from !== 'archive') {
    throw new PitwallError('PW-USAGE-FLAG', { what: `--race is for --from archive; --from is ${flags.from}.` });
  }
  const initial = initialOf(flags.from);
  const limit = positive('--count', flags.count);
  const timeoutMs = positive('--timeout', flags.timeout) * 1000;
  const { config } = configFor({ data: flags.data });
  const { kinesis } = await createClients(await cloudOf(config), ['kinesis']);
  // A consumer waits for a stream that is not there; a person has mistyped its name.
  await kinesis.send(new DescribeStreamSummaryCommand({ StreamName: streamName })).catch((cause: unknown) => {
    closeClients({ kinesis });
    throw remoteError(`${streamName} cannot be read`, cause);
  });
  const log = createLog('consume');
  const path = join(resolve(config.data), DEAD_LETTERS, 'consume.jsonl');
  const deadLetters = fileDeadLetters({ path, wallClock, log });
  const live = kinesisRecords({ client: kinesis, streamName, deadLetters, raceClock: wallClock, log });
  const reading = new Reading(limit, timeoutMs);
  const wanted = flags.shard === undefined ? undefined : new Set(flags.shard);
  const interrupt = () => reading.end(EXIT.interrupted);
  process.once('SIGINT', interrupt);
  let archive: OpenArchive | undefined;
  let consumer: Consumer | undefined;
  try {
    if (initial === ARCHIVE_THEN_LIVE) archive = await openArchive(flags);
    consumer = startConsumer({
      source: archive ? await withArchive(archive.store, live, flags.race, log) : live,
      deadLetters,
      pollMs: POLL_MS,
      idlePollMs: POLL_MS,
      ...(wanted && { shards: ({ shardId }) => wanted.has(shardId) }),
      positions: {},
      initial,
      onRecords: (batch) => reading.take(batch),
      onFailure: (error) => reading.fail(error),
      log,
      wallClock,
      raceClock: wallClock,
      random: systemRandom,
    });
    process.exitCode = await reading.ended;
  } catch (error) {
    throw remoteError(`${streamName} cannot be read`, error);
  } finally {
    process.off('SIGINT', interrupt);
    await consumer?.stop();
    await archive?.close();
    closeClients({ kinesis });
  }
}

/**
 * The stream's records of a race, that of which the archive began last if none is named, and then live. Raises
 * PW-ARCHIVE-NO-RACE.
 */
async function withArchive(
  store: ArchiveStore,
  live: ShardSource,
  wanted: string | undefined,
  log: Log,
): Promise<ShardSource> {
  const reader = archiveReader(store);
  const race = wanted ?? (await newestRace(reader));
  await reader.manifest(race);
  const archive = raceArchive({
    reader,
    race,
    stream: live.name,
    onDamage: ({ object, what, lost }) => log.error('The archive is damaged.', { object: object.key, what, lost }),
  });
  return turbo({ archive, live, raceClock: wallClock, random: systemRandom });
}

async function newestRace(reader: ArchiveReader): Promise<string> {
  const manifests = await Promise.all((await reader.races()).map((race) => reader.manifest(race)));
  const [newest] = manifests.sort((a, b) => b.fromMs - a.fromMs);
  if (newest) return newest.race;
  throw new PitwallError('PW-ARCHIVE-NO-RACE', {
    what: 'The archive has no race yet.',
    fix: 'Read with --from horizon.',
  });
}

/** How far a reading has come, and when it is over. */
class Reading {
  readonly ended: Promise<number>;
  end!: (code: number) => void;
  #reject!: (error: Error) => void;
  readonly #limit: number;
  readonly #silence: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(limit: number, timeoutMs: number) {
    this.#limit = limit;
    this.ended = new Promise((resolve, reject) => {
      this.end = resolve;
      this.#reject = reject;
    });
    if (timeoutMs === 0) return;
    const error = new PitwallError('PW-REMOTE-TIMEOUT', { what: `No record came for ${timeoutMs / 1000} s.` });
    this.#silence = setTimeout(() => this.#reject(error), timeoutMs);
    void this.ended.then(
      () => clearTimeout(this.#silence),
      () => {},
    );
  }

  async take({ shardId, records }: ShardBatch): Promise<void> {
    if (records.length > 0) this.#silence?.refresh();
    for (const record of records) {
      if (this.#limit > 0 && this.#count === this.#limit) return;
      this.#count++;
      // Whoever reads slowly is waited for, and the shard with them.
      if (!process.stdout.write(`${JSON.stringify(lineOf(shardId, record))}\n`)) {
        await new Promise((resolve) => process.stdout.once('drain', resolve));
      }
      if (this.#count === this.#limit) this.end(EXIT.ok);
    }
  }

  /** What may come right by itself is tried again; the rest ends the command. */
  fail(error: PitwallError): void {
    if (!error.retriable) this.#reject(error);
  }
}

/** Data as JSON where it is JSON, else as base64; the identity that a producer put in front of it apart. */
function lineOf(shardId: string, { sequenceNumber, subSequenceNumber, partitionKey, arrivalMs, data }: StreamRecord) {
  const identity = readIdentity(data);
  const body = identity?.data ?? data;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const record = {
    shardId,
    sequenceNumber,
    ...(subSequenceNumber !== undefined && { subSequenceNumber }),
    partitionKey,
    arrivalMs,
    ...(identity && { boot: identity.boot, seq: identity.seq }),
  };
  try {
    return { ...record, json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown };
  } catch {
    return { ...record, data: bytes.toString('base64') };
  }
}

/** `latest`, `horizon`, `archive`, epoch milliseconds, or a date. Raises PW-USAGE-FLAG. */
function initialOf(from: string): ShardPosition {
  if (from === 'latest') return LATEST;
  if (from === 'horizon') return TRIM_HORIZON;
  if (from === 'archive') return ARCHIVE_THEN_LIVE;
  const ms = /^\d{12,}$/.test(from) ? Number(from) : Date.parse(from);
  if (Number.isFinite(ms)) return atTimestamp(ms);
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `--from ${from}: no time.`,
    fix: 'Write latest, horizon, archive, epoch milliseconds, or a date such as 2026-11-21T13:00:00Z.',
  });
}
