import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type KinesisClient,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import type { LocalAws, LocalAwsOptions } from '#cloud/local/services.js';
import { ManualClock } from '#wire/clock.js';
import { startIn, stockClients, testFolder } from '../local-aws.js';

export const SHARD_0 = 'shardId-000000000000';

/** A server on a race clock that stands still until a test moves it, met through the stock client. */
export class KinesisHarness {
  readonly raceClock = new ManualClock(Date.UTC(2026, 10, 21));
  readonly #folder = testFolder();
  readonly #options: Partial<LocalAwsOptions>;
  #clients!: ReturnType<typeof stockClients>;
  aws!: LocalAws;

  constructor(options: Partial<LocalAwsOptions> = {}) {
    this.#options = options;
  }

  get kinesis(): KinesisClient {
    return this.#clients.kinesis;
  }

  async open(): Promise<void> {
    this.aws = await startIn(this.#folder.path, { raceClock: this.raceClock, ...this.#options });
    this.#clients = stockClients(this.aws.url);
  }

  /** Ends the server; the folder stays for the next `open`. */
  async close(): Promise<void> {
    this.#clients.destroy();
    await this.aws.close();
  }

  async remove(): Promise<void> {
    await this.close();
    this.#folder.remove();
  }

  /** Buckets are full again. */
  rest(): void {
    this.raceClock.advance(10_000);
  }

  async createStream(StreamName: string, ShardCount = 1): Promise<string> {
    this.rest();
    await this.kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }));
    return StreamName;
  }

  putTexts(StreamName: string, texts: readonly string[], PartitionKey = 'car-1') {
    const Records = texts.map((text) => ({ PartitionKey, Data: Buffer.from(text) }));
    return this.kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  }

  /** Of the first shard from its start, unless told otherwise; slow enough for five a second. */
  async iterator(StreamName: string, start: Partial<GetShardIteratorCommandInput> = {}): Promise<string> {
    this.raceClock.advance(200);
    const input = { StreamName, ShardId: SHARD_0, ShardIteratorType: 'TRIM_HORIZON' as const, ...start };
    return (await this.kinesis.send(new GetShardIteratorCommand(input))).ShardIterator!;
  }

  async texts(ShardIterator: string): Promise<string[]> {
    const { Records = [] } = await this.kinesis.send(new GetRecordsCommand({ ShardIterator }));
    return textsOf(Records);
  }
}

export function textsOf(records: readonly { Data: Uint8Array | undefined }[]): string[] {
  return records.map(({ Data }) => Buffer.from(Data!).toString());
}

export const arnOf = (name: string): string => `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`;
