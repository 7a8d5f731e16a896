import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { fanOutNames, type StreamResource } from '#cloud/resources.js';
import { type Consumer, type ConsumerStats, startConsumer } from '#cloud/streams/consumer.js';
import type { DeadLetterStore } from '#cloud/streams/dead-letters.js';
import { kinesisRecords, pushedRecords } from '#cloud/streams/kinesis-records.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { Clock, RaceClock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { FOLLOW_POLL_MS, type TailBatch } from './follower.js';
import type { RaceInHand } from './race-in-hand.js';

export interface RaceReaderOptions {
  kinesis: KinesisClient;
  stream: StreamResource;
  deadLetters: DeadLetterStore;
  raceClock: RaceClock;
  wallClock: Clock;
  random: Random;
  log: Log;
  onRecords(batch: TailBatch): Promise<void>;
}

/** From here on, wall ms behind the stream, what is folded is not the race as it is now. */
const CATCHING_UP_MS = 2_000;

/** Reads the race stream behind the positions in hand: by pushes with a seat, by slow polls without (decision 7). */
export class RaceReader {
  readonly #race: RaceInHand;
  readonly #options: RaceReaderOptions;
  #consumer: Consumer | undefined;
  #isPolling = false;
  /** Ends an idle engine's polling, so that it goes on by pushes. */
  #turn = new AbortController();

  constructor(race: RaceInHand, options: RaceReaderOptions) {
    this.#race = race;
    this.#options = options;
  }

  stats(): ConsumerStats | null {
    return this.#consumer?.stats() ?? null;
  }

  /** How far behind the stream: race ms, and wall ms at the present rate of the race clock. */
  behind(): { raceMs: number; wallMs: number } {
    const raceMs = this.#consumer?.stats().lagMs ?? 0;
    const { rate } = this.#options.raceClock;
    return { raceMs, wallMs: rate > 0 ? raceMs / rate : raceMs };
  }

  isLive(): boolean {
    return this.behind().wallMs < CATCHING_UP_MS;
  }

  slowSource(): ShardSource {
    return kinesisRecords(this.#stream());
  }

  /** Resolves when the signal has fired and no batch is in hand. */
  async read(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#turn = new AbortController();
      this.#consumer = this.#start();
      await firstOf(signal, this.#turn.signal);
      await this.#consumer.stop();
      this.#consumer = undefined;
    }
  }

  /** A seat was taken while reading: from here on by pushes. */
  hurry(): void {
    if (this.#isPolling) this.#turn.abort();
  }

  #start(): Consumer {
    const { wallClock, raceClock, random, deadLetters, log, onRecords } = this.#options;
    this.#isPolling = !this.#race.seat;
    const how = this.#isPolling
      ? { source: this.slowSource(), pollMs: FOLLOW_POLL_MS, idlePollMs: FOLLOW_POLL_MS }
      : { source: pushedRecords({ ...this.#stream(), consumerName: fanOutNames.engine, random }) };
    const { positions } = this.#race.core;
    return startConsumer({ ...how, positions, onRecords, deadLetters, log, wallClock, raceClock, random });
  }

  #stream() {
    const { kinesis, stream, deadLetters, raceClock, log } = this.#options;
    return { client: kinesis, streamName: stream.name, deadLetters, raceClock, log };
  }
}

function firstOf(...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
