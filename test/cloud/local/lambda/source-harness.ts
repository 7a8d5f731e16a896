/** Local services with a function of the test, its sources, and stock clients to write with. */
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

export const textsOf = ({ Records }: KinesisEvent): string[] =>
  Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());

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
