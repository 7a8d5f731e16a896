import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { HASH_KEY_MAX } from '#cloud/streams/hash-range.js';
import type { LeaseRow } from '#cloud/streams/leases/lease.js';
import { listOpenShards, listShards } from '#cloud/streams/list-shards.js';
import { LoadBook } from '#cloud/streams/reshard/load-book.js';
import type { ShardStat } from '#cloud/streams/reshard/shard-load.js';
import { SHARD_END, type ShardInfo } from '#cloud/streams/shard-graph.js';
import { Look } from './look.js';

export interface LeaseView {
  owner: string | null;
  /** Asked for the lease; the owner is handing it over. */
  nextOwner: string | null;
  checkpoint: string;
  subSequenceNumber: number;
  /** Age of the first record behind the checkpoint, ms; null when it cannot be read there. */
  lagMs: number | null;
  leaseCounter: number;
  /** Ours; 0 in a row that KCL wrote. */
  fence: number;
}

export interface ShardView {
  shardId: string;
  state: 'open' | 'closed';
  parents: string[];
  startingHashKey: string;
  endingHashKey: string;
  /** Of all hash keys, 0…1. */
  share: number;
  /** Share of what a shard takes, averaged over 10 s; null for a closed shard, or when not all of it could be read. */
  load: number | null;
  /** Heaviest first, with their part of the shard's load. */
  hotKeys: { key: string; share: number }[];
  /** Null without a row in the table, or without a table. */
  lease: LeaseView | null;
}

export interface StreamView {
  stream: string;
  status: string;
  mode: string;
  retentionHours: number;
  consumers: number;
  shards: ShardView[];
}

/** Seconds that are read back for loads and keys. */
const WINDOW_S = 30;
const READS_MAX = 4;
const HOT_KEYS = 3;

/** What stands of a stream now. Two or three reads of each open shard, one more of each that has a lease. */
export async function describeStream(
  client: KinesisClient,
  streamName: string,
  leases: readonly LeaseRow[],
  signal: AbortSignal,
): Promise<StreamView> {
  const summary = await client.send(new DescribeStreamSummaryCommand({ StreamName: streamName }), {
    abortSignal: signal,
  });
  const shards = await listShards(client, streamName, signal);
  const open = await listOpenShards(client, streamName, signal);
  const look = new Look(client, streamName, signal);
  const clock = await look.clock(open.keys());
  const loads = new LoadBook();
  const fromMs = clock.nowMs() - 1_000 * WINDOW_S;
  loads.open(open, fromMs);
  await Promise.all([...open.keys()].map((shardId) => look.book(loads, shardId, fromMs, READS_MAX, clock)));
  const stats = new Map(loads.stats().map((stat) => [stat.shardId, stat]));
  const staleMs = clock.nowMs() - 1_000 * WINDOW_S;
  const views = [...shards.values()].map(async (shard) => ({
    ...viewOf(shard, open.has(shard.shardId), stats.get(shard.shardId), staleMs),
    lease: await leaseOf(shard, leases, look),
  }));
  const { StreamStatus, StreamModeDetails, RetentionPeriodHours, ConsumerCount } =
    summary.StreamDescriptionSummary ?? {};
  return {
    stream: streamName,
    status: StreamStatus ?? '',
    mode: StreamModeDetails?.StreamMode ?? 'PROVISIONED',
    retentionHours: RetentionPeriodHours ?? 24,
    consumers: ConsumerCount ?? 0,
    shards: (await Promise.all(views)).sort(byStateAndRange),
  };
}

function viewOf(
  { shardId, parents, startingHashKey = '0', endingHashKey = '0' }: ShardInfo,
  isOpen: boolean,
  stat: ShardStat | undefined,
  staleMs: number,
): Omit<ShardView, 'lease'> {
  const size = BigInt(endingHashKey) - BigInt(startingHashKey) + 1n;
  return {
    shardId,
    state: isOpen ? 'open' : 'closed',
    parents,
    startingHashKey,
    endingHashKey,
    share: Number((size * 1_000_000n) / (HASH_KEY_MAX + 1n)) / 1_000_000,
    load: stat && stat.observedMs > staleMs ? (stat.loads.at(-1) ?? null) : null,
    hotKeys: (stat?.keys ?? []).slice(0, HOT_KEYS).map(({ key, share }) => ({ key, share })),
  };
}

async function leaseOf(shard: ShardInfo, leases: readonly LeaseRow[], look: Look): Promise<LeaseView | null> {
  const row = leases.find((lease) => isLeaseOf(lease, shard));
  if (!row) return null;
  const { leaseOwner, checkpointOwner, checkpoint, leaseCounter, fence } = row;
  const { position, subSequenceNumber } = checkpoint;
  const hasEnded = position === SHARD_END;
  return {
    owner: checkpointOwner ?? leaseOwner ?? null,
    nextOwner: checkpointOwner === undefined ? null : (leaseOwner ?? null),
    checkpoint: position,
    subSequenceNumber,
    lagMs: hasEnded ? 0 : ((await look.lagMs(shard.shardId, position)) ?? null),
    leaseCounter,
    fence,
  };
}

/** KCL names a lease of several streams `account:stream:epoch:shard`, of one by the shard alone. */
function isLeaseOf({ leaseKey }: LeaseRow, { shardId }: ShardInfo): boolean {
  return leaseKey === shardId || leaseKey.endsWith(`:${shardId}`);
}

function byStateAndRange(a: ShardView, b: ShardView): number {
  if (a.state !== b.state) return a.state === 'open' ? -1 : 1;
  const [left, right] = [BigInt(a.startingHashKey), BigInt(b.startingHashKey)];
  if (left === right) return a.shardId < b.shardId ? -1 : 1;
  return left < right ? -1 : 1;
}

/** The same for people: open shards in the order of their ranges, then closed ones. */
export function describeView({ stream, status, mode, retentionHours, consumers, shards }: StreamView): string {
  const open = shards.filter(({ state }) => state === 'open').length;
  const fans = consumers > 0 ? `, ${consumers} fan-out consumers` : '';
  return [
    `${stream}  ${status}, ${mode.toLowerCase()}, ${retentionHours} h, ${open} open of ${shards.length} shards${fans}`,
    ...shards.map((shard) => `  ${lineOf(shard)}`),
  ].join('\n');
}

function lineOf({ shardId, state, parents, share, load, hotKeys, lease }: ShardView): string {
  const parts = [shardId, state.padEnd(6), percent(share).padStart(7)];
  if (state === 'open') parts.push(`load ${load === null ? '–' : percent(load)}`);
  if (parents.length > 0) parts.push(`from ${parents.join(' + ')}`);
  if (lease) {
    const next = lease.nextOwner === null ? '' : ` → ${lease.nextOwner}`;
    const sub = lease.subSequenceNumber > 0 ? `:${lease.subSequenceNumber}` : '';
    const lag = lease.lagMs === null ? 'lag –' : `lag ${(lease.lagMs / 1_000).toFixed(1)} s`;
    parts.push(`${lease.owner ?? 'no owner'}${next} at ${lease.checkpoint}${sub}`, lag);
  }
  if (hotKeys.length > 0)
    parts.push(`keys ${hotKeys.map(({ key, share: part }) => `${key} ${percent(part)}`).join(', ')}`);
  return parts.join('  ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
