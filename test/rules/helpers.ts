import type { ErrorMessage, ErrorSink } from '#rules/actions/outbox.js';
import type { ItemSender, KinesisRecord, KinesisSender, Senders, SendResult } from '#rules/actions/senders.js';
import type { RuleAction, RuleDefinition, StreamKey, TableKey } from '#rules/catalog.js';
import type { RuleMessage } from '#rules/engine.js';
import type { ValueObject } from '#rules/sql/values.js';

/** Answers a batch; by default everything is stored. */
export type Answer<Entry> = (entries: Entry[], call: number) => SendResult[] | Promise<SendResult[]>;

export const stored = (entries: unknown[]): SendResult[] => entries.map(() => ({}));
export const throttled: SendResult = { errorCode: 'ProvisionedThroughputExceededException', retriable: true };
export const refused: SendResult = {
  errorCode: 'AccessDeniedException',
  errorMessage: 'not allowed',
  retriable: false,
};

/** Senders that keep what they were asked to store, by resource. */
export class RecordingSenders implements Senders {
  readonly records = new Map<string, KinesisRecord[]>();
  readonly items = new Map<string, ValueObject[]>();
  /** Size of every batch, in order of the calls. */
  readonly batches: number[] = [];
  answer: Answer<unknown> = stored;

  kinesis(stream: StreamKey): KinesisSender {
    return { resource: stream, send: (entries) => this.#send(this.records, stream, entries) };
  }

  dynamoDBv2(table: TableKey): ItemSender {
    return {
      resource: table,
      keyOf: ({ pk, sk }) => (typeof pk === 'string' && typeof sk === 'string' ? JSON.stringify([pk, sk]) : undefined),
      send: (entries) => this.#send(this.items, table, entries),
    };
  }

  texts(stream: StreamKey): string[] {
    return (this.records.get(stream) ?? []).map(({ data }) => Buffer.from(data).toString());
  }

  async #send<Entry>(into: Map<string, Entry[]>, resource: string, entries: Entry[]): Promise<SendResult[]> {
    this.batches.push(entries.length);
    const results = await this.answer(entries, this.batches.length);
    const kept = entries.filter((_, i) => results[i].errorCode === undefined);
    into.set(resource, [...(into.get(resource) ?? []), ...kept]);
    return results;
  }
}

export class RecordingSink implements ErrorSink {
  readonly messages: { key: string; message: ErrorMessage }[] = [];
  full = false;

  async put(key: string, message: ErrorMessage): Promise<void> {
    if (this.full) throw new Error('full');
    this.messages.push({ key, message });
  }
}

export function rule(name: string, sql: string, actions: RuleAction[]): RuleDefinition {
  const errorAction = { s3: { bucket: 'archive', key: `errors/${name}/\${topic(1)}.json` } } as const;
  return { name, description: '', sql, sqlVersion: '2016-03-23', actions, errorAction };
}

export function message(topic: string, payload: unknown, more: Partial<RuleMessage> = {}): RuleMessage {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
  return { topic, payload: bytes, clientId: 'car-1', principal: 'p', timestampMs: 1_763_683_200_123, ...more };
}
