import { LATEST, leafShards, SHARD_END, type ShardInfo, type ShardPosition, TRIM_HORIZON } from '../shard-graph.js';
import type { LeaseRow, NewLease } from './lease.js';

type Shards = ReadonlyMap<string, ShardInfo>;
type HashBounds = Pick<LeaseRow, 'startingHashKey' | 'endingHashKey'>;

/**
 * Leases that a listing shows to be missing, parents first. With an empty table these are the stream's first: all shards
 * at the initial position, or at LATEST only those that nobody descends from. Later a shard gets one when a parent of
 * it has one, and begins at TRIM_HORIZON whatever the initial position was: what it holds came after its parent.
 * Old shards whose rows were cleaned away stay without.
 *
 * A shard that takes records, without a lease and without a parent that has one, lost its row, or whoever made the first
 * leases died before it came to this one: it is begun anew, because duplicates are told apart and lost records are not. So
 * is, for the second reason, a closed one that nobody with a lease descends from. Not by a listing that lacks shards which
 * are worked on: it is older than the table, and what it shows as a leaf may have ended long ago.
 *
 * A parent that is neither listed nor has a row was trimmed, or the listing does not show it yet: then the shard waits.
 */
export function missingLeases(shards: Shards, rows: readonly LeaseRow[], initial: ShardPosition): NewLease[] {
  const known = new Set(rows.map(({ leaseKey }) => leaseKey));
  const leaves = new Set(leafShards(shards));
  const first = rows.length === 0;
  const stale = rows.some((row) => !hasEnded(row) && !shards.has(row.leaseKey));
  const ancestors = ancestorsOf(rows, shards);
  const waiting = new Set<string>();
  const missing: NewLease[] = [];
  for (const shard of parentsFirst(shards)) {
    if (known.has(shard.shardId)) continue;
    if (shard.parents.some((parent) => waiting.has(parent)) || hasUnseenParent(shard, rows, shards)) {
      waiting.add(shard.shardId);
      continue;
    }
    const isLeaf = leaves.has(shard.shardId);
    const isBorn = shard.parents.some((parent) => known.has(parent));
    const isForgotten = initial !== LATEST && !ancestors.has(shard.shardId);
    const wanted = first ? initial !== LATEST || isLeaf : isBorn || (!stale && (isLeaf || isForgotten));
    if (!wanted) continue;
    known.add(shard.shardId);
    const position = first || (isForgotten && !isBorn) ? initial : TRIM_HORIZON;
    missing.push({
      leaseKey: shard.shardId,
      checkpoint: { position, subSequenceNumber: 0 },
      parentShardIds: shard.parents,
      startingHashKey: shard.startingHashKey,
      endingHashKey: shard.endingHashKey,
    });
  }
  return missing;
}

/** Leases that can be worked on: not ended, and every parent ended or without a row (cleaned away, or never wanted). */
export function eligibleLeases(rows: readonly LeaseRow[]): LeaseRow[] {
  const ended = new Map(rows.map((row) => [row.leaseKey, hasEnded(row)]));
  return rows.filter((row) => !hasEnded(row) && row.parentShardIds.every((parent) => ended.get(parent) ?? true));
}

/**
 * Rows that are not needed any more: ended, no parent with a row left (else that would bring this one back), and every
 * child begun. That no child is still to be seen is known when the children cover the hash range, as a listing may show
 * one half of a split before the other; without ranges (table streams) when the shard itself is no longer listed.
 */
export function needlessLeases(rows: readonly LeaseRow[], shards: Shards): LeaseRow[] {
  const known = new Set(rows.map(({ leaseKey }) => leaseKey));
  const children = new Map<string, LeaseRow[]>();
  for (const row of rows) {
    for (const parent of row.parentShardIds) children.set(parent, [...(children.get(parent) ?? []), row]);
  }
  return rows.filter((row) => {
    if (!hasEnded(row) || row.parentShardIds.some((parent) => known.has(parent))) return false;
    const own = children.get(row.leaseKey) ?? [];
    return own.length > 0 && own.every(hasBegun) && (covers(own, row) || !shards.has(row.leaseKey));
  });
}

/** Whether the ranges of a shard's children hold all of its own; they never overlap each other. */
function covers(children: readonly LeaseRow[], parent: LeaseRow): boolean {
  const [low, high] = rangeOf(parent);
  let covered = 0n;
  for (const child of children) {
    let [first, last] = rangeOf(child);
    if (first < low) first = low;
    if (last > high) last = high;
    if (last >= first) covered += last - first + 1n;
  }
  return high >= low && covered === high - low + 1n;
}

/** Empty, last before first, when the row has none. */
function rangeOf({ startingHashKey, endingHashKey }: HashBounds): [bigint, bigint] {
  return startingHashKey === undefined || endingHashKey === undefined
    ? [0n, -1n]
    : [BigInt(startingHashKey), BigInt(endingHashKey)];
}

/** True when a shard has ended and nothing is known of what came after it: a listing has not shown its children yet. */
export function childrenMissing(rows: readonly LeaseRow[]): boolean {
  const parents = new Set(rows.flatMap((row) => row.parentShardIds));
  return rows.some((row) => hasEnded(row) && !parents.has(row.leaseKey));
}

export function hasEnded({ checkpoint }: LeaseRow): boolean {
  return checkpoint.position === SHARD_END;
}

function hasBegun({ checkpoint }: LeaseRow): boolean {
  return checkpoint.position !== TRIM_HORIZON;
}

/**
 * Older shards are trimmed first: where a parent was trimmed, whatever else holds keys of this shard is a relative of it.
 * A stranger that does, listed or still worked on, is an ancestor through a shard that the listing lacks.
 */
function hasUnseenParent(shard: ShardInfo, rows: readonly LeaseRow[], shards: Shards): boolean {
  const isSeen = (parent: string) => shards.has(parent) || rows.some(({ leaseKey }) => leaseKey === parent);
  if (shard.parents.every(isSeen)) return false;
  const ancestors = ancestorsOf([{ parentShardIds: shard.parents }], shards);
  const isRelative = (shardId: string) =>
    shardId === shard.shardId ||
    ancestors.has(shardId) ||
    ancestorsOf([{ parentShardIds: shards.get(shardId)?.parents ?? [] }], shards).has(shard.shardId);
  const [low, high] = rangeOf(shard);
  const overlaps = (other: HashBounds) => {
    const [first, last] = rangeOf(other);
    return first <= high && last >= low;
  };
  const others = [...shards.values()].filter((other) => overlaps(other) && !isRelative(other.shardId));
  return others.length > 0 || rows.some((row) => !hasEnded(row) && overlaps(row) && !isRelative(row.leaseKey));
}

/** Shards that these descend from, as far as the listing tells. */
function ancestorsOf(rows: readonly Pick<LeaseRow, 'parentShardIds'>[], shards: Shards): Set<string> {
  const ancestors = new Set<string>();
  const visit = (parents: readonly string[]): void => {
    for (const parent of parents) {
      if (ancestors.has(parent)) continue;
      ancestors.add(parent);
      visit(shards.get(parent)?.parents ?? []);
    }
  };
  for (const row of rows) visit(row.parentShardIds);
  return ancestors;
}

function parentsFirst(shards: Shards): ShardInfo[] {
  const ordered: ShardInfo[] = [];
  const done = new Set<string>();
  const visit = (shard: ShardInfo): void => {
    if (done.has(shard.shardId)) return;
    done.add(shard.shardId);
    for (const parent of shard.parents) {
      const listed = shards.get(parent);
      if (listed) visit(listed);
    }
    ordered.push(shard);
  };
  for (const shard of shards.values()) visit(shard);
  return ordered;
}
