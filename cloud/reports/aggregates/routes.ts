import type { StreamRecord } from '#cloud/streams/source.js';
import { toTableChange } from '#cloud/streams/table-record.js';
import { lapRow, type RowItem, rowKey, stopRow } from '../lap-row.js';
import { eventFact, eventsFold } from './events.js';
import { type Change, type Fold, markOf } from './fold.js';
import { lapsFold } from './laps.js';
import { stopsFold } from './stops.js';

/** Key of a row of the reporting table. */
export interface ReportKey {
  /** `race#<race>`, or `day#<yyyymmdd>` for what only says which thing it was. */
  pk: string;
  /** `<kind>#<entry or thing>`. */
  sk: string;
}

/** A change and the aggregate that it belongs to. Facts and states differ by fold, and meet only inside it. */
export interface Routed {
  key: ReportKey;
  fold: Fold<unknown, unknown>;
  change: Change<unknown>;
}

/** How the items of one source table become changes of aggregates; undefined for what no aggregate counts. */
export type Route = (record: StreamRecord) => Routed | undefined;

/** Of `pitwall-laps`: laps and stops per car and run. */
export const routeLaps: Route = (record) => {
  const image = imageOf(record);
  const key = image && rowKey(image.keys);
  if (!image || !key || (key.type !== 'lap' && key.type !== 'stop')) return undefined;
  const pk = `race#${key.race}`;
  const { type, entry } = key;
  return type === 'lap'
    ? routed({ pk, sk: `laps#${entry}` }, lapsFold, image, lapRow)
    : routed({ pk, sk: `stops#${entry}` }, stopsFold, image, stopRow);
};

/** Of `pitwall-events`: events per type, thing and day. */
export const routeEvents: Route = (record) => {
  const image = imageOf(record);
  const [, day, type, thing] = /^(\d{8})#([^#]+)#(.+)$/.exec(image?.keys.pk?.S ?? '') ?? [];
  if (!image || day === undefined) return undefined;
  return routed({ pk: `day#${day}`, sk: `${type}#${thing}` }, eventsFold, image, eventFact);
};

interface Image {
  mark: string;
  id: string;
  isNew: boolean;
  keys: RowItem;
  /** Undefined when the item was deleted. */
  item: RowItem | undefined;
}

/** Undefined for an expiry: the table forgets, a report does not. */
function imageOf(record: StreamRecord): Image | undefined {
  const { eventName, dynamodb, userIdentity } = toTableChange(record);
  if (userIdentity?.type === 'Service') return undefined;
  const keys = dynamodb.Keys as RowItem;
  return {
    mark: markOf(record.sequenceNumber),
    id: keys.sk?.S ?? '',
    isNew: eventName === 'INSERT',
    keys,
    item: eventName === 'REMOVE' ? undefined : (dynamodb.NewImage as RowItem | undefined),
  };
}

function routed<Fact, State>(
  key: ReportKey,
  fold: Fold<Fact, State>,
  { mark, id, isNew, item }: Image,
  read: (item: RowItem) => Fact | undefined,
): Routed {
  const change: Change<Fact> = { mark, id, isNew, fact: item && read(item) };
  return { key, fold: fold as Fold<unknown, unknown>, change };
}
