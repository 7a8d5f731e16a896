/**
 * Stream records. They are stored as the JSON that GetRecords answers with: images are the texts of the items as they are stored
 * anyway, and reading copies bytes.
 */
import type { Item, StreamViewType } from '../engine.js';
import { itemBytes } from '../item-size.js';
import type { ItemWrite } from '../item-write.js';
import { formatSequence } from './sequence.js';

const EVENT_VERSION = '1.1';
/** Deletions by expiry are told apart by it. Member names are those of the API; Lambda's event has them in lower case. */
const SERVICE_IDENTITY = '"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"},';

export interface ChangeContext {
  region: string;
  viewType: StreamViewType;
  keyNames: readonly string[];
  /** 16 hex digits of the stream; with the number they make the event's id. */
  idPrefix: string;
}

/** Whether a write leaves everything as it was: AWS writes no stream record for it. */
export function changesNothing({ before, item }: ItemWrite, text: string | undefined): boolean {
  if (before === undefined || text === undefined || item === undefined)
    return before === undefined && text === undefined;
  if (before.text === text) return true;
  // Values are stored in one form only; but for the order of attributes and of a set's members, equal items are equal texts.
  return before.text.length === text.length && isSameMap(before.item, item);
}

/** @param text the new item as it is stored; undefined = deleted */
export function renderChange(
  context: ChangeContext,
  write: ItemWrite,
  text: string | undefined,
  number: number,
  atMs: number,
): string {
  const { region, viewType, keyNames, idPrefix } = context;
  const { before, item } = write;
  const keys = keysOf(item ?? before?.item ?? {}, keyNames);
  let bytes = itemBytes(keys);
  let images = '';
  if (item !== undefined && (viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES')) {
    bytes += itemBytes(item);
    images += `,"NewImage":${text}`;
  }
  if (before !== undefined && (viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES')) {
    bytes += itemBytes(before.item);
    images += `,"OldImage":${before.text}`;
  }
  const eventName = item === undefined ? 'REMOVE' : before === undefined ? 'INSERT' : 'MODIFY';
  // `dynamodb` last, its size behind the images: what follows the last mention of SizeBytes is ours alone.
  return (
    `{"eventID":"${idPrefix}${number.toString(16).padStart(16, '0')}","eventName":"${eventName}",` +
    `"eventVersion":"${EVENT_VERSION}","eventSource":"aws:dynamodb","awsRegion":"${region}",` +
    `${write.byService ? SERVICE_IDENTITY : ''}"dynamodb":{"ApproximateCreationDateTime":${Math.floor(atMs / 1000)},` +
    `"Keys":${JSON.stringify(keys)}${images},"SequenceNumber":"${formatSequence(number)}","SizeBytes":${bytes},` +
    `"StreamViewType":"${viewType}"}}`
  );
}

/** What a stored record counts towards the bytes of a call. */
export function changeBytes(record: string): number {
  return Number.parseInt(record.slice(record.lastIndexOf(SIZE) + SIZE.length), 10);
}

/** When a stored record was made, epoch ms, to the second. */
export function changeAtMs(record: string): number {
  return Number.parseInt(record.slice(record.indexOf(CREATION) + CREATION.length), 10) * 1000;
}

const SIZE = '"SizeBytes":';
const CREATION = '"ApproximateCreationDateTime":';

function keysOf(item: Item, keyNames: readonly string[]): Item {
  const keys: Item = {};
  for (const name of keyNames) keys[name] = item[name];
  return keys;
}

function isSameMap(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && isSameValue(a[name], b[name]))
  );
}

function isSameValue(a: Item[string], b: Item[string]): boolean {
  const [type] = Object.keys(a);
  const held = a[type];
  const other = b[type];
  if (other === undefined) return false;
  switch (type) {
    case 'M':
      return isSameMap(held as Item, other as Item);
    case 'L': {
      const others = other as Item[string][];
      const members = held as Item[string][];
      return members.length === others.length && members.every((member, i) => isSameValue(member, others[i]));
    }
    case 'SS':
    case 'NS':
    case 'BS': {
      const others = new Set(other as string[]);
      const members = held as string[];
      return members.length === others.size && members.every((member) => others.has(member));
    }
    default:
      return held === other;
  }
}
