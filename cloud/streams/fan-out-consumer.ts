import {
  DescribeStreamConsumerCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  RegisterStreamConsumerCommand,
} from '@aws-sdk/client-kinesis';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Random } from '#wire/random.js';
import { actionFor } from './aws-errors.js';
import { backOffMs, pause } from './back-off.js';

export interface FanOutConsumerOptions {
  client: KinesisClient;
  streamName: string;
  /** The same for all workers of an application: its shards are granted to this name. */
  consumerName: string;
  random: Random;
  signal?: AbortSignal;
}

/** Registrations go on for seconds, and five may be under way in an account. */
const TRIES = 10;
const RETRY = { firstMs: 250, lastMs: 2_000 };

/** A registration by its name. */
export interface FanOutConsumer {
  /** Looked up, and registered when it is not there, when it is first asked for. Raises as `registerFanOutConsumer` does. */
  arn(signal?: AbortSignal): Promise<string>;
  /** The service does not know it any more: somebody has deregistered it, so the next who asks registers it again. */
  forget(): void;
}

/**
 * A consumer that is made by whoever comes first and used by whoever comes after: a successor goes on under the registration
 * of the one that died.
 */
export function fanOutConsumer(options: Omit<FanOutConsumerOptions, 'signal'>): FanOutConsumer {
  let known: Promise<string> | undefined;
  return {
    arn: async (signal) => {
      known ??= registerFanOutConsumer({ ...options, signal });
      try {
        return await known;
      } catch (error) {
        known = undefined;
        throw error;
      }
    },
    forget: () => {
      known = undefined;
    },
  };
}

/**
 * The ARN of a consumer with enhanced fan-out, registered when it is not there yet, once it is ACTIVE. Ten tries with
 * back-off, then PW-STREAM-READ.
 */
export async function registerFanOutConsumer(options: FanOutConsumerOptions): Promise<string> {
  const { client, streamName, consumerName, random, signal } = options;
  let last: unknown;
  for (let tries = 1; tries <= TRIES && !signal?.aborted; tries++) {
    if (tries > 1) await pause(backOffMs(tries - 1, RETRY, random), signal);
    try {
      const summary = await client.send(new DescribeStreamSummaryCommand({ StreamName: streamName }));
      const arn = await activeConsumer(client, summary.StreamDescriptionSummary?.StreamARN ?? '', consumerName);
      if (arn) return arn;
    } catch (error) {
      last = error;
      if (actionFor(error) === 'giveUp' || actionFor(error) === 'gone') break;
    }
  }
  throw new PitwallError('PW-STREAM-READ', {
    what: `The consumer ${consumerName} of ${streamName} is not active: ${last === undefined ? 'still being made' : errorCode(last)}.`,
    why: last instanceof Error ? last.message : undefined,
    retriable: last === undefined || actionFor(last) === 'retry' || actionFor(last) === 'slowDown',
    cause: last,
  });
}

/** Undefined while it is being made. */
async function activeConsumer(
  client: KinesisClient,
  StreamARN: string,
  ConsumerName: string,
): Promise<string | undefined> {
  try {
    const described = await client.send(new DescribeStreamConsumerCommand({ StreamARN, ConsumerName }));
    const consumer = described.ConsumerDescription;
    return consumer?.ConsumerStatus === 'ACTIVE' ? consumer.ConsumerARN : undefined;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
  }
  // Another worker may be registering it at this moment: that is ResourceInUseException, and is tried again.
  await client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName }));
  return undefined;
}
