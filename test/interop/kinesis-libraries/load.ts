import { type KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';

const PLAIN_KEYS = ['car-0', 'car-1', 'car-2', 'car-3', 'car-4', 'car-5', 'car-6', 'car-7'];
const AGGREGATED_KEYS = ['cars-0', 'cars-1', 'cars-2', 'cars-3', 'cars-4', 'cars-5', 'cars-6', 'cars-7'];
const USERS = 5;
const PUT_MS = 150;

/** Numbered records under sixteen keys, half of them in KPL aggregates, until it is stopped. In order, key by key. */
export class Load {
  /** How many were written, by key. */
  readonly written: Map<string, number> = new Map();
  readonly #client: KinesisClient;
  readonly #stream: string;
  #isOver = false;
  readonly #running: Promise<void>;

  constructor(client: KinesisClient, stream: string) {
    this.#client = client;
    this.#stream = stream;
    this.#running = this.#run();
  }

  get total(): number {
    return [...this.written.values()].reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const plain = PLAIN_KEYS.map((key) => ({ PartitionKey: key, Data: Buffer.from(String(this.#next(key))) }));
      const aggregated = AGGREGATED_KEYS.map((key) => {
        const users = Array.from({ length: USERS }, () => ({
          partitionKey: key,
          data: Buffer.from(String(this.#next(key))),
        }));
        const { partitionKey, explicitHashKey, data } = aggregate(users);
        return { PartitionKey: partitionKey, ExplicitHashKey: explicitHashKey, Data: data };
      });
      await this.#put([...plain, ...aggregated]);
      await new Promise((resolve) => setTimeout(resolve, PUT_MS));
    }
  }

  /** Until all are taken: what a shard refuses is put again before more of its key. */
  async #put(entries: PutRecordsRequestEntry[]): Promise<void> {
    for (let left = entries; left.length > 0; ) {
      const command = new PutRecordsCommand({ StreamName: this.#stream, Records: left });
      const { Records: results = [] } = await this.#client.send(command);
      left = left.filter((_entry, i) => results[i].ErrorCode !== undefined);
    }
  }

  #next(key: string): number {
    const number = this.written.get(key) ?? 0;
    this.written.set(key, number + 1);
    return number;
  }
}
