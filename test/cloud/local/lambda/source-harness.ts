/** Local services with a function of the test, its sources, and stock clients to write with. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateStreamCommand, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { type Handler, LocalFunctions } from '#cloud/local/lambda/functions.js';
import type { LocalAws, LocalAwsOptions } from '#cloud/local/services.js';
import { silentLog } from '#wire/log.js';
import { startIn, stockClients } from '../local-aws.js';

export const ACCOUNT = 'us-east-1:000000000000';

/** The events that functions get, as far as tests look at them. */
export interface KinesisEvent {
  Records: { kinesis: { partitionKey: string; sequenceNumber: string; data: string }; eventID: string }[];
}

export interface TableEvent {
  Records: {
    eventName: string;
    eventSourceARN: string;
    dynamodb: { Keys: Record<string, { S: string }>; NewImage?: Record<string, { S: string; N: string }> };
  }[];
}

export const textsOf = ({ Records }: KinesisEvent): string[] =>
  Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());

/** Tables' streams with few shards, which roll every second. */
export const SHORT_SHARDS: Partial<LocalAwsOptions> = { tableStreamLimits: { shards: 2, rollMs: 1_000 } };

/** A function that writes the numbers of its records into a file, a line each, 20 ms after it was called. */
export function noteTo(file: string): Handler {
  return async (event) => {
    const { Records } = event as KinesisEvent | TableEvent;
    const numbers = Records.map((record) =>
      'kinesis' in record ? Buffer.from(record.kinesis.data, 'base64').toString() : record.dynamodb.NewImage!.n.N,
    );
    await sleep(20);
    appendFileSync(file, numbers.map((n) => `${n}\n`).join(''));
  };
}

export interface Served {
  aws: LocalAws;
  clients: ReturnType<typeof stockClients>;
  /** Puts texts in order, one call; each under its key. */
  put(stream: string, records: readonly { key: string; text: string }[]): Promise<void>;
  createStream(name: string, shards?: number): Promise<void>;
  close(): Promise<void>;
}

export async function serve(
  folder: string,
  functions: Record<string, Handler>,
  options: Partial<LocalAwsOptions> = {},
): Promise<Served> {
  const local = new LocalFunctions({ functions: new Map(Object.entries(functions)), log: silentLog });
  const aws = await startIn(folder, { functions: local, ...options });
  const clients = stockClients(aws.url);
  return {
    aws,
    clients,
    put: async (StreamName, records) => {
      const Records = records.map(({ key, text }) => ({ PartitionKey: key, Data: Buffer.from(text) }));
      const { FailedRecordCount } = await clients.kinesis.send(new PutRecordsCommand({ StreamName, Records }));
      if (FailedRecordCount !== 0) throw new Error(`${FailedRecordCount} records were refused`);
    },
    createStream: async (StreamName, ShardCount = 1) => {
      await clients.kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }));
    },
    close: async () => {
      clients.destroy();
      await aws.close();
    },
  };
}
