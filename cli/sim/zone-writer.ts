import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { hashKeyOf } from '#cloud/streams/hash-range.js';
import type { OrderEvent } from '#wire/order-events.js';

interface Waiting {
  data: Uint8Array;
  refused: boolean;
}

/** What waits of one zone, oldest first; `first` = what is written next, so that nothing is moved. */
interface Queue {
  waiting: Waiting[];
  first: number;
}

export interface ZoneWriterOptions {
  client: KinesisClient;
  streamName: string;
  onThrottled?(hashKey: string, atMs: number): void;
}

const CALL_RECORDS_MAX = 500;

/**
 * Puts events as a rule does: each one a record of its own under its zone, and none before the one before it is in the
 * stream. A refused record is tried again at the next tick of the race clock; its zone waits for it.
 */
export class ZoneWriter {
  readonly #options: ZoneWriterOptions;
  readonly #queues = new Map<string, Queue>();
  readonly counters = { records: 0, bytes: 0, written: 0, throttledRecords: 0, refusals: 0, calls: 0 };

  constructor(options: ZoneWriterOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.counters.records - this.counters.written;
  }

  add(events: readonly OrderEvent[]): void {
    for (const event of events) {
      const queue = this.#queues.get(event.zone) ?? { waiting: [], first: 0 };
      this.#queues.set(event.zone, queue);
      const data = Buffer.from(JSON.stringify(event));
      queue.waiting.push({ data, refused: false });
      this.counters.records++;
      this.counters.bytes += data.length + event.zone.length;
    }
  }

  /** Writes until nothing waits, or everything that waits has been refused at this tick. */
  async write(nowMs: number): Promise<void> {
    const blocked = new Set<string>();
    for (;;) {
      const zones = [...this.#queues]
        .filter(([zone, { waiting, first }]) => first < waiting.length && !blocked.has(zone))
        .slice(0, CALL_RECORDS_MAX);
      if (zones.length === 0) return;
      const { client, streamName, onThrottled } = this.#options;
      const Records = zones.map(([PartitionKey, { waiting, first }]) => ({ PartitionKey, Data: waiting[first].data }));
      this.counters.calls++;
      const answer = await client.send(new PutRecordsCommand({ StreamName: streamName, Records }));
      zones.forEach(([zone, queue], index) => {
        if (answer.Records?.[index].ErrorCode === undefined) {
          this.#advance(queue);
          return;
        }
        blocked.add(zone);
        const head = queue.waiting[queue.first];
        if (!head.refused) this.counters.throttledRecords++;
        head.refused = true;
        this.counters.refusals++;
        onThrottled?.(hashKeyOf(zone), nowMs);
      });
    }
  }

  #advance(queue: Queue): void {
    this.counters.written++;
    queue.first++;
    if (queue.first < queue.waiting.length) return;
    queue.waiting = [];
    queue.first = 0;
  }
}
