import type { ErrorSink, KeptMessage } from '#rules/actions/outbox.js';
import type {
  KinesisRecord,
  KinesisSender,
  Sender,
  Senders,
  SendResult,
  Service,
  Services,
  TableSender,
  TableWrite,
} from '#rules/actions/senders.js';
import type { RuleAction, RuleDefinition, StreamKey, TableKey } from '#rules/definition.js';
import type { RuleMessage } from '#rules/engine.js';
import type { ValueObject } from '#rules/sql/values.js';

/** Answers a batch; by default everything is stored. */
export type Answer<Entry> = (entries: Entry[], call: number, resource: string) => SendResult[] | Promise<SendResult[]>;

export const stored = (entries: unknown[]): SendResult[] => entries.map(() => ({}));
export const throttled: SendResult = { errorCode: 'ProvisionedThroughputExceededException', retriable: true };
export const refused: SendResult = {
  errorCode: 'AccessDeniedException',
  errorMessage: 'not allowed',
  retriable: false,
};

/** Senders that keep what they were asked to store, by resource. */
export class RecordingSenders {
  readonly records = new Map<string, KinesisRecord[]>();
  readonly writes = new Map<string, TableWrite[]>();
  /** What other services than streams and tables got, by service and target. */
  readonly entries = new Map<string, unknown[]>();
  /** Size of every batch, in order of the calls. */
  readonly batches: number[] = [];
  answer: Answer<unknown> = stored;

  kinesis(stream: StreamKey): KinesisSender {
    return { resource: stream, send: (entries) => this.#send(this.records, stream, entries) };
  }

  dynamodb(table: TableKey): TableSender {
    return {
      resource: table,
      identityOf: (write) => {
        const { pk, sk } = write.operation === 'put' ? write.item : write.key;
        return typeof pk === 'string' && typeof sk === 'string' ? JSON.stringify([pk, sk]) : undefined;
      },
      send: (entries) => this.#send(this.writes, table, entries),
    };
  }

  /** A sender for one more service. */
  other<Name extends Service>(service: Name): (target: Services[Name]['target']) => Sender<Services[Name]['entry']> {
    return (target) => ({
      resource: target,
      send: (entries) => this.#send(this.entries, `${service} ${target}`, entries),
    });
  }

  /** Items that were put. */
  items(table: TableKey): ValueObject[] {
    return (this.writes.get(table) ?? []).flatMap((write) =>
      write.operation === 'put' ? [write.item as ValueObject] : [],
    );
  }

  texts(stream: StreamKey): string[] {
    return (this.records.get(stream) ?? []).map(({ data }) => Buffer.from(data).toString());
  }

  /** For an engine: streams and tables, and the services that are named. */
  all(...services: Service[]): Senders {
    const others = Object.fromEntries(services.map((service) => [service, this.other(service)]));
    return {
      kinesis: (stream) => this.kinesis(stream),
      dynamodb: (table) => this.dynamodb(table),
      ...(others as Senders),
    };
  }

  async #send<Entry>(into: Map<string, Entry[]>, resource: string, entries: Entry[]): Promise<SendResult[]> {
    this.batches.push(entries.length);
    const results = await this.answer(entries, this.batches.length, resource);
    const kept = entries.filter((_, i) => results[i].errorCode === undefined);
    into.set(resource, [...(into.get(resource) ?? []), ...kept]);
    return results;
  }
}

export class RecordingSink implements ErrorSink {
  readonly messages: KeptMessage[] = [];
  full = false;

  async put(kept: KeptMessage): Promise<void> {
    if (this.full) throw new Error('full');
    this.messages.push(kept);
  }
}

export function rule(name: string, sql: string, actions: RuleAction[]): RuleDefinition {
  const errorAction = { s3: { bucket: 'archive', key: `errors/${name}/\${topic(1)}.json` } } as const;
  return { name, description: '', enabled: true, sql, sqlVersion: '2016-03-23', actions, errorAction };
}

export function message(topic: string, payload: unknown, more: Partial<RuleMessage> = {}): RuleMessage {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
  return { topic, payload: bytes, clientId: 'car-1', principal: 'p', timestampMs: 1_763_683_200_123, ...more };
}
