import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { RaceInHand } from './race-in-hand.js';
import type { Seat } from './seat.js';

export interface CommitterOptions {
  wallClock: Clock;
  log: Log;
  /** Told when the race's state cannot be written under this seat any more. */
  onBroken(race: string, error: PitwallError): void;
}

export interface CommitCounters {
  count: number;
  failed: number;
  /** Of the newest: stored size, wall time that it took. */
  bytes: number;
  ms: number;
}

/** Wall time between snapshots while anything changes; a lap of the leader brings one at once. */
const SNAPSHOT_MS = 5_000;

/** Writes the race in hand as snapshots: state, positions and ranges of one moment (decision 8). One at a time. */
export class Committer {
  readonly counters: CommitCounters = { count: 0, failed: 0, bytes: 0, ms: 0 };
  readonly #race: RaceInHand;
  readonly #options: CommitterOptions;
  #committing: Promise<void> | undefined;
  #savedMs = 0;

  constructor(race: RaceInHand, options: CommitterOptions) {
    this.#race = race;
    this.#options = options;
  }

  /** Resolves when what is folded is durable, or could not be made so. */
  async commit(): Promise<void> {
    await this.idle();
    const { isChanged, seat } = this.#race;
    if (!isChanged || !seat?.lease.held()) return;
    this.#committing = this.#commit(seat).finally(() => {
      this.#committing = undefined;
    });
    await this.#committing;
  }

  /** The next tick commits. */
  hurry(): void {
    this.#savedMs = Number.NEGATIVE_INFINITY;
  }

  tick(): void {
    if (this.#committing || !this.#race.isChanged) return;
    if (this.#options.wallClock.nowMs() - this.#savedMs >= SNAPSHOT_MS) void this.commit();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#committing) await this.#committing;
  }

  async #commit({ race, lease, store, writer }: Seat): Promise<void> {
    const { wallClock, log, onBroken } = this.#options;
    const startMs = wallClock.nowMs();
    this.#race.isChanged = false;
    this.#savedMs = startMs;
    // Everything up to the first await is one moment: state, positions and ranges agree.
    const json = JSON.stringify(this.#race.core);
    try {
      // A replay starts behind the snapshot, so the rows of what it holds must be there first.
      await writer.flush();
      if (!lease.held()) throw new PitwallError('PW-STATE-FENCED', { what: `The lease of ${race} ran out.` });
      this.counters.bytes = await store.save(json);
      this.counters.count++;
      this.counters.ms = wallClock.nowMs() - startMs;
    } catch (error) {
      this.counters.failed++;
      this.#race.isChanged = true;
      log.warn('The race could not be committed.', { race, code: errorCode(error) });
      if (error instanceof PitwallError && lease.held()) onBroken(race, error);
    }
  }
}
