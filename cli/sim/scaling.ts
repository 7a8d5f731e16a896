import { type KinesisClient, UpdateShardCountCommand } from '@aws-sdk/client-kinesis';
import { LoadBook } from '#cloud/streams/reshard/load-book.js';
import { DEFAULT_RESHARD_POLICY } from '#cloud/streams/reshard/plan.js';
import { Scaler } from '#cloud/streams/reshard/scaler.js';
import type { ShardLimits } from '#cloud/streams/reshard/shard-load.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { AVERAGES_POLICY, type MinuteAverage, targetByAverages } from './averages.js';

export const POLICIES = ['fixed', 'averages', 'ours'] as const;
export type PolicyName = (typeof POLICIES)[number];

export interface Operations {
  splits: number;
  merges: number;
  /** UpdateShardCount: at most ten a day. */
  updates: number;
  /** Refused by the stream: being changed already, or too often. */
  refused: number;
  /** Hot keys that no split can help, as the planner told. */
  hotKeys: string[];
}

/** Totals of the stream since the beginning, as CloudWatch would sum them. */
export interface StreamTotals {
  recordsIn: number;
  bytesIn: number;
  bytesOut: number;
  openShards: number;
}

/** Who changes a stream's shards, called once a second of race time. */
export interface Scaling {
  /** What the reader should read, when the policy wants to watch. */
  watching(source: ShardSource): ShardSource;
  onThrottled?(hashKey: string, atMs: number): void;
  tick(totals: StreamTotals): Promise<void>;
  operations(): Operations;
}

export interface ScalingOptions {
  client: KinesisClient;
  streamName: string;
  limits: ShardLimits;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

const MAX_SHARDS = AVERAGES_POLICY.maxShards;
const READ_BYTES_PER_WRITTEN = 2;

export function scalingOf(policy: PolicyName, options: ScalingOptions): Scaling {
  switch (policy) {
    case 'fixed':
      return { watching: (source) => source, tick: async () => {}, operations: none };
    case 'averages':
      return new ByAverages(options);
    case 'ours':
      return new ByPlan(options);
  }
}

function none(): Operations {
  return { splits: 0, merges: 0, updates: 0, refused: 0, hotKeys: [] };
}

/** The planner and driver of `pitwall streams scale`. */
class ByPlan implements Scaling {
  readonly #options: ScalingOptions;
  readonly #loads: LoadBook;
  readonly #scaler: Scaler;
  readonly #hotKeys = new Set<string>();
  #refused = 0;

  constructor(options: ScalingOptions) {
    this.#options = options;
    this.#loads = new LoadBook(options.limits);
    const policy = { ...DEFAULT_RESHARD_POLICY, maxShards: MAX_SHARDS };
    this.#scaler = new Scaler({ ...options, policy, loads: this.#loads });
  }

  watching(source: ShardSource): ShardSource {
    return this.#loads.watching(source, this.#options.raceClock);
  }

  onThrottled(hashKey: string, atMs: number): void {
    this.#loads.throttled(hashKey, atMs);
  }

  async tick(): Promise<void> {
    try {
      const { actions, advice } = await this.#scaler.look();
      for (const one of advice) if (one.kind === 'hotKey') this.#hotKeys.add(one.key);
      if (actions.length > 0) await this.#scaler.apply(actions[0]);
    } catch (error) {
      this.#refused++;
      this.#options.log.warn('The stream could not be changed.', { code: errorCode(error) });
    }
  }

  operations(): Operations {
    const { splits, merges } = this.#scaler.stats();
    return { ...none(), splits, merges, refused: this.#refused, hotKeys: [...this.#hotKeys] };
  }
}

class ByAverages implements Scaling {
  readonly #options: ScalingOptions;
  readonly #minutes: MinuteAverage[] = [];
  #last: StreamTotals = { recordsIn: 0, bytesIn: 0, bytesOut: 0, openShards: 0 };
  #second = 0;
  #grownAt = Number.NEGATIVE_INFINITY;
  #shrunkAt = Number.NEGATIVE_INFINITY;
  readonly #operations = none();

  constructor(options: ScalingOptions) {
    this.#options = options;
  }

  watching(source: ShardSource): ShardSource {
    return source;
  }

  async tick(totals: StreamTotals): Promise<void> {
    if (++this.#second % 60 !== 0) return;
    this.#closeMinute(totals);
    const now = this.#minutes.length;
    const since = { grown: now - this.#grownAt, shrunk: now - this.#shrunkAt };
    const target = targetByAverages(this.#minutes, totals.openShards, since, AVERAGES_POLICY);
    if (target === undefined) return;
    const { client, streamName, log } = this.#options;
    try {
      await client.send(
        new UpdateShardCountCommand({
          StreamName: streamName,
          TargetShardCount: target,
          ScalingType: 'UNIFORM_SCALING',
        }),
      );
      this.#operations.updates++;
      if (target > totals.openShards) this.#grownAt = now;
      else this.#shrunkAt = now;
    } catch (error) {
      this.#operations.refused++;
      log.warn('The stream could not be changed.', { code: errorCode(error) });
    }
  }

  operations(): Operations {
    return { ...this.#operations };
  }

  #closeMinute(totals: StreamTotals): void {
    const { recordsPerSecond, bytesPerSecond } = this.#options.limits;
    const shardSeconds = 60 * totals.openShards;
    const of = (name: 'recordsIn' | 'bytesIn' | 'bytesOut', perSecond: number) =>
      (totals[name] - this.#last[name]) / (shardSeconds * perSecond);
    this.#minutes.push({
      put: Math.max(of('recordsIn', recordsPerSecond), of('bytesIn', bytesPerSecond)),
      get: of('bytesOut', READ_BYTES_PER_WRITTEN * bytesPerSecond),
    });
    this.#last = totals;
  }
}
