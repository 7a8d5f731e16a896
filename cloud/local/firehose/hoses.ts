import type { Clock } from '#wire/clock.js';
import { AwsError } from '../aws-error.js';
import { text } from '../input.js';
import type { JsonObject } from '../json-service.js';
import type { StreamRecord } from './catalog.js';
import type { FirehoseContext } from './context.js';
import { streamNotFound } from './errors.js';
import { Hose } from './hose.js';

const FLUSH_POLL_MS = 10;
const NAME = { max: 64, pattern: /^[a-zA-Z0-9_.-]+$/ };

/** All delivery streams. */
export class Hoses {
  readonly #context: FirehoseContext;
  readonly #hoses = new Map<string, Hose>();
  #lastId = 0;
  #isRunning = false;

  constructor(context: FirehoseContext) {
    this.#context = context;
    for (const record of context.catalog.records()) {
      this.#hoses.set(record.name, new Hose(record, context));
      this.#lastId = Math.max(this.#lastId, record.id);
    }
  }

  nowMs(): number {
    return Math.floor(this.#context.raceClock.nowMs());
  }

  nameOf(input: JsonObject): string {
    return text(input, 'DeliveryStreamName', NAME);
  }

  /** In order of their names. */
  all(): Hose[] {
    return [...this.#hoses.values()].sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  }

  /** Raises ResourceNotFoundException. */
  find(input: JsonObject): Hose {
    const name = this.nameOf(input);
    const hose = this.#hoses.get(name);
    if (hose === undefined) throw streamNotFound(name, this.#context.accountId);
    return hose;
  }

  hasFunction(arn: string): boolean {
    return this.#context.functions.has(arn);
  }

  async create(name: string, config: Pick<StreamRecord, 'destination' | 'extended' | 'source'>): Promise<Hose> {
    const { accountId, catalog, limits } = this.#context;
    if (this.#hoses.has(name)) {
      throw new AwsError('ResourceInUseException', `Firehose ${name} under accountId ${accountId} already exists`);
    }
    if (this.#hoses.size >= limits.streamsMax) {
      throw new AwsError('LimitExceededException', `An account has at most ${limits.streamsMax} delivery streams.`);
    }
    const nowMs = this.nowMs();
    const id = ++this.#lastId;
    const record = { ...config, id, name, createdAtMs: nowMs, updatedAtMs: nowMs, version: 1, deleting: false };
    const hose = new Hose(record, this.#context);
    // Before the write: a second call for the same name must meet the first.
    this.#hoses.set(name, hose);
    await catalog.save(record);
    if (this.#isRunning) await hose.start();
    return hose;
  }

  /** Until then nothing leaves and no source is read. */
  async start(): Promise<void> {
    this.#isRunning = true;
    for (const hose of this.#hoses.values()) await hose.start();
  }

  tick(): void {
    if (!this.#isRunning) return;
    for (const [name, hose] of this.#hoses) {
      hose.delivery.tick();
      if (hose.record.deleting && hose.delivery.backlogBytes === 0) this.#remove(name, hose);
    }
  }

  /** Hands on all that waits, until nothing does or the time is over. */
  async flush(wallClock: Clock, withinMs: number): Promise<void> {
    const hoses = this.all();
    const endMs = wallClock.nowMs() + withinMs;
    for (const { delivery } of hoses) delivery.flush();
    while (hoses.some(({ delivery }) => delivery.backlogBytes > 0) && wallClock.nowMs() < endMs) {
      for (const { delivery } of hoses) delivery.tick();
      await new Promise((resolve) => setTimeout(resolve, FLUSH_POLL_MS));
    }
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    await Promise.all([...this.#hoses.values()].map((hose) => hose.stop()));
  }

  #remove(name: string, hose: Hose): void {
    this.#hoses.delete(name);
    this.#context.catalog.remove(hose.record).catch((error: unknown) => {
      // It is there again after the next start, and goes then.
      this.#context.log.error('firehose: a delivery stream could not be removed', {
        stream: name,
        cause: String(error),
      });
    });
  }
}
