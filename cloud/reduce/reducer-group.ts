import type { CloudConfig } from '#cloud/config.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { openWorker } from '#cloud/streams/worker/open.js';
import type { ShardAssignment, ShardProcessor } from '#cloud/streams/worker/processor.js';
import type { StreamWorker, WorkerStats } from '#cloud/streams/worker/worker.js';
import { type Reducers, type ReducersOptions, type ReducersStats, startReducers } from './reducers.js';
import { type Slot, slotSource, slotsOf } from './slots.js';

export interface ReducerGroupOptions extends Omit<ReducersOptions, 'slot' | 'fence'> {
  /** Where the lease table is; the renewals have a client of their own. */
  cloud: CloudConfig;
  /** This process among those that share the slots; unique per process and start. */
  self: string;
}

export interface ReducerGroupStats {
  /** Unique frames of the slots that this process has, also those folded by earlier owners of them. */
  consumedByBoot: ReducersStats['consumedByBoot'];
  /** By this process, also in slots that it no longer has. */
  duplicatesDropped: number;
  /** Of the slowest slot. At rate 1 only, else null. */
  sampleToState: ReducersStats['sampleToState'];
  lagMs: number;
  slots: Record<string, ReducersStats>;
  leases: WorkerStats;
}

export interface ReducerGroup {
  stats(): ReducerGroupStats;
  /** How far behind the streams, wall ms at the present rate of the race clock. */
  lagMs(): number;
  /** Commits what is folded; resolves when it is durable. For tests and for a drain. */
  commit(): Promise<void>;
  /** Stops reading, commits, lets the slots go. */
  stop(): Promise<void>;
}

/** Shares of all things, and so the most processes that can fold at one time: as many as a frame stream has shards. */
const SLOTS = 2;

/**
 * Reducers in any number of processes: each folds the slots that it has leases of, and takes over those of a process that
 * died within a lease's time. A slot's state, positions and ranges go with it, under the fence of its lease.
 *
 * @example
 * const group = await startReducerGroup({ ...clients, cloud, resources, raceClock, wallClock, random, log, displayChannels: ['speed'], self: 'engine-1' });
 * await group.stop();
 */
export async function startReducerGroup(options: ReducerGroupOptions): Promise<ReducerGroup> {
  const group = new RunningGroup(options);
  await group.start();
  return group;
}

class RunningGroup implements ReducerGroup {
  readonly #options: ReducerGroupOptions;
  readonly #slots = new Map(slotsOf(SLOTS).map((slot) => [slot.key, slot]));
  readonly #running = new Map<string, Reducers>();
  #worker!: StreamWorker;
  /** In slots that this process no longer has. */
  #duplicatesBefore = 0;

  constructor(options: ReducerGroupOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { cloud, self, log, wallClock, raceClock, random } = this.#options;
    this.#worker = await openWorker({
      application: 'reduce',
      config: cloud,
      source: slotSource([...this.#slots.values()]),
      self,
      initial: TRIM_HORIZON,
      processor: (slotKey) => this.#processor(this.#slots.get(slotKey)!),
      log,
      wallClock,
      raceClock,
      random,
    });
  }

  stats(): ReducerGroupStats {
    const slots = Object.fromEntries([...this.#running].map(([key, reducers]) => [key, reducers.stats()]));
    const all = Object.values(slots);
    return {
      consumedByBoot: unite(all.map(({ consumedByBoot }) => consumedByBoot)),
      duplicatesDropped: all.reduce((sum, { duplicatesDropped }) => sum + duplicatesDropped, this.#duplicatesBefore),
      sampleToState: slowest(all.map(({ sampleToState }) => sampleToState)),
      lagMs: this.lagMs(),
      slots,
      leases: this.#worker.stats(),
    };
  }

  lagMs(): number {
    return Math.max(0, ...[...this.#running.values()].map((reducers) => reducers.lagMs()));
  }

  async commit(): Promise<void> {
    await Promise.all([...this.#running.values()].map((reducers) => reducers.commit()));
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  #processor(slot: Slot): ShardProcessor {
    const end = async (how: 'stop' | 'abandon') => {
      const reducers = this.#running.get(slot.key);
      if (!reducers) return;
      await reducers[how]();
      this.#running.delete(slot.key);
      this.#duplicatesBefore += reducers.stats().duplicatesDropped;
    };
    return {
      initialize: async ({ fence }: ShardAssignment) => {
        this.#running.set(slot.key, await startReducers({ ...this.#options, slot, fence }));
      },
      process: async () => {},
      shardEnded: async () => {},
      leaseLost: () => end('abandon'),
      shutdownRequested: () => end('stop'),
    };
  }
}

/** Unique frames per thing and boot of several shares. Each thing is in one share. */
export function unite(shares: readonly ReducersStats['consumedByBoot'][]): ReducersStats['consumedByBoot'] {
  const all: ReducersStats['consumedByBoot'] = {};
  for (const share of shares)
    for (const [thing, boots] of Object.entries(share)) all[thing] = { ...all[thing], ...boots };
  return all;
}

/** Of several latencies the one with the greatest p99. */
export function slowest(latencies: readonly ReducersStats['sampleToState'][]): ReducersStats['sampleToState'] {
  return latencies.reduce((worst, latency) => ((latency?.p99 ?? -1) > (worst?.p99 ?? -1) ? latency : worst), null);
}
