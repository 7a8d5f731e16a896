/**
 * The contract between the rules and the services that they feed. The engine builds no client: whoever starts it passes
 * senders in, for AWS, for a stand-in, or for a test.
 */
import type { StreamKey, TableKey } from '../catalog.js';
import type { ValueObject } from '../sql/values.js';

/** What became of one entry of a batch. No `errorCode`: it is stored. */
export interface SendResult {
  errorCode?: string;
  errorMessage?: string;
  /** Whether the same entry may be stored if it is sent again. */
  retriable?: boolean;
}

/** Stores batches in one stream or table. */
export interface Sender<Entry> {
  /** Name in the account, as error messages give it. */
  readonly resource: string;
  /** One result per entry, in order. A call that fails whole gives the same result for each; it does not throw. */
  send(entries: Entry[]): Promise<SendResult[]>;
}

export interface KinesisRecord {
  data: Uint8Array;
  partitionKey: string;
}

export type KinesisSender = Sender<KinesisRecord>;

export interface ItemSender extends Sender<ValueObject> {
  /** Text that two items share when one would replace the other; undefined when the item lacks a key of the table. */
  keyOf(item: ValueObject): string | undefined;
}

export interface Senders {
  kinesis(stream: StreamKey): KinesisSender;
  dynamoDBv2(table: TableKey): ItemSender;
}
