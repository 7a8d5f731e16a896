/**
 * Queues, topics, metrics, alarms and logs of the local services: a file each that a person can read, one JSON line an entry.
 * Nothing reads them back; a rule's action counts as sent when its line is written.
 *
 *     <dir>/sqs.ndjson     {"atMs": …, "target": "<queueUrl>", "messageBody": …}
 */
import { mkdirSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sender, Senders, SendResult, Service } from '#rules/actions/senders.js';
import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';

export interface WrittenSendersOptions {
  dir: string;
  raceClock: Clock;
  /** Bound of each file; what would pass it fails for good, and so reaches the rule's error action. Default 16 MiB. */
  fileBytesMax?: number;
}

const FILE_BYTES_MAX = 16 * 1024 * 1024;
const SERVICES = [
  'sqs',
  'sns',
  'cloudwatchMetric',
  'cloudwatchAlarm',
  'cloudwatchLogs',
] as const satisfies readonly Service[];

/**
 * @example const senders = { ...createSenders(clients, resources), ...writtenSenders({ dir, raceClock }) };
 * @throws PitwallError `PW-LOCAL-STORE` when the folder cannot be made
 */
export function writtenSenders(options: WrittenSendersOptions): Pick<Senders, (typeof SERVICES)[number]> {
  try {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new PitwallError('PW-LOCAL-STORE', { what: `The folder ${options.dir} cannot be made.`, cause });
  }
  return Object.fromEntries(
    SERVICES.map((service) => {
      const file = new EntryFile(join(options.dir, `${service}.ndjson`), options);
      return [service, (target: string): Sender<object> => file.sender(target)];
    }),
  );
}

class EntryFile {
  readonly #path: string;
  readonly #raceClock: Clock;
  readonly #bytesMax: number;
  #bytes: number;
  /** Targets share the file, and each has a queue of its own: appends go one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, { raceClock, fileBytesMax = FILE_BYTES_MAX }: WrittenSendersOptions) {
    this.#path = path;
    this.#raceClock = raceClock;
    this.#bytesMax = fileBytesMax;
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  sender(target: string): Sender<object> {
    return {
      resource: target,
      send: (entries) => {
        const sent = this.#last.then(() => this.#append(target, entries));
        this.#last = sent;
        return sent;
      },
    };
  }

  async #append(target: string, entries: object[]): Promise<SendResult[]> {
    const atMs = Math.round(this.#raceClock.nowMs());
    const text = entries.map((entry) => `${JSON.stringify({ atMs, target, ...entry })}\n`).join('');
    const all = (result: SendResult) => entries.map(() => result);
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > this.#bytesMax) {
      const errorMessage = `${this.#path} may hold ${this.#bytesMax} bytes; remove it to go on`;
      return all({ errorCode: 'FileFull', errorMessage, retriable: false });
    }
    try {
      await appendFile(this.#path, text, { mode: 0o600 });
      this.#bytes += bytes;
      return all({});
    } catch (error) {
      return all({ errorCode: errorCode(error), errorMessage: `${this.#path} cannot be written`, retriable: true });
    }
  }
}
