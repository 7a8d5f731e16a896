import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { AckMessage, Family } from '#wire/messages.js';
import type { Range } from '#wire/ranges.js';
import { topics } from '#wire/topics.js';

export interface AckPublisherOptions {
  iotData: IoTDataPlaneClient;
  family: Family;
  /** At most one message per (thing, boot) in it, wall ms. Default 3,000. */
  intervalMs?: number;
  /** Calls at a time. Default 8. */
  concurrency?: number;
  log: Log;
  wallClock: Clock;
  /** Told in each message. */
  raceClock: Clock;
}

/** All that is committed of one boot, from its first record on. */
export interface CommittedBoot {
  thing: string;
  boot: string;
  ranges: Range[];
}

export interface AckStats {
  published: number;
  failed: number;
  /** Boots with something committed that was not published yet. */
  due: number;
}

export interface AckPublisher {
  /** Hands over what a durable commit holds; a later hand-over of the same boot replaces an earlier one not yet sent. */
  committed(boots: readonly CommittedBoot[]): void;
  stats(): AckStats;
  /** Publishes what is due, however recent the last message was, then stops. A failure is left to the next start. */
  stop(): Promise<void>;
}

/** Ranges in one message; 16 bytes or so each keep it far below AWS IoT's 128 KB. Unions need no order, so neither do messages. */
const MAX_RANGES_PER_MESSAGE = 2_000;
const TICK_MS = 250;

interface DueBoot extends CommittedBoot {
  lastSentMs: number;
  due: boolean;
}

/**
 * Tells agents what is durable (decision 3). Each message carries all ranges of its boot, so a lost message is healed by
 * the next one; a boot that is heard sending again what was acknowledged is handed over again by its reader.
 */
export function startAckPublisher(options: AckPublisherOptions): AckPublisher {
  return new IotAckPublisher(options);
}

class IotAckPublisher implements AckPublisher {
  readonly #options: Required<AckPublisherOptions>;
  /** One entry a boot ever acknowledged by this process: bounded by the readers' bound on boots. */
  readonly #boots = new Map<string, DueBoot>();
  readonly #timer: NodeJS.Timeout;
  #publishing: Promise<void> | undefined;
  #published = 0;
  #failed = 0;

  constructor(options: AckPublisherOptions) {
    this.#options = { intervalMs: 3_000, concurrency: 8, ...options };
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  committed(boots: readonly CommittedBoot[]): void {
    for (const { thing, boot, ranges } of boots) {
      const key = `${thing} ${boot}`;
      const known = this.#boots.get(key);
      const lastSentMs = known?.lastSentMs ?? Number.NEGATIVE_INFINITY;
      this.#boots.set(key, { thing, boot, ranges, lastSentMs, due: true });
    }
  }

  stats(): AckStats {
    let due = 0;
    for (const entry of this.#boots.values()) if (entry.due) due++;
    return { published: this.#published, failed: this.#failed, due };
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#publishing;
    await this.#publish(Number.POSITIVE_INFINITY);
  }

  #tick(): void {
    this.#publishing ??= this.#publish(this.#options.wallClock.nowMs()).finally(() => {
      this.#publishing = undefined;
    });
  }

  async #publish(nowMs: number): Promise<void> {
    const { concurrency, intervalMs } = this.#options;
    const due = [...this.#boots.values()].filter((entry) => entry.due && nowMs - entry.lastSentMs >= intervalMs);
    let next = 0;
    const work = async () => {
      while (next < due.length) await this.#send(due[next++]);
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, due.length) }, work));
  }

  async #send(entry: DueBoot): Promise<void> {
    const { iotData, family, log, wallClock, raceClock } = this.#options;
    entry.due = false;
    entry.lastSentMs = wallClock.nowMs();
    try {
      for (let from = 0; from < entry.ranges.length; from += MAX_RANGES_PER_MESSAGE) {
        const ranges = entry.ranges.slice(from, from + MAX_RANGES_PER_MESSAGE);
        const message: AckMessage = { v: 1, kind: 'ack', boot: entry.boot, family, ranges, atMs: raceClock.nowMs() };
        const payload = Buffer.from(JSON.stringify(message));
        await iotData.send(new PublishCommand({ topic: topics.acks(entry.thing), qos: 1, payload }));
      }
      this.#published++;
    } catch (error) {
      this.#failed++;
      entry.due = true;
      log.warn('An acknowledgement could not be published; it is sent again.', {
        thing: entry.thing,
        code: errorCode(error),
      });
    }
  }
}
