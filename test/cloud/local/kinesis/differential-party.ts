import * as kinesis from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { credentials, region } from '../local-aws.js';

/** What is in place of a value that every server makes up itself: the value that the same call returned from each. */
export type Reference =
  | { sequenceOf: number }
  | { iterator: number }
  | { token: number }
  /** StartingSequenceNumber of a shard. */
  | { startOf: string; stream: string };

/** A call as it is made on every server. */
export interface Call {
  operation: Operation;
  input: Record<string, unknown>;
}

const COMMANDS = {
  CreateStream: kinesis.CreateStreamCommand,
  DeleteStream: kinesis.DeleteStreamCommand,
  DescribeStream: kinesis.DescribeStreamCommand,
  DescribeStreamSummary: kinesis.DescribeStreamSummaryCommand,
  ListStreams: kinesis.ListStreamsCommand,
  ListShards: kinesis.ListShardsCommand,
  SplitShard: kinesis.SplitShardCommand,
  MergeShards: kinesis.MergeShardsCommand,
  UpdateShardCount: kinesis.UpdateShardCountCommand,
  IncreaseStreamRetentionPeriod: kinesis.IncreaseStreamRetentionPeriodCommand,
  DecreaseStreamRetentionPeriod: kinesis.DecreaseStreamRetentionPeriodCommand,
  PutRecord: kinesis.PutRecordCommand,
  PutRecords: kinesis.PutRecordsCommand,
  GetShardIterator: kinesis.GetShardIteratorCommand,
  GetRecords: kinesis.GetRecordsCommand,
};
export type Operation = keyof typeof COMMANDS;

/** An answer without what every server makes up itself: comparable. */
export type Answer = Record<string, unknown> & { error?: string; message?: string };

/** A server that does not answer in that time never will, on a busy machine either. */
const SILENCE_MS = 30_000;
const POLL_MS = 3;

/** One server, and what it has called the things that all know. */
export class Party {
  readonly name: string;
  readonly client: kinesis.KinesisClient;
  readonly #sequences: string[] = [];
  readonly #iterators: (string | undefined)[] = [];
  readonly #tokens: (string | undefined)[] = [];
  /** By stream and shard. */
  readonly #starts = new Map<string, string>();
  #stream = '';

  constructor(name: string, url: string) {
    this.name = name;
    const requestHandler = new NodeHttpHandler({ requestTimeout: SILENCE_MS, throwOnRequestTimeout: true });
    this.client = new kinesis.KinesisClient({ region, credentials, endpoint: url, maxAttempts: 1, requestHandler });
  }

  /** Undefined when the call refers to what this server never gave. `numbers` = of the records, iterators and tokens that it makes. */
  async send({ operation, input }: Call, numbers: { record: number; iterator: number }): Promise<Answer | undefined> {
    this.#stream = String(input.StreamName);
    const resolved = this.#resolve(input);
    if (resolved === undefined) return undefined;
    const Command = COMMANDS[operation] as unknown as new (input: unknown) => kinesis.ListStreamsCommand;
    try {
      const { $metadata: _, ...output } = (await this.client.send(new Command(resolved))) as unknown as Answer & {
        $metadata: unknown;
      };
      return this.#comparable(operation, output, numbers);
    } catch (error) {
      const { name, message } = error as Error;
      return { error: name, message: comparableMessage(message) };
    }
  }

  /** Waits until no change of the stream is under way. */
  async settle(StreamName: string): Promise<void> {
    for (;;) {
      try {
        const command = new kinesis.DescribeStreamSummaryCommand({ StreamName });
        const { StreamDescriptionSummary: stream } = await this.client.send(command);
        if (stream!.StreamStatus === 'ACTIVE') return;
      } catch {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #resolve(input: Record<string, unknown>): Record<string, unknown> | undefined {
    const entries = Object.entries(input).map(([name, value]) => [name, this.#valueOf(value)] as const);
    return entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries);
  }

  #valueOf(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if ('sequenceOf' in value) return this.#sequences[(value as { sequenceOf: number }).sequenceOf];
    if ('iterator' in value) return this.#iterators[(value as { iterator: number }).iterator];
    if ('token' in value) return this.#tokens[(value as { token: number }).token];
    if ('startOf' in value) {
      const { startOf, stream } = value as { startOf: string; stream: string };
      return this.#starts.get(`${stream}/${startOf}`);
    }
    return value;
  }

  #comparable(
    operation: Operation,
    output: Answer,
    { record, iterator }: { record: number; iterator: number },
  ): Answer {
    const answer = { ...output };
    const given = (answer.ShardIterator ?? answer.NextShardIterator) as string | undefined;
    if (operation === 'GetShardIterator' || operation === 'GetRecords') this.#iterators[iterator] = given;
    for (const name of ['ShardIterator', 'NextShardIterator']) if (answer[name]) answer[name] = 'an iterator';
    if (operation === 'ListShards') this.#tokens[iterator] = answer.NextToken as string | undefined;
    if (answer.NextToken) answer.NextToken = 'a token';
    // Nobody says in which order the parents come.
    for (const child of (answer.ChildShards ?? []) as kinesis.ChildShard[]) child.ParentShards!.sort();
    if (operation === 'PutRecord') answer.SequenceNumber = this.#learn(record, answer.SequenceNumber as string);
    if (operation === 'PutRecords') {
      answer.Records = (answer.Records as kinesis.PutRecordsResultEntry[]).map((entry, i) => ({
        ...entry,
        SequenceNumber: this.#learn(record + i, entry.SequenceNumber!),
      }));
    }
    if (operation === 'GetRecords') {
      answer.MillisBehindLatest = answer.MillisBehindLatest === 0 ? 0 : 'some';
      answer.Records = (answer.Records as kinesis._Record[]).map(({ SequenceNumber, Data, PartitionKey }) => {
        const text = Buffer.from(Data!).toString('latin1');
        const [, number] = /^record (\d+)/.exec(text) ?? [];
        const hasItsNumber = number === undefined || this.#sequences[Number(number)] === SequenceNumber;
        return { text, PartitionKey, hasItsNumber };
      });
    }
    return this.#withoutTimes(answer) as Answer;
  }

  #learn(record: number, sequence: string): string {
    this.#sequences[record] = sequence;
    return `of record ${record}`;
  }

  #withoutTimes(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#withoutTimes(each));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(
      ([name, each]) => name !== 'StreamCreationTimestamp' && each !== undefined,
    );
    if ('SequenceNumberRange' in value) return this.#shard(value as kinesis.Shard);
    return Object.fromEntries(entries.map(([name, each]) => [name, this.#withoutTimes(each)]));
  }

  #shard({ SequenceNumberRange: range, ...shard }: kinesis.Shard): unknown {
    this.#starts.set(`${this.#stream}/${shard.ShardId}`, range!.StartingSequenceNumber!);
    return { ...shard, isClosed: range!.EndingSequenceNumber !== undefined };
  }
}

/** Without the time, without lists, which each writes in its own way; of several errors only that there are several. */
function comparableMessage(message: string): string {
  return message
    .replace(/\b\d{13}(\.\d+)?\b/g, 'now')
    .replace(/\b\d{50,60}\b/g, 'a number')
    .replace(/'\[.*?\]' at/, "'[…]' at")
    .replace(/^(?:[2-9]|\d\d+) validation errors detected: .*/, 'several validation errors');
}
