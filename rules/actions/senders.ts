/**
 * The contract between the rules and the services that they feed. The engine builds no client: whoever starts it passes
 * senders in, for AWS, for a stand-in, or for a test.
 */
import type { BucketKey, CannedAcl, StreamKey, TableKey } from '../definition.js';
import type { MqttProperties } from '../sql/evaluation.js';
import type { Value } from '../sql/values.js';

/** What became of one entry of a batch. No `errorCode`: it is stored. */
export interface SendResult {
  errorCode?: string;
  errorMessage?: string;
  /** Whether the same entry may be stored if it is sent again. */
  retriable?: boolean;
}

/** Stores batches in one stream, table, queue, … */
export interface Sender<Entry> {
  /** Name in the account, as error messages give it. */
  readonly resource: string;
  /** One result per entry, in order. A call that fails whole gives the same result for each; it does not throw. */
  send(entries: Entry[]): Promise<SendResult[]>;
  /**
   * Text that two entries share when one would replace the other: they never share a call. Of a table: undefined when the
   * item lacks a key of the table.
   */
  identityOf?(entry: Entry): string | undefined;
}

export interface KinesisRecord {
  data: Uint8Array;
  partitionKey: string;
}

export interface FirehoseRecord {
  data: Uint8Array;
}

/** Columns by name; bytes where a message was no JSON. */
export interface TableItem {
  [column: string]: Value | Uint8Array;
}

export type TableWrite =
  | { operation: 'put'; item: TableItem }
  | { operation: 'update'; key: TableItem; set: TableItem }
  | { operation: 'delete'; key: TableItem };

export interface S3Object {
  key: string;
  body: Uint8Array;
  cannedAcl?: CannedAcl;
}

export interface LambdaEvent {
  /** JSON text. */
  payload: string;
}

export interface RepublishedMessage {
  topic: string;
  payload: Uint8Array;
  qos: 0 | 1;
  /** MQTT 5's, for rules. */
  properties?: MqttProperties;
  /** How long it may wait for a subscriber. */
  expiryMs?: number;
  /** How many rules have republished it, this one included: carried on in `RuleMessage.hops`. */
  hops: number;
}

export interface SqsMessage {
  messageBody: string;
}

export interface SnsMessage {
  message: string;
  messageFormat: 'RAW' | 'JSON';
}

export interface MetricDatum {
  namespace: string;
  name: string;
  unit: string;
  value: number;
  timestampMs: number;
}

export interface AlarmState {
  stateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  stateReason: string;
}

export interface LogEvent {
  timestampMs: number;
  message: string;
}

export interface HttpRequest {
  url: string;
  /** What of it has to be confirmed first. */
  confirmationUrl: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Each service: what names one of its targets, and what one call carries several of. */
export interface Services {
  kinesis: { target: StreamKey; entry: KinesisRecord };
  firehose: { target: string; entry: FirehoseRecord };
  dynamodb: { target: TableKey; entry: TableWrite };
  s3: { target: BucketKey; entry: S3Object };
  lambda: { target: string; entry: LambdaEvent };
  republish: { target: 'broker'; entry: RepublishedMessage };
  sqs: { target: string; entry: SqsMessage };
  sns: { target: string; entry: SnsMessage };
  cloudwatchMetric: { target: 'metrics'; entry: MetricDatum };
  cloudwatchAlarm: { target: string; entry: AlarmState };
  cloudwatchLogs: { target: string; entry: LogEvent };
  /** The target is the confirmation URL. */
  http: { target: string; entry: HttpRequest };
}

export type Service = keyof Services;

/**
 * A function per service that is there; it gives nothing for a target that is not. A rule whose action has no sender is
 * refused when the engine starts.
 */
export type Senders = {
  [Name in Service]?: (target: Services[Name]['target']) => Sender<Services[Name]['entry']> | undefined;
};

export type KinesisSender = Sender<KinesisRecord>;
export type TableSender = Sender<TableWrite> & { identityOf(write: TableWrite): string | undefined };
