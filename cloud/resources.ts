/**
 * What pitwall owns in an account, as data: logical key → name, keys, sizes. Three readers: the local services create it,
 * CDK synthesises it, and the rules' targets are resolved by it. Names are architecture's "Names on the wire".
 */
import type { StreamKey, TableKey } from '#rules/catalog.js';

export interface StreamResource {
  name: string;
  shards: number;
  retentionHours: number;
}

export interface TableResource {
  name: string;
  partitionKey: string;
  sortKey?: string;
  /** Attribute that holds the expiry in epoch seconds. */
  ttl?: string;
  /** Its changes can be followed, as images of this kind. */
  stream?: 'NEW_AND_OLD_IMAGES';
  indexes?: { name: string; partitionKey: string; sortKey?: string }[];
}

/** Both frame streams are split alike: one lease covers one hash range in both (decision 8). */
const FRAME_SHARDS = 2;

export const streams: Record<StreamKey, StreamResource> = {
  framesLive: { name: 'pitwall-frames-live', shards: FRAME_SHARDS, retentionHours: 24 },
  framesBackfill: { name: 'pitwall-frames-backfill', shards: FRAME_SHARDS, retentionHours: 24 },
  race: { name: 'pitwall-race', shards: 1, retentionHours: 24 },
};

export const tables: Record<TableKey, TableResource> = {
  /** Raw events, written by rules: pk `<yyyymmdd>#<type>#<thing>`, sk `<eventTimeMs>#<seq>`. */
  events: { name: 'pitwall-events', partitionKey: 'pk', sortKey: 'sk', ttl: 'expiresAt', stream: 'NEW_AND_OLD_IMAGES' },
  /**
   * Laps, written by the race engine, and of a session that no engine owned by the loader: pk `<race>#<type>#<entry>`, sk
   * `<eventTimeMs>#<id>`.
   */
  laps: {
    name: 'pitwall-laps',
    partitionKey: 'pk',
    sortKey: 'sk',
    ttl: 'expiresAt',
    stream: 'NEW_AND_OLD_IMAGES',
    // TRD's composite (date, type, lap): one lap of the whole field in one query.
    indexes: [{ name: 'byLap', partitionKey: 'byLap', sortKey: 'sk' }],
  },
  /** Loaded telemetry, many samples an item (`load/sample-pack.ts`): pk `<run>#<thing>#<channel>`, sk `<eventTimeMs>#<id>`. */
  samples: { name: 'pitwall-samples', partitionKey: 'pk', sortKey: 'sk', ttl: 'expiresAt' },
  /** Sessions, roster, snapshots, `race#<id>` leases, reducers' state. */
  state: { name: 'pitwall-state', partitionKey: 'pk', sortKey: 'sk' },
  calls: { name: 'pitwall-calls', partitionKey: 'pk', sortKey: 'sk' },
  /**
   * Written by `reports/`: aggregates (pk `<race>` or `<yyyymmdd>`, sk `<type>#<entry or thing>`), models from practice (pk
   * `priors#<track>`, sk `<version>`).
   */
  reports: { name: 'pitwall-reports', partitionKey: 'pk', sortKey: 'sk' },
};

/**
 * Consumers with enhanced fan-out. A slot has one of its own, because a shard is pushed to a name once, and after a merge a
 * shard may hold things of two slots. They stay registered between races: Kinesis charges for each hour and shard.
 */
export const fanOutNames = {
  reducers: (slot: string) => `pitwall-reduce-${slot}`,
  engine: 'pitwall-engine',
} as const;

/** Applications that share a stream by leases. Each has a table of its own, as KCL has it. */
export const applications = ['reduce', 'reports-laps', 'reports-events'] as const;

/** `pitwall-leases-<application>`: KCL's rows (`streams/leases/row.ts`). Nothing of ours needs KCL's index; it adds it itself. */
export function leaseTable(application: string): TableResource {
  return { name: `pitwall-leases-${application}`, partitionKey: 'leaseKey' };
}

/** A delivery stream: JSON lines, packed, below a prefix of the archive's bucket. */
export interface DeliveryStreamResource {
  name: string;
  /** Keys begin so; Firehose adds year, month, day and hour of the arrival. */
  prefix: string;
  /** An object is made of so much, or of what came in so long. */
  bufferMib: number;
  bufferSeconds: number;
}

/** Tables whose changes are kept for analysts and for turbo (`archive/table-forwarder.ts`): what people ask about a race. */
export const forwardedTables = ['events', 'laps'] as const satisfies readonly TableKey[];
export type ForwardedTable = (typeof forwardedTables)[number];

/** One for each table: its objects have the running numbers of that table's shards, and no other's. */
export const deliveryStreams: Record<ForwardedTable, DeliveryStreamResource> = {
  events: changesOf('events'),
  laps: changesOf('laps'),
};

function changesOf(table: ForwardedTable): DeliveryStreamResource {
  const { name } = tables[table];
  return { name: `${name}-changes`, prefix: `tables/${name}/`, bufferMib: 5, bufferSeconds: 60 };
}

/** Archive of races, changes of tables, and where rules' error actions end. */
export const bucket = { key: 'archive', namePrefix: 'pitwall-archive' } as const;
