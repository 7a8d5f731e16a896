import type { ShardAssignment, ShardProcessor, WorkBatch } from '#cloud/streams/worker/processor.js';
import type { Clock } from '#wire/clock.js';
import type { Route } from './routes.js';
import type { ReportRows } from './rows.js';

/** Between checkpoints: what comes again after a crash is in the rows already and costs its reading only. */
const COMMIT_MS = 10_000;

/** Folds one shard of a table's stream into the reporting table. Rows are written before the checkpoint moves. */
export class AggregateProcessor implements ShardProcessor {
  readonly #rows: ReportRows;
  readonly #route: Route;
  readonly #clock: Clock;
  #shard: ShardAssignment | undefined;
  #committedMs: number;
  #isDirty = false;

  /** @param clock monotonic */
  constructor(rows: ReportRows, route: Route, clock: Clock) {
    this.#rows = rows;
    this.#route = route;
    this.#clock = clock;
    this.#committedMs = clock.nowMs();
  }

  async initialize(shard: ShardAssignment): Promise<void> {
    this.#shard = shard;
  }

  async process({ records }: WorkBatch): Promise<void> {
    await this.#rows.take(records.flatMap((record) => this.#route(record) ?? []));
    this.#isDirty = true;
    if (this.#clock.nowMs() - this.#committedMs >= COMMIT_MS) await this.#commit();
  }

  async leaseLost(): Promise<void> {}

  async shardEnded(): Promise<void> {}

  shutdownRequested(): Promise<void> {
    return this.#commit();
  }

  async #commit(): Promise<void> {
    if (!this.#isDirty) return;
    await this.#shard?.commit();
    this.#isDirty = false;
    this.#committedMs = this.#clock.nowMs();
  }
}
