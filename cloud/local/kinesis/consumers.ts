import { AwsError } from '../aws-error.js';
import { text } from '../input.js';
import type { JsonObject } from '../json-service.js';
import { arnOf, type KinesisContext, streamOf } from './context.js';
import type { ConsumerRecord, Stream } from './stream.js';

/** Stream ARN, consumer's name, its creation in epoch seconds: one that is registered anew has another ARN. */
const CONSUMER_ARN = {
  max: 2048,
  pattern: /^(arn:aws[^:]*:kinesis:[^:]+:\d{12}:stream\/[^/]+)\/consumer\/[^:/]+:\d+$/,
};

export interface Registration {
  stream: Stream;
  consumer: ConsumerRecord;
}

/** The consumer that `ConsumerARN` names. Throws ResourceNotFoundException. */
export function consumerOf(context: KinesisContext, input: JsonObject): Registration {
  const arn = text(input, 'ConsumerARN', CONSUMER_ARN);
  const [, StreamARN] = CONSUMER_ARN.pattern.exec(arn)!;
  const stream = streamOf(context, { StreamARN });
  return { stream, consumer: findConsumer(context, stream, arn, (other) => consumerArnOf(context, stream, other)) };
}

/** By whatever `keyOf` makes of a consumer. Throws ResourceNotFoundException. */
export function findConsumer(
  context: KinesisContext,
  stream: Stream,
  key: string,
  keyOf: (consumer: ConsumerRecord) => string,
): ConsumerRecord {
  const consumer = consumersOf(context, stream).find((candidate) => keyOf(candidate) === key);
  if (consumer !== undefined) return consumer;
  throw new AwsError('ResourceNotFoundException', `Consumer ${key}, account ${context.accountId} not found.`);
}

/** The consumers that still are: one whose DELETING is over is none. */
export function consumersOf({ raceClock }: KinesisContext, stream: Stream): ConsumerRecord[] {
  const nowMs = raceClock.nowMs();
  return stream.record.consumers.filter(({ pending }) => pending?.status !== 'DELETING' || nowMs < pending.untilMs);
}

export function consumerStatus({ raceClock }: KinesisContext, { pending }: ConsumerRecord): string {
  return pending !== undefined && raceClock.nowMs() < pending.untilMs ? pending.status : 'ACTIVE';
}

export function consumerArnOf(context: KinesisContext, stream: Stream, { name, createdAtMs }: ConsumerRecord): string {
  return `${arnOf(context, stream)}/consumer/${name}:${Math.floor(createdAtMs / 1000)}`;
}

export function describeConsumer(context: KinesisContext, stream: Stream, consumer: ConsumerRecord): JsonObject {
  return {
    ConsumerName: consumer.name,
    ConsumerARN: consumerArnOf(context, stream, consumer),
    ConsumerStatus: consumerStatus(context, consumer),
    ConsumerCreationTimestamp: consumer.createdAtMs / 1000,
  };
}
