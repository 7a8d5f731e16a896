import { type KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import type { StreamResource } from '#cloud/resources.js';
import { backOffMs, pause } from '#cloud/streams/back-off.js';
import type { EngineRecord, EngineWord } from '#wire/engine-records.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { RaceInHand } from './race-in-hand.js';

export interface EngineVoiceOptions {
  kinesis: KinesisClient;
  stream: StreamResource;
  log: Log;
  random: Random;
}

export interface VoiceCounters {
  put: number;
  /** Given up, or not begun: the stream did not take them, or another engine has the race. */
  failed: number;
}

/** Some 15 s beside the SDK's own tries; what matters is said again, and a newer forecast follows. */
const MAX_TRIES = 8;
const RETRY = { firstMs: 100, lastMs: 5_000 };

/**
 * Puts the engine's own records into the race's stream, one after the other, numbered under the seat's fence. The same one
 * put twice, because an answer was lost, has the same number; one of an owner of before has a lower fence.
 */
export class EngineVoice {
  readonly counters: VoiceCounters = { put: 0, failed: 0 };
  readonly #race: RaceInHand;
  readonly #options: EngineVoiceOptions;
  readonly #stop = new AbortController();
  #last = { fence: 0, seq: 0 };
  #before: Promise<unknown> = Promise.resolve();

  constructor(race: RaceInHand, options: EngineVoiceOptions) {
    this.#race = race;
    this.#options = options;
  }

  /** True when the stream has it. */
  say(word: EngineWord): Promise<boolean> {
    const said = this.#before.then(() => this.#say(word));
    this.#before = said;
    return said;
  }

  /** Ends all waiting; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#before;
  }

  async #say(word: EngineWord): Promise<boolean> {
    const { seat } = this.#race;
    if (!seat) return this.#giveUp();
    const { race, lease } = seat;
    const seq = lease.fence === this.#last.fence ? this.#last.seq + 1 : 1;
    this.#last = { fence: lease.fence, seq };
    const record: EngineRecord = { v: 1, race, fence: lease.fence, seq, ...word };
    for (let attempt = 1; lease.held() && !this.#stop.signal.aborted; attempt++) {
      if (await this.#put(record)) return true;
      if (attempt === MAX_TRIES) break;
      await pause(backOffMs(attempt, RETRY, this.#options.random), this.#stop.signal);
    }
    return this.#giveUp();
  }

  async #put(record: EngineRecord): Promise<boolean> {
    const { kinesis, stream, log } = this.#options;
    const Data = Buffer.from(JSON.stringify(record));
    try {
      await kinesis.send(new PutRecordCommand({ StreamName: stream.name, PartitionKey: record.race, Data }));
      this.counters.put++;
      return true;
    } catch (error) {
      log.warn('The engine’s own record was not taken by the stream.', { kind: record.kind, code: errorCode(error) });
      return false;
    }
  }

  #giveUp(): boolean {
    this.counters.failed++;
    return false;
  }
}
