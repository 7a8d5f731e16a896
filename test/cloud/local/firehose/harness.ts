import { gunzipSync } from 'node:zlib';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { FirehoseLimits } from '#cloud/local/firehose/limits.js';
import type { ObjectStore } from '#cloud/local/firehose/objects.js';
import { type FirehoseService, openFirehose } from '#cloud/local/firehose/service.js';
import type { JsonObject } from '#cloud/local/json-service.js';
import { type Handler, LocalFunctions } from '#cloud/local/lambda/functions.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

export const ROLE = 'arn:aws:iam::000000000000:role/firehose';
export const BUCKET = 'arn:aws:s3:::archive';
/** 2026-11-21T07:08:09Z. */
export const RACE_START_MS = Date.UTC(2026, 10, 21, 7, 8, 9);

export const functionArn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

export interface StoredObject {
  bucket: string;
  key: string;
  body: Buffer;
}

/** Keeps objects in a list; `refuse` makes the next puts fail. */
export class ObjectList implements ObjectStore {
  readonly all: StoredObject[] = [];
  /** Keys of all puts, refused ones among them. */
  readonly tried: string[] = [];
  refuse = 0;

  async put(bucket: string, key: string, body: Uint8Array): Promise<void> {
    this.tried.push(key);
    if (this.refuse > 0) {
      this.refuse--;
      throw Object.assign(new Error('no such bucket'), { name: 'NoSuchBucket' });
    }
    this.all.push({ bucket, key, body: Buffer.from(body) });
  }

  get texts(): string[] {
    return this.all.map(({ key, body }) => (key.endsWith('.gz') ? gunzipSync(body) : body).toString('utf8'));
  }

  /** Keys without the name of the object. */
  get prefixes(): string[] {
    return this.all.map(({ key }) => key.replace(/[^/]*$/, ''));
  }
}

export interface Bench {
  service: FirehoseService;
  race: ManualClock;
  objects: ObjectList;
  call(operation: string, input: JsonObject): Promise<Record<string, unknown>>;
  /** Name of the AWS error of a call. */
  refusal(operation: string, input: JsonObject): Promise<string>;
  create(name: string, destination?: JsonObject, rest?: JsonObject): Promise<void>;
  put(name: string, ...texts: string[]): Promise<Record<string, unknown>>;
}

export async function openBench(
  folder: string,
  options: {
    limits?: Partial<FirehoseLimits>;
    functions?: Record<string, Handler>;
    objects?: ObjectList;
    race?: ManualClock;
    kinesis?: KinesisClient;
    isStarted?: boolean;
    statusDelayMs?: number;
  } = {},
): Promise<Bench> {
  const { race = new ManualClock(RACE_START_MS), objects = new ObjectList() } = options;
  const service = openFirehose({
    folder,
    durability: 'process',
    region: 'us-east-1',
    accountId: '000000000000',
    limits: options.limits,
    statusDelayMs: options.statusDelayMs,
    functions: new LocalFunctions({ functions: new Map(Object.entries(options.functions ?? {})), log: silentLog }),
    raceClock: race,
    wallClock,
    random: seededRandom(1),
    log: silentLog,
  });
  if (options.isStarted !== false) {
    await service.start({
      objects: async () => objects,
      kinesis: async () => {
        if (options.kinesis === undefined) throw new Error('No stream client was given.');
        return options.kinesis;
      },
    });
  }
  const call: Bench['call'] = async (operation, input) =>
    (await service.operations[operation](input)) as Record<string, unknown>;
  return {
    service,
    race,
    objects,
    call,
    refusal: async (operation, input) => {
      try {
        await call(operation, input);
        return 'ok';
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
    create: async (name, destination = {}, rest = {}) => {
      const config = { RoleARN: ROLE, BucketARN: BUCKET, ...destination };
      await call('CreateDeliveryStream', {
        DeliveryStreamName: name,
        ExtendedS3DestinationConfiguration: config,
        ...rest,
      });
    },
    put: (name, ...texts) =>
      call('PutRecordBatch', {
        DeliveryStreamName: name,
        Records: texts.map((text) => ({ Data: Buffer.from(text).toString('base64') })),
      }),
  };
}
