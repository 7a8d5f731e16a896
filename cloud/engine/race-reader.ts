import { type Consumer, type ConsumerStats, startConsumer } from '#cloud/streams/consumer.js';
import { ARCHIVE_THEN_LIVE } from '#cloud/streams/positions.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { Clock } from '#wire/clock.js';
import { FOLLOW_POLL_MS, type TailBatch } from './follower.js';
import type { RaceInHand } from './race-in-hand.js';
import { fastSource, firstSource, type RaceSourceOptions, slowSource } from './race-source.js';

export interface RaceReaderOptions extends RaceSourceOptions {
  wallClock: Clock;
  onRecords(batch: TailBatch): Promise<void>;
}

/** From here on, wall ms behind the stream, what is folded is not the race as it is now. */
const CATCHING_UP_MS = 2_000;

/**
 * Reads the race stream behind the positions in hand: with a seat by pushes, without by slow polls (decision 8). What is
 * archived behind them comes out of the archive first.
 */
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
    return slowSource(this.#options);
  }

  /** Resolves when the signal has fired and no batch is in hand. */
  async read(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#turn = new AbortController();
      this.#consumer = await this.#start();
      await firstOf(signal, this.#turn.signal);
      await this.#consumer.stop();
      this.#consumer = undefined;
    }
  }

  /** A seat was taken while reading: from here on by pushes. */
  hurry(): void {
    if (this.#isPolling) this.#turn.abort();
  }

  async #start(): Promise<Consumer> {
    const { wallClock, raceClock, random, deadLetters, log, onRecords } = this.#options;
    const { core, seat } = this.#race;
    this.#isPolling = !seat;
    const { positions } = core;
    const isFirst = Object.keys(positions).length === 0;
    const source = seat
      ? fastSource(this.#options, seat.race)
      : isFirst
        ? await firstSource(this.#options)
        : slowSource(this.#options);
    return startConsumer({
      source,
      positions,
      initial: source.hasArchive ? ARCHIVE_THEN_LIVE : undefined,
      ...(source.polls && { pollMs: FOLLOW_POLL_MS, idlePollMs: FOLLOW_POLL_MS }),
      onRecords,
      deadLetters,
      log,
      wallClock,
      raceClock,
      random,
    });
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
