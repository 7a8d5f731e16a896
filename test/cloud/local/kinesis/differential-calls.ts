import type { Random } from '#wire/random.js';
import type { Call } from './differential-party.js';

/** What the calls so far have made on our server: where the next ones aim. */
export class World {
  readonly streams = new Map<string, WorldStream>();
  records = 0;
  iterators = 0;
  /** Numbers of iterators, and of tokens, that were given. */
  given = { iterators: [] as number[], tokens: [] as number[] };
}

export interface WorldStream {
  shards: { id: string; start: bigint; end: bigint; isOpen: boolean }[];
  /** Numbers of its records, and their shards. */
  records: { number: number; shard: string }[];
  retentionHours: number;
  /** Moments that lie between records, ms. */
  marksMs: number[];
}

/** Ids that no shard has. */
export const NO_SHARDS: readonly string[] = ['shardId-000000000099', 'no.shard'];

const NAMES = ['race', 'pit', 'a.b-c_D9', 'x'];
const SHARDS_MAX = 6;
const HASH_KEYS = 1n << 128n;
const HOURS = [24, 25, 48, 168, 8_760];

/** Draws the next call; most are right, some ask for what is refused. */
export function nextCall(world: World, random: Random): Call {
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)];
  const chance = (share: number) => random() < share;
  const whole = (below: number) => Math.floor(random() * below);
  const existing = [...world.streams.keys()];
  const wrongName = () => pick(['missing', 'bad name', '', 'n'.repeat(129)]);
  if (existing.length === 0 || (existing.length < NAMES.length && chance(0.03))) {
    const StreamName = chance(0.2) ? pick(['bad/name', 'n'.repeat(129), NAMES[0]]) : pick(NAMES);
    return {
      operation: 'CreateStream',
      input: { StreamName, ShardCount: chance(0.1) ? pick([0, -1]) : 1 + whole(4) },
    };
  }
  const StreamName = chance(0.02) ? wrongName() : pick(existing);
  const stream = world.streams.get(StreamName) ?? world.streams.get(existing[0])!;
  const anyShard = () => (chance(0.04) ? pick(NO_SHARDS) : pick(stream.shards).id);
  const hashKey = () => ((BigInt(whole(2 ** 32)) * HASH_KEYS) >> 32n).toString();
  const partitionKey = () =>
    chance(0.03) ? pick(['', 'k'.repeat(257), 'k'.repeat(256), 'Zoë "24" 🏁']) : `car-${whole(40)}`;
  const explicit = () =>
    chance(0.15) ? pick([`${HASH_KEYS}`, `${HASH_KEYS - 1n}`, '0', 'abc', '-1', '01', '1e3']) : hashKey();
  const data = (n: number) => Buffer.from(`record ${n} ${'.'.repeat(whole(200))}`);
  const record = (n: number) => ({
    PartitionKey: partitionKey(),
    Data: chance(0.01) ? Buffer.alloc(0) : data(n),
    ...(chance(0.25) && { ExplicitHashKey: explicit() }),
  });
  const anyRecord = () => (stream.records.length > 0 ? pick(stream.records) : undefined);

  const draws: [weight: number, draw: () => Call][] = [
    [
      16,
      () => {
        const last = chance(0.3) ? anyRecord() : undefined;
        const ordering = last ? { sequenceOf: last.number } : pick(['abc', '-5', `${1n << 200n}`]);
        const isOrdered = last !== undefined || chance(0.08);
        return {
          operation: 'PutRecord',
          input: { StreamName, ...record(world.records), ...(isOrdered && { SequenceNumberForOrdering: ordering }) },
        };
      },
    ],
    [
      16,
      () => {
        const count = chance(0.03) ? pick([0, 500, 501]) : 1 + whole(20);
        return {
          operation: 'PutRecords',
          input: { StreamName, Records: Array.from({ length: count }, (_, i) => record(world.records + i)) },
        };
      },
    ],
    [
      18,
      () => {
        const ShardIteratorType = pick([
          'TRIM_HORIZON',
          'LATEST',
          'AT_SEQUENCE_NUMBER',
          'AFTER_SEQUENCE_NUMBER',
          'AT_TIMESTAMP',
        ]);
        const needsNumber = ShardIteratorType.endsWith('NUMBER');
        let ShardId = anyShard();
        const start: Record<string, unknown> = {};
        if (chance(0.05)) {
          const type = pick(['EARLIEST', 'TRIM_HORIZON', 'AT_SEQUENCE_NUMBER']);
          const StartingSequenceNumber = pick(['abc', `${1n << 200n}`, '9'.repeat(130)]);
          return {
            operation: 'GetShardIterator',
            input: { StreamName, ShardId, ShardIteratorType: type, StartingSequenceNumber },
          };
        }
        if (needsNumber && !chance(0.04)) {
          const at = anyRecord();
          if (at === undefined || chance(0.1)) start.StartingSequenceNumber = { startOf: ShardId, stream: StreamName };
          else {
            start.StartingSequenceNumber = { sequenceOf: at.number };
            if (!chance(0.05)) ShardId = at.shard;
          }
        }
        if (ShardIteratorType === 'AT_TIMESTAMP' && !chance(0.05)) {
          const atMs = chance(0.1) ? Date.now() + 3_600_000 : stream.marksMs.length > 0 ? pick(stream.marksMs) : 0;
          start.Timestamp = new Date(atMs);
        }
        return { operation: 'GetShardIterator', input: { StreamName, ShardId, ShardIteratorType, ...start } };
      },
    ],
    [
      26,
      () => {
        const recent = world.given.iterators.slice(-8);
        const ShardIterator =
          recent.length === 0 || chance(0.03)
            ? pick(['garbage', '', 'AAAAAAAAAAE=', 'x'.repeat(513)])
            : { iterator: pick(recent) };
        const limit = chance(0.4) ? { Limit: chance(0.1) ? pick([0, -1, 10_001, 10_000]) : 1 + whole(12) } : {};
        return { operation: 'GetRecords', input: { ShardIterator, ...limit } };
      },
    ],
    [
      4,
      () => {
        const { id, start, end } = stream.shards.find((shard) => shard.id === anyShard()) ?? stream.shards[0];
        const inside = start + 2n + ((end - start - 3n) * BigInt(whole(2 ** 30))) / (1n << 30n);
        const edges = [start, start + 1n, end, end + 1n, 0n];
        const at =
          stream.shards.filter(({ isOpen }) => isOpen).length >= SHARDS_MAX || chance(0.25) ? pick(edges) : inside;
        const ShardToSplit = chance(0.1) ? anyShard() : id;
        return {
          operation: 'SplitShard',
          input: { StreamName, ShardToSplit, NewStartingHashKey: chance(0.04) ? pick(['abc', '01']) : `${at}` },
        };
      },
    ],
    [
      5,
      () => {
        const open = stream.shards.filter(({ isOpen }) => isOpen).sort((a, b) => (a.start < b.start ? -1 : 1));
        const i = whole(open.length);
        const ShardToMerge = chance(0.15) ? anyShard() : open[i].id;
        const AdjacentShardToMerge = chance(0.15) ? anyShard() : (open[i + 1] ?? open[i - 1] ?? open[i]).id;
        return { operation: 'MergeShards', input: { StreamName, ShardToMerge, AdjacentShardToMerge } };
      },
    ],
    [
      2,
      () => {
        const open = stream.shards.filter(({ isOpen }) => isOpen).length;
        const TargetShardCount = pick(
          [open * 2, Math.ceil(open / 2), open * 2 + 1, 0].filter((count) => count <= SHARDS_MAX),
        );
        return {
          operation: 'UpdateShardCount',
          input: { StreamName, TargetShardCount, ScalingType: chance(0.1) ? 'SOME' : 'UNIFORM_SCALING' },
        };
      },
    ],
    [
      6,
      () => {
        const first = { StreamName, ...(chance(0.3) && { ExclusiveStartShardId: anyShard() }) };
        const max = chance(0.5) ? { MaxResults: chance(0.2) ? pick([0, 10_001]) : 1 + whole(3) } : {};
        const tokens = world.given.tokens.slice(-4);
        if (chance(0.1)) return { operation: 'ListShards', input: chance(0.5) ? {} : { NextToken: 'garbage', ...max } };
        if (chance(0.3)) {
          const Type = pick(['AT_LATEST', 'AT_TRIM_HORIZON', 'FROM_TRIM_HORIZON', 'AFTER_SHARD_ID', 'SOMEWHERE']);
          const ShardFilter = {
            Type,
            ...(Type === 'AFTER_SHARD_ID' && !chance(0.1) && { ShardId: pick(stream.shards).id }),
          };
          return { operation: 'ListShards', input: { StreamName, ShardFilter } };
        }
        if (tokens.length > 0 && chance(0.5))
          return { operation: 'ListShards', input: { NextToken: { token: pick(tokens) }, ...max } };
        return { operation: 'ListShards', input: { ...first, ...max } };
      },
    ],
    [
      4,
      () => {
        const limit = chance(0.5) ? { Limit: chance(0.1) ? pick([0, 10_001]) : 1 + whole(3) } : {};
        const after = chance(0.3) ? { ExclusiveStartShardId: anyShard() } : {};
        return { operation: 'DescribeStream', input: { StreamName, ...limit, ...after } };
      },
    ],
    [2, () => ({ operation: 'DescribeStreamSummary', input: { StreamName } })],
    [
      3,
      () => {
        const limit = chance(0.5) ? { Limit: chance(0.1) ? pick([0, 10_001]) : 1 + whole(3) } : {};
        const after = chance(0.4) ? { ExclusiveStartStreamName: pick(NAMES) } : {};
        return { operation: 'ListStreams', input: { ...limit, ...after } };
      },
    ],
    [
      3,
      () => {
        const operation = pick(['IncreaseStreamRetentionPeriod', 'DecreaseStreamRetentionPeriod'] as const);
        const RetentionPeriodHours = chance(0.2) ? pick([0, 23, 8_761]) : pick(HOURS);
        return { operation, input: { StreamName, RetentionPeriodHours } };
      },
    ],
    [1, () => ({ operation: 'DeleteStream', input: { StreamName } })],
  ];
  let at = random() * draws.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, draw] of draws) {
    at -= weight;
    if (at < 0) return draw();
  }
  return draws[0][1]();
}
