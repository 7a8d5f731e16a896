import type { NewRecord } from '../journal/batch.js';
import type { Journal } from '../journal/journal.js';
import { setFrameLane } from '../wire/frame.js';

/** A run of records of one boot, both ends included. */
export interface ResendRange {
  /** `formatBoot` text. */
  boot: string;
  from: number;
  to: number;
}

export interface ResendResult {
  /** Records that have their PUBACK. */
  sent: number;
  /** Numbers of the range that the journal has no record of any more. */
  missing: number;
}

export interface ResendOptions {
  journal: Journal;
  /** Whether one more may go now. */
  mayPublish: () => boolean;
  /** Resolves on PUBACK. */
  publish: (record: NewRecord) => Promise<void>;
}

/** Times a record is handed to the link before it counts as not sent. */
const ATTEMPTS_MAX = 10;

/**
 * "Send session X from seq a to b": sends records again because somebody asked for them, whatever was acknowledged. They
 * go once each, on PUBACK, one request after the other, behind everything else that waits. Readers remove what they have
 * by its identity.
 */
export class Resend {
  readonly #options: ResendOptions;
  #last: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => {};

  constructor(options: ResendOptions) {
    this.#options = options;
  }

  start(range: ResendRange): Promise<ResendResult> {
    const result = this.#last.then(() => this.#run(range));
    this.#last = result.catch(() => {});
    return result;
  }

  /** Call when something may be sent. */
  pump(): void {
    if (this.#options.mayPublish()) this.#wake();
  }

  async #run({ boot, from, to }: ResendRange): Promise<ResendResult> {
    const { journal } = this.#options;
    const underWay = new Set<Promise<void>>();
    let sent = 0;
    for await (const record of journal.find(boot, from, to)) {
      await this.#turn();
      if (record.kind === 'frame') setFrameLane(record.payload, 'backfill');
      const publish = this.#send(record).then((hasPuback) => {
        underWay.delete(publish);
        if (hasPuback) sent++;
      });
      underWay.add(publish);
    }
    await Promise.all(underWay);
    return { sent, missing: to - from + 1 - sent };
  }

  async #send(record: NewRecord): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (attempt > 0) await this.#turn();
      try {
        await this.#options.publish(record);
        return true;
      } catch {
        // The link went down: again when it is back.
      }
    }
    return false;
  }

  async #turn(): Promise<void> {
    while (!this.#options.mayPublish()) {
      await new Promise<void>((resolve) => {
        const others = this.#wake;
        this.#wake = () => {
          this.#wake = () => {};
          others();
          resolve();
        };
      });
    }
  }
}
