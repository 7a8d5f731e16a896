import { SHARD_END } from '#cloud/streams/shard-graph.js';
import type { ShardLanes, ShardProgress } from './shard-lanes.js';

export interface ShardRunOptions {
  lanes: ShardLanes;
  /** What is stored now. */
  stored: ShardProgress;
  /** Resolves when it is durable. */
  save(progress: ShardProgress): Promise<void>;
}

/** A shard that is being worked on: its machine, who waits for room in it, and what of its progress is stored. */
export class ShardRun {
  readonly lanes: ShardLanes;
  readonly #save: ShardRunOptions['save'];
  #stored: string;
  #saving: Promise<void> | undefined;
  #isStopped = false;
  readonly #waiting = new Map<() => void, { isOver: () => boolean; giveUp(error: Error): void }>();

  constructor({ lanes, stored, save }: ShardRunOptions) {
    this.lanes = lanes;
    this.#stored = JSON.stringify(stored);
    this.#save = save;
  }

  /** Resolves when `isOver`, which is asked whenever something has changed; rejects when the run is stopped before. */
  async until(isOver: () => boolean): Promise<void> {
    if (this.#isStopped) throw stopped();
    if (isOver()) return;
    await new Promise<void>((resolve, giveUp) => this.#waiting.set(resolve, { isOver, giveUp }));
  }

  /** To be called whenever something has changed. */
  changed(): void {
    for (const [resolve, { isOver }] of this.#waiting) {
      if (!isOver()) continue;
      this.#waiting.delete(resolve);
      resolve();
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { giveUp } of this.#waiting.values()) giveUp(stopped());
    this.#waiting.clear();
  }

  /** Stores the progress unless it is stored; one write at a time, the newest progress each. */
  store(): Promise<void> {
    this.#saving ??= this.#storeAll().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #storeAll(): Promise<void> {
    for (;;) {
      const { isDone, progress } = this.lanes;
      const wanted = isDone ? { position: SHARD_END } : progress;
      const text = JSON.stringify(wanted);
      if (text === this.#stored) return;
      await this.#save(wanted);
      this.#stored = text;
    }
  }
}

const stopped = (): Error => new Error('The event source mapping was stopped.');
