import { join, resolve } from 'node:path';
import { DescribeStreamSummaryCommand } from '@aws-sdk/client-kinesis';
import { closeClients, createClients } from '#cloud/clients.js';
import { startConsumer } from '#cloud/streams/consumer.js';
import { fileDeadLetters } from '#cloud/streams/dead-letters.js';
import { readIdentity } from '#cloud/streams/identity-header.js';
import { kinesisRecords } from '#cloud/streams/kinesis-records.js';
import { atTimestamp, LATEST, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { ShardBatch } from '#cloud/streams/shard-reader.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
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
  data?: string;
}

/** A tool takes one of the five polls a second that a shard allows to all who poll it. */
const POLL_MS = 1_000;

/**
 * Prints the records of a stream as JSON lines until ^C, a count or a silence; leaves no trace in the stream. What cannot be
 * opened goes to the data folder's dead letters.
 */
export async function consume(streamName: string, flags: ConsumeFlags): Promise<void> {
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
  const reading = new Reading(limit, timeoutMs);
  const wanted = flags.shard === undefined ? undefined : new Set(flags.shard);
  const consumer = startConsumer({
    source: kinesisRecords({ client: kinesis, streamName, deadLetters, raceClock: wallClock, log }),
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
  const interrupt = () => reading.end(EXIT.interrupted);
  process.once('SIGINT', interrupt);
  try {
    process.exitCode = await reading.ended;
  } catch (error) {
    throw remoteError(`${streamName} cannot be read`, error);
  } finally {
    process.off('SIGINT', interrupt);
    await consumer.stop();
    closeClients({ kinesis });
  }
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

/** `latest`, `horizon`, epoch milliseconds, or a date. Raises PW-USAGE-FLAG. */
export function initialOf(from: string): ShardPosition {
  if (from === 'latest') return LATEST;
  if (from === 'horizon') return TRIM_HORIZON;
  const ms = /^\d{12,}$/.test(from) ? Number(from) : Date.parse(from);
  if (Number.isFinite(ms)) return atTimestamp(ms);
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `--from ${from}: no time.`,
    fix: 'Write latest, horizon, epoch milliseconds, or a date such as 2026-11-21T13:00:00Z.',
  });
}
