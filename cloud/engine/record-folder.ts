import { setImmediate as yieldLoop } from 'node:timers/promises';
import type { RaceTrigger } from '#cloud/race/types.js';
import type { RefusedRecords } from '#cloud/streams/refused-records.js';
import { isAfter, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { RaceRecord, SessionOpen } from '#wire/race-records.js';
import type { TailBatch } from './follower.js';
import type { RaceCore } from './race-core.js';
import type { RaceInHand } from './race-in-hand.js';
import { parseRaceRecord, WHY } from './records.js';

export interface RecordFolderOptions {
  refused: RefusedRecords;
  wallClock: Clock;
  log: Log;
  /** Before the record of a session is folded; false: it is not to be, and what is left is read again. */
  begin(open: SessionOpen): Promise<boolean>;
  /** After it was folded. */
  begun(open: SessionOpen): Promise<void>;
  /** What a record brought. */
  act(triggers: RaceTrigger[]): void;
  onLeaderLap(): void;
}

/** Wall time of folding after which others have their turn: leases are renewed, and the screen is fed, also behind a long batch. */
const TURN_MS = 50;

/** Folds batches of the race stream into the race in hand; what cannot be used goes to the dead letters. */
export class RecordFolder {
  readonly #race: RaceInHand;
  readonly #options: RecordFolderOptions;
  /** Folds that failed while the record in hand was taken. */
  #failed: { error: unknown; record: RaceRecord }[] = [];

  constructor(race: RaceInHand, options: RecordFolderOptions) {
    this.#race = race;
    this.#options = options;
  }

  /** From here on this is what is known of the race. */
  know(core: RaceCore): void {
    this.#race.core = core;
    this.#race.isChanged = false;
    core.onFailure = (error, record) => {
      if (record) this.#failed.push({ error, record });
      const stack = error instanceof Error ? error.stack : undefined;
      this.#options.log.error('A fold or an answer failed; the race goes on without it.', {
        code: errorCode(error),
        stack,
      });
    };
  }

  /** Once the signal has fired, what is left is not folded: it is read again, from the snapshot's positions. */
  async fold({ shardId, records, ended }: TailBatch, signal: AbortSignal): Promise<void> {
    const race = this.#race;
    const { wallClock } = this.#options;
    let turnMs = wallClock.nowMs();
    for (const record of records) {
      if (signal.aborted) return;
      if (!isAfter(record, race.core.positions[shardId] ?? TRIM_HORIZON)) continue;
      if (!(await this.#foldRecord(shardId, record))) return;
      race.isViewDue = true;
      if (wallClock.nowMs() - turnMs < TURN_MS) continue;
      await yieldLoop();
      turnMs = wallClock.nowMs();
    }
    if (ended) {
      race.core.endShard(shardId);
      race.isChanged = true;
    }
    await race.seat?.writer.room();
    race.isViewDue = true;
  }

  async #foldRecord(shardId: string, record: StreamRecord): Promise<boolean> {
    const { refused, begin, begun, act, onLeaderLap } = this.#options;
    const parsed = parseRaceRecord(record);
    const open = this.#race.core.opens(parsed);
    if (open && !(await begin(open))) return false;
    if (parsed.from === 'refused' && !(await refused.put(shardId, record, parsed.reason, WHY[parsed.reason]))) {
      return false;
    }
    const { core } = this.#race;
    const leaderLap = core.state?.lap;
    act(core.take(shardId, record, parsed));
    await this.#putFailedAside(shardId, record);
    this.#race.isChanged = true;
    if (open) await begun(open);
    else if (leaderLap !== core.state?.lap) onLeaderLap();
    return true;
  }

  /** Records whose fold failed: the one in hand, or one that had waited for it. */
  async #putFailedAside(shardId: string, at: StreamRecord): Promise<void> {
    for (const { error, record } of this.#failed.splice(0)) {
      const message = error instanceof Error ? error.message : String(error);
      const data = Buffer.from(JSON.stringify(record));
      await this.#options.refused.put(shardId, { ...at, data }, errorCode(error), message);
    }
  }
}
