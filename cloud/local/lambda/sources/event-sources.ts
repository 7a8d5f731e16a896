import { randomUUID } from 'node:crypto';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type { ClientOf } from '#cloud/clients.js';
import type { Senders } from '#rules/actions/senders.js';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { AwsError } from '../../aws-error.js';
import type { JsonObject } from '../../json-service.js';
import type { LocalFunctions } from '../functions.js';
import { destinationOf } from './destinations.js';
import type { EventSource } from './event-source.js';
import { compileFilter } from './filter.js';
import { kinesisSource } from './kinesis-source.js';
import { type Mapping, type MappingCounters, noCounters } from './mapping.js';
import { MappingRunner } from './mapping-runner.js';
import type { MappingStore } from './mapping-store.js';
import { type Changes, type Creation, describeMapping, invalid, readCreation, readUpdate } from './members.js';
import { tableSource } from './table-source.js';

export interface EventSourcesOptions {
  store: MappingStore;
  functions: LocalFunctions;
  /** Queues and topics of on-failure destinations. */
  senders: Pick<Senders, 'sqs' | 'sns'>;
  region: string;
  accountId: string;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** Mappings of the account; each reads every shard of its stream. */
const MAPPINGS_MAX = 100;
const STREAM_ARN = /^arn:aws:kinesis:[\w-]+:\d{12}:stream\/([\w.-]{1,128})$/;
const TABLE_STREAM_ARN = /^arn:aws:dynamodb:[\w-]+:\d{12}:table\/[\w.-]{3,255}\/stream\/[\w:.-]+$/;
const STREAM_NAME = /^stream\/([\w.-]{1,128})$/;
const TABLE_NAME = /^table\/([\w.-]{3,255})$/;

/** Every event source mapping there is, stored, and at work once started. */
export class EventSources {
  readonly #options: EventSourcesOptions;
  readonly #mappings = new Map<string, Mapping>();
  readonly #runners = new Map<string, MappingRunner>();
  /** Changes come one after the other: each may have to wait for invocations. */
  #last: Promise<unknown> = Promise.resolve();
  /** Known once started. */
  #clients: ClientOf | undefined;

  constructor(options: EventSourcesOptions) {
    this.#options = options;
    for (const mapping of options.store.mappings()) this.#mappings.set(mapping.uuid, mapping);
  }

  /** Streams are read from now on, through these clients. */
  start(clients: ClientOf): void {
    this.#clients = clients;
    for (const mapping of this.#mappings.values()) this.#run(mapping);
  }

  /** No invocation begins any more; resolves when those under way have ended. */
  async stop(): Promise<void> {
    this.#clients = undefined;
    await this.#last.catch(() => {});
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
    this.#runners.clear();
  }

  /** In order of their making. */
  list(): JsonObject[] {
    return [...this.#mappings.values()].map((mapping) => this.#describe(mapping));
  }

  get(uuid: string): JsonObject {
    return this.#describe(this.#find(uuid));
  }

  /** CreateEventSourceMapping. Rejects with an AwsError. */
  create(input: JsonObject): Promise<JsonObject> {
    return this.#inTurn(async () => {
      const creation = readCreation(input);
      if (TABLE_NAME.test(creation.eventSource)) throw invalid('EventSourceArn must be the ARN of a stream.');
      return this.#describe(await this.#create(creation, 'api'), 'Creating');
    });
  }

  /** UpdateEventSourceMapping; it goes on where it was. Rejects with an AwsError. */
  update(uuid: string, input: JsonObject): Promise<JsonObject> {
    return this.#inTurn(async () => {
      const before = this.#find(uuid);
      return this.#describe(await this.#change(before, readUpdate(input, before)), 'Updating');
    });
  }

  /** DeleteEventSourceMapping. Rejects with an AwsError. */
  delete(uuid: string): Promise<JsonObject> {
    return this.#inTurn(async () => {
      const mapping = this.#find(uuid);
      const described = this.#describe(mapping, 'Deleting');
      await this.#delete(mapping);
      return described;
    });
  }

  /**
   * Makes the mappings of a file be there, and those of an earlier file that it no longer has be gone. One that is there
   * already, of the same function and source, takes over the settings and goes on where it was. Rejects with an AwsError.
   *
   * @param inputs as CreateEventSourceMapping takes them; sources may also be written `stream/<name>` and `table/<name>`
   */
  declare(inputs: readonly JsonObject[]): Promise<void> {
    return this.#inTurn(async () => {
      const creations = inputs.map(readCreation);
      const kept = new Set<string>();
      for (const creation of creations) {
        const there = this.#same(this.#arnOfFunction(creation.functionName), this.#sourceOf(creation.eventSource));
        const mapping =
          there === undefined
            ? await this.#create(creation, 'file')
            : await this.#change(there, { isEnabled: true, ...creation });
        kept.add(mapping.uuid);
      }
      for (const mapping of [...this.#mappings.values()]) {
        if (mapping.origin === 'file' && !kept.has(mapping.uuid)) await this.#delete(mapping);
      }
    });
  }

  /** By `function ← source`. */
  counters(): Record<string, MappingCounters> {
    return Object.fromEntries(
      [...this.#mappings.values()].map((mapping) => [
        `${mapping.functionArn.split(':').at(-1)} ← ${mapping.eventSource}`,
        this.#runners.get(mapping.uuid)?.counters() ?? noCounters(),
      ]),
    );
  }

  async #create(creation: Creation, origin: Mapping['origin']): Promise<Mapping> {
    const { functionName, startingPosition, timestampMs, settings, patterns, destination, isEnabled = true } = creation;
    const functionArn = this.#arnOfFunction(functionName);
    const eventSource = this.#sourceOf(creation.eventSource);
    const same = this.#same(functionArn, eventSource);
    if (same !== undefined) {
      throw new AwsError(
        'ResourceConflictException',
        `The event source arn (" ${eventSource} ") and function (" ${functionName} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${same.uuid}`,
        409,
      );
    }
    if (this.#mappings.size >= MAPPINGS_MAX) throw invalid(`There are ${MAPPINGS_MAX} event source mappings already.`);
    this.#checkDestination(destination);
    const nowMs = Math.floor(this.#options.raceClock.nowMs());
    const startMs = startingPosition === 'LATEST' ? nowMs : timestampMs;
    const mapping: Mapping = {
      uuid: randomUUID(),
      functionArn,
      eventSource,
      startingPosition,
      ...(startMs !== undefined && { startMs }),
      settings,
      patterns,
      ...(destination !== undefined && { destination }),
      isEnabled,
      origin,
      lastModifiedMs: nowMs,
    };
    await this.#options.store.save(mapping);
    this.#mappings.set(mapping.uuid, mapping);
    this.#run(mapping);
    return mapping;
  }

  async #change(before: Mapping, changes: Changes): Promise<Mapping> {
    const { functionName, settings, patterns, destination, isEnabled = before.isEnabled } = changes;
    const functionArn = functionName === undefined ? before.functionArn : this.#arnOfFunction(functionName);
    this.#checkDestination(destination);
    const { destination: _before, ...rest } = before;
    const mapping: Mapping = {
      ...rest,
      functionArn,
      settings,
      patterns,
      ...(destination !== undefined && { destination }),
      isEnabled,
      lastModifiedMs: Math.floor(this.#options.raceClock.nowMs()),
    };
    await this.#halt(before);
    await this.#options.store.save(mapping);
    this.#mappings.set(mapping.uuid, mapping);
    this.#run(mapping);
    return mapping;
  }

  async #delete(mapping: Mapping): Promise<void> {
    await this.#halt(mapping);
    await this.#options.store.remove(mapping);
    this.#mappings.delete(mapping.uuid);
  }

  #run(mapping: Mapping): void {
    const { functions, store, raceClock, wallClock, random, log } = this.#options;
    const clients = this.#clients;
    if (clients === undefined || !mapping.isEnabled) return;
    const runner = new MappingRunner({
      mapping,
      openSource: () => this.#open(mapping, clients),
      functions,
      store,
      destination: this.#destination(mapping.destination, clients),
      raceClock,
      wallClock,
      random,
      log,
    });
    this.#runners.set(mapping.uuid, runner);
  }

  async #halt({ uuid }: Mapping): Promise<void> {
    await this.#runners.get(uuid)?.stop();
    this.#runners.delete(uuid);
  }

  async #open({ eventSource, patterns }: Mapping, clients: ClientOf): Promise<EventSource> {
    const { region, accountId, raceClock, random } = this.#options;
    const filter = compileFilter(patterns);
    const [, streamName] = STREAM_ARN.exec(eventSource) ?? [];
    if (streamName !== undefined) {
      const client = await clients('kinesis');
      return kinesisSource({ client, arn: eventSource, streamName, region, accountId, filter, raceClock });
    }
    const arn = await this.#tableStreamArn(eventSource, clients);
    return tableSource({ client: await clients('dynamodbStreams'), arn, filter, raceClock, random });
  }

  async #tableStreamArn(eventSource: string, clients: ClientOf): Promise<string> {
    const [, TableName] = TABLE_NAME.exec(eventSource) ?? [];
    if (TableName === undefined) return eventSource;
    const { Table } = await (await clients('dynamodb')).send(new DescribeTableCommand({ TableName }));
    if (Table?.LatestStreamArn === undefined) throw new Error(`The table ${TableName} has no stream.`);
    return Table.LatestStreamArn;
  }

  #destination(arn: string | undefined, clients: ClientOf) {
    const { senders } = this.#options;
    return arn === undefined ? undefined : destinationOf(arn, { s3: () => clients('s3'), senders });
  }

  #checkDestination(arn: string | undefined): void {
    const never: ClientOf = () => Promise.reject(new Error('Only asked whether there is such a destination.'));
    if (arn !== undefined && this.#destination(arn, never) === undefined) {
      throw invalid(`Invalid destination ARN: ${arn}. A bucket, a queue or a topic is taken.`);
    }
  }

  #arnOfFunction(name: string): string {
    const { functions, region, accountId } = this.#options;
    if (!functions.has(name)) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
    return name.startsWith('arn:')
      ? name
      : `arn:aws:lambda:${region}:${accountId}:function:${name.replace(/^(\d*:?function:)/, '')}`;
  }

  #sourceOf(eventSource: string): string {
    const { region, accountId } = this.#options;
    const [, streamName] = STREAM_NAME.exec(eventSource) ?? [];
    if (streamName !== undefined) return `arn:aws:kinesis:${region}:${accountId}:stream/${streamName}`;
    if ([STREAM_ARN, TABLE_STREAM_ARN, TABLE_NAME].some((pattern) => pattern.test(eventSource))) return eventSource;
    throw invalid(`Unrecognized event source: ${eventSource}. A Kinesis stream or the stream of a table is taken.`);
  }

  #same(functionArn: string, eventSource: string): Mapping | undefined {
    return [...this.#mappings.values()].find(
      (mapping) => mapping.functionArn === functionArn && mapping.eventSource === eventSource,
    );
  }

  #find(uuid: string): Mapping {
    const mapping = this.#mappings.get(uuid);
    if (mapping !== undefined) return mapping;
    throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404);
  }

  #describe(mapping: Mapping, state = mapping.isEnabled ? 'Enabled' : 'Disabled'): JsonObject {
    const lastResult = this.#runners.get(mapping.uuid)?.lastResult ?? 'No records processed';
    return describeMapping(mapping, state, lastResult);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.catch(() => {}).then(work);
    this.#last = done;
    return done;
  }
}
