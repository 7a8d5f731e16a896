import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { namedRandom } from '#wire/random.js';
import type { OperationStats } from './call-stats.js';
import { Dispatcher } from './dispatcher.js';
import type { TableLimits } from './dynamodb/capacity/limits.js';
import { type DynamoDBCounters, openDynamoDB } from './dynamodb/service.js';
import type { TableStreamLimits } from './dynamodb/streams/limits.js';
import { type Fault, Faults } from './faults.js';
import { withFaults } from './faulty-service.js';
import type { FirehoseCounters } from './firehose/counters.js';
import type { FirehoseLimits } from './firehose/limits.js';
import { neighboursAt } from './firehose/neighbours.js';
import { openFirehose } from './firehose/service.js';
import { Front } from './front.js';
import type { KinesisCounters } from './kinesis/context.js';
import type { KinesisLimits } from './kinesis/limits.js';
import { openKinesis } from './kinesis/service.js';
import type { Durability } from './kinesis/store.js';
import { LocalFunctions } from './lambda/functions.js';
import { openLambda } from './lambda/open.js';
import { LambdaService } from './lambda/service.js';
import type { EventSources } from './lambda/sources/event-sources.js';
import type { MappingCounters } from './lambda/sources/mapping.js';
import { Router } from './router.js';
import type { S3Limits } from './s3/limits.js';
import { type S3Counters, S3Service } from './s3/service.js';
import type { SigningKeys } from './sigv4.js';

/** Shown in ARNs; no account has it. */
const ACCOUNT_ID = '000000000000';

export interface LocalAwsOptions {
  /** Folder of streams and tables; made when absent. */
  dataDir: string;
  /** Loopback only. Default 127.0.0.1. */
  host?: string;
  /** 0 = any free one. */
  port: number;
  credentials: SigningKeys;
  region: string;
  /** Rates, retention, iterator age, expiry. */
  raceClock: Clock;
  /** Signatures and latency figures. */
  wallClock: Clock;
  /** Overrides of what Kinesis refuses; absent = as AWS. */
  limits?: Partial<KinesisLimits>;
  /** Overrides of what tables refuse as too much; absent = as AWS. */
  tableLimits?: Partial<TableLimits>;
  /** Overrides of what tables' streams do by the clock; absent = as AWS. */
  tableStreamLimits?: Partial<TableStreamLimits>;
  /** Overrides of what S3 refuses; absent = as AWS. */
  s3Limits?: Partial<S3Limits>;
  /** Overrides of what Firehose refuses; absent = as AWS in the region. */
  firehoseLimits?: Partial<FirehoseLimits>;
  /** What Firehose's Lambda processors and event source mappings may name. Default none. */
  functions?: LocalFunctions;
  /** What an acknowledged write survives. Default `process` (kill −9); `disk` adds an fsync. */
  durability?: Durability;
  /** How long streams are CREATING or UPDATING, race ms. Default 0. */
  statusDelayMs?: number;
  /** What goes wrong on purpose, see `parseFaults`. Default nothing. */
  faults?: readonly Fault[];
  /** Draws the faults: same seed, same calls, same faults. Default 0. */
  faultSeed?: number;
  log: Log;
}

export interface LocalAwsStats {
  operations: Record<string, OperationStats>;
  /** Requests that reached no operation, by reason. */
  refused: Record<string, number>;
  /** Faults made so far, by `service.Operation kind`. */
  faults: Record<string, number>;
  kinesis: KinesisCounters;
  dynamodb: DynamoDBCounters;
  s3: S3Counters;
  firehose: FirehoseCounters;
  /** Event source mappings, by `function ← source`. */
  lambda: Record<string, MappingCounters>;
}

export interface LocalAws {
  port: number;
  /** Base URL of each: `endpoints.kinesis`, `.dynamodb`, `.dynamodbStreams`, `.s3`, `.firehose`, `.lambda`. */
  url: string;
  /** What drives functions from streams. */
  eventSources: EventSources;
  stats(): LocalAwsStats;
  /**
   * Firehose delivers now all that waits for its interval, as far as some seconds allow: a machine that is about to be
   * switched off would keep it until the next time.
   */
  flush(): Promise<void>;
  /** Answers what is in flight (bounded), closes every socket, then the stores. */
  close(): Promise<void>;
}

/**
 * Kinesis, DynamoDB, S3, Firehose and Lambda's event sources on one loopback port. Raises PW-LOCAL-PORT, PW-LOCAL-STORE.
 *
 * @example
 * const aws = await startLocalAws({ dataDir, port: 0, credentials: localCredentials(dataDir), region, raceClock, wallClock, log });
 * const kinesis = await createKinesisClient({ region, credentials, endpoints: { kinesis: aws.url } });
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const {
    dataDir,
    host = '127.0.0.1',
    port,
    credentials,
    region,
    raceClock,
    wallClock,
    limits,
    statusDelayMs,
    log,
  } = options;
  const durability = options.durability ?? 'process';
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const common = { region, accountId: ACCOUNT_ID, raceClock, log };
  const faults = new Faults(options.faults, options.faultSeed);
  const kinesis = openKinesis({
    ...common,
    folder: join(dataDir, 'kinesis'),
    durability,
    limits,
    statusDelayMs,
    faults,
    wallClock,
  });
  const dynamodb = await openDynamoDB({
    ...common,
    folder: join(dataDir, 'dynamodb'),
    sync: durability === 'disk',
    tableLimits: options.tableLimits,
    streamLimits: options.tableStreamLimits,
  });
  const functions = options.functions ?? new LocalFunctions({ functions: new Map(), log });
  const firehose = openFirehose({
    ...common,
    folder: join(dataDir, 'firehose'),
    durability,
    limits: options.firehoseLimits,
    statusDelayMs,
    faults,
    functions,
    wallClock,
    // Jitter of retries: nobody else's, so that it may be the same each time.
    random: namedRandom(0, 'firehose'),
  });
  const lambda = openLambda({
    ...common,
    folder: join(dataDir, 'lambda'),
    durability,
    functions,
    wallClock,
    random: namedRandom(0, 'lambda'),
  });
  const jsonServices = [kinesis, dynamodb.tables, dynamodb.streams, firehose];
  const dispatcher = new Dispatcher({
    services: jsonServices.map((service) => withFaults(service, faults)),
    credentials,
    region,
    wallClock,
    log,
  });
  const s3 = await S3Service.open({
    ...common,
    folder: join(dataDir, 's3'),
    durability,
    limits: options.s3Limits,
    faults,
    credentials,
    wallClock,
    stats: dispatcher.stats,
  });
  const closeServices = async () => {
    for (const service of [...jsonServices, s3, lambda]) await service.close();
  };
  const lambdaService = new LambdaService({
    ...common,
    functions,
    sources: lambda.sources,
    credentials,
    wallClock,
    stats: dispatcher.stats,
  });
  let front: Front;
  try {
    front = await Front.listen({ host, port, router: new Router(dispatcher, s3, lambdaService), log });
  } catch (error) {
    await closeServices();
    throw error;
  }
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${front.port}`;
  // Firehose meets its neighbours as everybody does: over the wire, at their limits.
  const neighbours = neighboursAt({ region, credentials, endpoints: { kinesis: url, s3: url } });
  await firehose.start(neighbours);
  const endpoints = { kinesis: url, dynamodb: url, dynamodbStreams: url, s3: url };
  lambda.start({ region, credentials, endpoints });
  return {
    port: front.port,
    url,
    eventSources: lambda.sources,
    stats: () => ({
      ...dispatcher.stats.toJSON(),
      faults: faults.toJSON(),
      kinesis: kinesis.counters(),
      dynamodb: dynamodb.counters(),
      s3: s3.counters(),
      firehose: firehose.counters(),
      lambda: lambda.counters(),
    }),
    flush: () => firehose.flush(),
    close: async () => {
      await lambda.stop();
      await firehose.stop();
      await neighbours.close();
      await front.close();
      await closeServices();
    },
  };
}
