import type { Action, ActionContext } from './actions/action.js';
import { BatchQueue } from './actions/batch-queue.js';
import { DYNAMODB_LIMITS, DYNAMODB_V2_ACTION, dynamoDBv2Action } from './actions/dynamodb-v2.js';
import { KINESIS_ACTION, KINESIS_LIMITS, kinesisAction } from './actions/kinesis.js';
import type { KinesisRecord } from './actions/senders.js';
import type { RuleAction, StreamKey, TableKey } from './catalog.js';
import type { EngineLimits, EngineOptions } from './options.js';
import type { ValueObject } from './sql/values.js';

/** One queue per stream and per table, shared by all rules that feed it. */
export class Targets {
  readonly #options: Pick<EngineOptions, 'senders' | 'wallClock' | 'random'>;
  readonly #limits: EngineLimits;
  readonly #streams = new Map<StreamKey, BatchQueue<KinesisRecord>>();
  readonly #tables = new Map<TableKey, BatchQueue<ValueObject>>();

  constructor(options: Pick<EngineOptions, 'senders' | 'wallClock' | 'random'>, limits: EngineLimits) {
    this.#options = options;
    this.#limits = limits;
  }

  action(spec: RuleAction, context: ActionContext): Action {
    if ('kinesis' in spec) return kinesisAction(spec.kinesis, this.#stream(spec.kinesis.stream), context);
    const { table } = spec.dynamoDBv2;
    return dynamoDBv2Action(spec.dynamoDBv2, this.#table(table), this.#options.senders.dynamoDBv2(table));
  }

  /** Wall time of the oldest record that is not settled. */
  oldestMs(): number | undefined {
    let oldestMs: number | undefined;
    for (const queue of this.#queues()) {
      const candidate = queue.oldestMs;
      if (candidate !== undefined && (oldestMs === undefined || candidate < oldestMs)) oldestMs = candidate;
    }
    return oldestMs;
  }

  abandon(): void {
    for (const queue of this.#queues()) queue.abandon();
  }

  #queues(): Pick<BatchQueue<unknown>, 'oldestMs' | 'abandon'>[] {
    return [...this.#streams.values(), ...this.#tables.values()];
  }

  #stream(stream: StreamKey): BatchQueue<KinesisRecord> {
    let queue = this.#streams.get(stream);
    if (queue === undefined) {
      const sender = this.#options.senders.kinesis(stream);
      queue = new BatchQueue({ ...this.#common(), sender, action: KINESIS_ACTION, limits: KINESIS_LIMITS });
      this.#streams.set(stream, queue);
    }
    return queue;
  }

  #table(table: TableKey): BatchQueue<ValueObject> {
    let queue = this.#tables.get(table);
    if (queue === undefined) {
      const sender = this.#options.senders.dynamoDBv2(table);
      queue = new BatchQueue({
        ...this.#common(),
        sender,
        action: DYNAMODB_V2_ACTION,
        limits: DYNAMODB_LIMITS,
        identityOf: (item) => sender.keyOf(item)!,
      });
      this.#tables.set(table, queue);
    }
    return queue;
  }

  #common() {
    const { wallClock: wall, random } = this.#options;
    const { retry, lingerMs } = this.#limits;
    return { wall, random, retry, lingerMs };
  }
}
