import { randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Sender, Senders } from '#rules/actions/senders.js';
import type { Mapping } from './mapping.js';

/** What is told of a batch that was given up. */
export interface Discarded {
  mapping: Mapping;
  shardId: string;
  /** As `failureRecord` has it. */
  record: object;
  /** What the function was given, JSON; only S3 gets it. */
  event: string;
  nowMs: number;
}

/** Resolves when the destination has it. */
export type Destination = (discarded: Discarded) => Promise<void>;

export interface DestinationsOptions {
  s3(): Promise<S3Client>;
  /** Queues and topics, which are files here. */
  senders: Pick<Senders, 'sqs' | 'sns'>;
}

/** Bucket, queue or topic by its ARN; undefined for what is none of them. */
export function destinationOf(arn: string, { s3, senders }: DestinationsOptions): Destination | undefined {
  const [, service, name] = /^arn:[\w-]+:(s3|sqs|sns):[\w-]*:\d*:([\w.-]+)$/.exec(arn) ?? [];
  switch (service) {
    case 's3':
      return async ({ mapping, shardId, record, event, nowMs }) => {
        const Key = objectName(mapping.uuid, shardId, nowMs);
        const Body = JSON.stringify({ ...record, payload: event });
        await (await s3()).send(new PutObjectCommand({ Bucket: name, Key, Body, ContentType: 'application/json' }));
      };
    case 'sqs':
      return sendTo(senders.sqs?.(arn), (messageBody) => ({ messageBody }));
    case 'sns':
      return sendTo(senders.sns?.(arn), (message) => ({ message, messageFormat: 'RAW' }));
    default:
      return undefined;
  }
}

function sendTo<Entry>(sender: Sender<Entry> | undefined, entryOf: (record: string) => Entry): Destination | undefined {
  if (sender === undefined) return undefined;
  return async ({ record }) => {
    const [result] = await sender.send([entryOf(JSON.stringify(record))]);
    if (result.errorCode !== undefined) throw new Error(`${result.errorCode}: ${result.errorMessage ?? ''}`);
  };
}

/** `aws/lambda/<uuid>/<shard>/yyyy/MM/dd/yyyy-MM-ddTHH.mm.ss-<random uuid>`. */
function objectName(uuid: string, shardId: string, nowMs: number): string {
  const [date, time] = new Date(nowMs).toISOString().split('T');
  const folder = `aws/lambda/${uuid}/${shardId}/${date.replaceAll('-', '/')}`;
  return `${folder}/${date}T${time.slice(0, 8).replaceAll(':', '.')}-${randomUUID()}`;
}
