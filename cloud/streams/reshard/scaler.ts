import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  MergeShardsCommand,
  SplitShardCommand,
} from '@aws-sdk/client-kinesis';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { actionFor } from '../aws-errors.js';
import { backOffMs, pause } from '../back-off.js';
import { coversAll, toDecimal } from '../hash-range.js';
import { listOpenShards } from '../list-shards.js';
import type { LoadBook } from './load-book.js';
import { plan, type ReshardAction, type ReshardPlan, type ReshardPolicy } from './plan.js';

export interface ScalerOptions {
  client: KinesisClient;
  streamName: string;
  policy: ReshardPolicy;
  /** Fed by whoever reads the stream. */
  loads: LoadBook;
  /** Told of each operation that the stream has accepted. */
  onAction?(action: ReshardAction): void;
  /** Wall time between looks at the stream; two calls each. Default 1,000. */
  lookMs?: number;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

export interface ScalerStats {
  splits: number;
  merges: number;
  /** Operations that the stream refused; tried again when the plan still wants them. */
  refused: number;
  openShards: number;
}

const RETRY = { firstMs: 500, lastMs: 10_000 };

/**
 * Carries out the plan for one stream, one operation at a time: AWS takes the next only when the stream is ACTIVE again,
 * and by then loads have changed, so the plan is made anew. Whether a split is still wanted is never remembered.
 *
 * @example
 * const scaler = new Scaler({ client, streamName, policy: DEFAULT_RESHARD_POLICY, loads, raceClock, wallClock, random, log });
 * await scaler.run(signal);
 */
export class Scaler {
  readonly #options: ScalerOptions;
  readonly #stats: ScalerStats = { splits: 0, merges: 0, refused: 0, openShards: 0 };
  #grownMs: number | undefined;
  #shrunkMs: number | undefined;

  constructor(options: ScalerOptions) {
    this.#options = options;
  }

  stats(): ScalerStats {
    return { ...this.#stats };
  }

  /** Looks once and says what should be done; does nothing. */
  async look(signal?: AbortSignal): Promise<ReshardPlan> {
    const { client, streamName, policy, loads, raceClock } = this.#options;
    const summary = await client.send(new DescribeStreamSummaryCommand({ StreamName: streamName }), {
      abortSignal: signal,
    });
    const shards = await listOpenShards(client, streamName, signal);
    const nowMs = raceClock.nowMs();
    loads.open(shards, nowMs);
    this.#stats.openShards = shards.size;
    const active = summary.StreamDescriptionSummary?.StreamStatus === 'ACTIVE';
    return plan(
      {
        nowMs,
        // A listing may lack children of a change just done: then there seem to be fewer shards than there are.
        active: active && coversAll([...shards.values()]),
        shards: loads.stats(),
        grownMs: this.#grownMs,
        shrunkMs: this.#shrunkMs,
      },
      policy,
    );
  }

  /** Until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, random, streamName, lookMs = 1_000 } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const { actions } = await this.look(signal);
        if (actions.length > 0) await this.apply(actions[0], signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        this.#stats.refused++;
        const fields = { stream: streamName, code: errorCode(error) };
        if (actionFor(error) === 'giveUp') log.error('The stream refused to be split or merged.', fields);
        else log.warn('The stream could not be split or merged now; it is looked at again.', fields);
      }
      await pause(failures > 0 ? backOffMs(failures, RETRY, random) : lookMs, signal);
    }
  }

  /** Asks for one operation; the stream is UPDATING afterwards. Raises AWS's own errors. */
  async apply(action: ReshardAction, signal?: AbortSignal): Promise<void> {
    const { client, streamName, raceClock, log, onAction } = this.#options;
    const options = { abortSignal: signal };
    if (action.kind === 'split') {
      const { shardId, newStartingHashKey } = action;
      const input = {
        StreamName: streamName,
        ShardToSplit: shardId,
        NewStartingHashKey: toDecimal(newStartingHashKey),
      };
      await client.send(new SplitShardCommand(input), options);
      this.#stats.splits++;
      this.#grownMs = raceClock.nowMs();
    } else {
      const { shardId, adjacentShardId } = action;
      const input = { StreamName: streamName, ShardToMerge: shardId, AdjacentShardToMerge: adjacentShardId };
      await client.send(new MergeShardsCommand(input), options);
      this.#stats.merges++;
      this.#shrunkMs = raceClock.nowMs();
    }
    log.info('Resharding.', { stream: streamName, ...action });
    onAction?.(action);
  }
}
