import { AwsError } from '../aws-error.js';
import { optionalObject, optionalText, optionalTimestamp, optionalWhole, text } from '../input.js';
import { EventStream, type JsonObject, type Operation } from '../json-service.js';
import {
  consumerArnOf,
  consumerOf,
  consumerStatus,
  consumersOf,
  describeConsumer,
  findConsumer,
  type Registration,
} from './consumers.js';
import { arnOf, type KinesisContext, refuseMembers, shardOf, streamOf } from './context.js';
import { SHARD_ID } from './members.js';
import { formatToken, type PageToken, parseToken } from './page-token.js';
import { readPosition, STARTING_POSITION_MEMBERS, startOf } from './start-position.js';
import type { ConsumerRecord, Stream } from './stream.js';

const CONSUMER_NAME = { max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ };
const LIST_MAX = 10_000;
const LIST_DEFAULT = 100;

interface ConsumersToken extends PageToken {
  afterName: string;
}

/** Enhanced fan-out: registering consumers, and SubscribeToShard. */
export function consumerOperations(context: KinesisContext): Record<string, Operation> {
  const { catalog, raceClock, subscriptions } = context;
  return {
    RegisterStreamConsumer: async (input) => {
      refuseMembers(input, 'Tags');
      const stream = streamOf(context, { StreamARN: text(input, 'StreamARN', { max: 2048 }) });
      const name = text(input, 'ConsumerName', CONSUMER_NAME);
      const registered = consumersOf(context, stream);
      if (registered.some((other) => other.name === name)) {
        throw new AwsError('ResourceInUseException', `Consumer ${name} is registered with ${stream.name} already.`);
      }
      checkQuotas(context, stream, registered);
      const consumer: ConsumerRecord = {
        name,
        createdAtMs: Math.floor(raceClock.nowMs()),
        pending: { status: 'CREATING', untilMs: catalog.delayedMs() },
      };
      stream.record.consumers = [...registered, consumer];
      await catalog.save(stream);
      return { Consumer: describeConsumer(context, stream, consumer) };
    },
    DeregisterStreamConsumer: async (input) => {
      const { stream, consumer } = registrationOf(context, input);
      const arn = consumerArnOf(context, stream, consumer);
      consumer.pending = { status: 'DELETING', untilMs: catalog.delayedMs() };
      stream.record.consumers = consumersOf(context, stream);
      await catalog.save(stream);
      subscriptions.endOf(arn);
      return undefined;
    },
    DescribeStreamConsumer: (input) => {
      const { stream, consumer } = registrationOf(context, input);
      const described = describeConsumer(context, stream, consumer);
      return { ConsumerDescription: { ...described, StreamARN: arnOf(context, stream) } };
    },
    ListStreamConsumers: (input) => {
      const max = optionalWhole(input, 'MaxResults', 1, LIST_MAX) ?? LIST_DEFAULT;
      const stream = streamOf(context, { StreamARN: text(input, 'StreamARN', { max: 2048 }) });
      checkCreation(stream, optionalTimestamp(input, 'StreamCreationTimestamp'));
      const given = optionalText(input, 'NextToken', { max: 1_048_576 });
      const after = given === undefined ? '' : parseToken<ConsumersToken>(context, given).afterName;
      const consumers = consumersOf(context, stream)
        .filter(({ name }) => name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = consumers.slice(0, max);
      const token = (): ConsumersToken => ({
        streamId: stream.record.id,
        afterName: page.at(-1)!.name,
        issuedAtMs: raceClock.nowMs(),
      });
      return {
        Consumers: page.map((consumer) => describeConsumer(context, stream, consumer)),
        NextToken: consumers.length > max ? formatToken(token()) : undefined,
      };
    },
    SubscribeToShard: (input) => {
      const { stream, consumer } = consumerOf(context, input);
      const shard = shardOf(context, stream, text(input, 'ShardId', SHARD_ID));
      const status = consumerStatus(context, consumer);
      if (status !== 'ACTIVE') {
        throw new AwsError('ResourceInUseException', `Consumer ${consumer.name} is not ACTIVE, but ${status}.`);
      }
      const position = optionalObject(input, 'StartingPosition') ?? {};
      const next = startOf(context, stream, shard, readPosition(position, STARTING_POSITION_MEMBERS));
      if (input.DryRun === true) {
        throw new AwsError('DryRunOperationException', 'The request would have succeeded, but for DryRun.');
      }
      const consumerArn = consumerArnOf(context, stream, consumer);
      return new EventStream(subscriptions.take({ consumerArn, stream, shard, next }));
    },
  };
}

/** The consumer that ConsumerARN names, or StreamARN and ConsumerName together. */
function registrationOf(context: KinesisContext, input: JsonObject): Registration {
  if (input.ConsumerARN !== undefined) return consumerOf(context, input);
  const stream = streamOf(context, { StreamARN: text(input, 'StreamARN', { max: 2048 }) });
  const name = text(input, 'ConsumerName', CONSUMER_NAME);
  return { stream, consumer: findConsumer(context, stream, name, (consumer) => consumer.name) };
}

function checkQuotas(context: KinesisContext, stream: Stream, registered: readonly ConsumerRecord[]): void {
  const { catalog, limits } = context;
  if (registered.length >= limits.consumersMax) {
    throw new AwsError('LimitExceededException', `Stream ${stream.name} has ${limits.consumersMax} consumers already.`);
  }
  const creating = catalog
    .all()
    .flatMap((one) => one.record.consumers)
    .filter((consumer) => consumerStatus(context, consumer) === 'CREATING');
  if (creating.length >= limits.consumersCreatingMax) {
    throw new AwsError('LimitExceededException', `${limits.consumersCreatingMax} consumers are CREATING already.`);
  }
}

/** StreamCreationTimestamp tells one stream from an earlier one of its name. */
function checkCreation(stream: Stream, createdAtMs: number | undefined): void {
  if (createdAtMs === undefined || Math.floor(createdAtMs / 1000) === Math.floor(stream.record.createdAtMs / 1000))
    return;
  throw new AwsError('ResourceNotFoundException', `Stream ${stream.name} was not created at that time.`);
}
