import type { AttributeValue, _Record as SdkRecord } from '@aws-sdk/client-dynamodb-streams';
import type { StreamRecord } from './source.js';

/** An attribute value as JSON has it: bytes (B, BS) are base64 text, everything else is as in the API. */
export type JsonAttribute = { readonly [type: string]: unknown };
export type JsonItem = Readonly<Record<string, JsonAttribute>>;

/**
 * One change of a table, member for member as AWS Lambda gets it in `event.Records`: the bytes of a table stream's
 * `StreamRecord` are its JSON.
 */
export interface TableChange {
  eventID: string;
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  eventVersion: string;
  eventSource: string;
  awsRegion: string;
  dynamodb: {
    /** Epoch seconds. */
    ApproximateCreationDateTime: number;
    Keys: JsonItem;
    NewImage?: JsonItem;
    OldImage?: JsonItem;
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: string;
  };
  /** Of a deletion by expiry: `{ type: 'Service', principalId: 'dynamodb.amazonaws.com' }`. */
  userIdentity?: { type: string; principalId: string };
  /** The stream's ARN. */
  eventSourceARN: string;
}

/**
 * A table's record as the readers have it. Its partition key is the item's key as canonical JSON (attributes by name, one
 * form for one item), so that order by partition key is order by item.
 */
export function fromTableRecord(record: SdkRecord, streamArn: string): StreamRecord {
  const { dynamodb: change, userIdentity } = record;
  const creationMs = change?.ApproximateCreationDateTime?.getTime() ?? 0;
  const keys = toJsonItem(change?.Keys ?? {});
  const told: TableChange = {
    eventID: record.eventID ?? '',
    eventName: record.eventName ?? 'MODIFY',
    eventVersion: record.eventVersion ?? '',
    eventSource: record.eventSource ?? '',
    awsRegion: record.awsRegion ?? '',
    dynamodb: {
      ApproximateCreationDateTime: creationMs / 1000,
      Keys: keys,
      ...(change?.NewImage && { NewImage: toJsonItem(change.NewImage) }),
      ...(change?.OldImage && { OldImage: toJsonItem(change.OldImage) }),
      SequenceNumber: change?.SequenceNumber ?? '',
      SizeBytes: change?.SizeBytes ?? 0,
      StreamViewType: change?.StreamViewType ?? '',
    },
    ...(userIdentity && {
      userIdentity: { type: userIdentity.Type ?? '', principalId: userIdentity.PrincipalId ?? '' },
    }),
    eventSourceARN: streamArn,
  };
  return {
    sequenceNumber: told.dynamodb.SequenceNumber,
    partitionKey: canonicalText(keys),
    data: Buffer.from(JSON.stringify(told)),
    arrivalMs: creationMs,
  };
}

/** The change that a table stream's record carries. */
export function toTableChange({ data }: Pick<StreamRecord, 'data'>): TableChange {
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString()) as TableChange;
}

function canonicalText(keys: JsonItem): string {
  const byName = Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(byName));
}

function toJsonItem(item: Record<string, AttributeValue>): JsonItem {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, toJsonAttribute(value)]));
}

function toJsonAttribute(value: AttributeValue): JsonAttribute {
  if (value.B) return { B: base64(value.B) };
  if (value.BS) return { BS: value.BS.map(base64) };
  if (value.L) return { L: value.L.map(toJsonAttribute) };
  if (value.M) return { M: toJsonItem(value.M) };
  return value as unknown as JsonAttribute;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
