import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { listOpenShards } from '#cloud/streams/list-shards.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { type Clock, RaceClock, wallClock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';

/** One of the five reads a second that a shard gives to all, every other second. */
const READ_MS = 2_000;

/**
 * The race clock that a stream stamps arrivals with, as far as it can be seen from outside: the age that the service gives
 * its oldest record, read again and again, so that the rate of a rehearsal is followed, too.
 */
export class LiveClock implements Clock {
  readonly #options: { client: KinesisClient; streamName: string; log: Log };
  readonly #clock = new RaceClock(wallClock);
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #last: { wallMs: number; raceMs: number } | undefined;

  constructor(options: { client: KinesisClient; streamName: string; log: Log }) {
    this.#options = options;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  /** Resolves after the first reading. Raises what the service raises. */
  async start(): Promise<void> {
    await this.#read();
    this.#timer = setInterval(() => {
      this.#read().catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          this.#options.log.warn('The race clock of the stream cannot be read.', { code: errorCode(error) });
      });
    }, READ_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stop.abort();
  }

  async #read(): Promise<void> {
    const { client, streamName } = this.#options;
    const { signal } = this.#stop;
    const source = kinesisPolling({ client, streamName, maxRecords: 1 });
    for (const shardId of (await listOpenShards(client, streamName, signal)).keys()) {
      const cursor = source.open(shardId, TRIM_HORIZON);
      const { records, millisBehindLatest } = await cursor.next(signal);
      const wallMs = wallClock.nowMs();
      // 1 says no more than that another record follows.
      if (records.length === 0 || millisBehindLatest <= 1) continue;
      this.#see(wallMs, records[0].arrivalMs + millisBehindLatest);
      return;
    }
  }

  #see(wallMs: number, raceMs: number): void {
    const last = this.#last;
    this.#last = { wallMs, raceMs };
    const passedMs = last ? wallMs - last.wallMs : 0;
    const rate = last && passedMs > 0 ? Math.max(0, (raceMs - last.raceMs) / passedMs) : 1;
    this.#clock.follow({ type: 'clock', wallMs, raceMs, rate });
  }
}
