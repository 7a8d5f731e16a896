import type { AttributeValue, BatchWriteItemCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Clock, ManualClock } from '#wire/clock.js';
import { awsError } from '../streams/fake-dynamodb.js';

export type StoredItem = Record<string, AttributeValue>;

/** Tables that take BatchWriteItem: as many units a second as they have, the rest comes back unprocessed. */
export class FakeTable {
  readonly items = new Map<string, StoredItem>();
  /** Write units a second; what was not used in the last second is kept. */
  unitsPerS = Number.POSITIVE_INFINITY;
  latencyMs = 0;
  calls = 0;
  refused = 0;
  admitted = 0;
  /** Before each call; a promise that never ends is a process that was killed. */
  fault: (call: number) => void | Promise<void> = () => {};
  readonly #clock: Clock;
  #tokens = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock = new ManualClock(0)) {
    this.#clock = clock;
  }

  /** Keeps to the fault that is set now. */
  get client(): DynamoDBClient {
    const { fault } = this;
    const send = async ({ input }: { input: BatchWriteItemCommandInput }) => {
      await fault(++this.calls);
      if (this.latencyMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, this.latencyMs));
      return this.#write(input);
    };
    return { send } as unknown as DynamoDBClient;
  }

  /** As text, so that what two loads have written can be compared. */
  sorted(): string[] {
    return [...this.items].map(([key, item]) => `${key} ${JSON.stringify(item)}`).sort();
  }

  #write({ RequestItems = {} }: BatchWriteItemCommandInput): object {
    const left: NonNullable<BatchWriteItemCommandInput['RequestItems']> = {};
    let units = 0;
    let asked = 0;
    for (const [table, requests] of Object.entries(RequestItems)) {
      for (const request of requests) {
        asked++;
        const item = request.PutRequest!.Item!;
        const cost = Math.ceil(JSON.stringify(item).length / 1024);
        if (!this.#take(cost)) {
          this.refused++;
          left[table] = [...(left[table] ?? []), request];
          continue;
        }
        units += cost;
        this.items.set(`${table} ${item.pk.S} ${item.sk.S}`, item);
      }
    }
    this.admitted += units;
    if (asked > 0 && units === 0) throw awsError('ProvisionedThroughputExceededException', 400);
    return { UnprocessedItems: left, ConsumedCapacity: [{ Table: { CapacityUnits: units } }], $metadata: {} };
  }

  #take(units: number): boolean {
    const nowMs = this.#clock.nowMs();
    const seconds = Math.min(1, (nowMs - this.#atMs) / 1000);
    this.#tokens = Math.min(this.unitsPerS, this.#tokens + this.unitsPerS * seconds);
    this.#atMs = nowMs;
    if (this.unitsPerS === Number.POSITIVE_INFINITY) return true;
    if (this.#tokens <= 0) return false;
    this.#tokens -= units;
    return true;
  }
}
