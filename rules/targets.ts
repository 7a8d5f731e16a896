import { PitwallError } from '#wire/errors.js';
import { BatchQueue } from './actions/batch-queue.js';
import type { Sender, Service, Services } from './actions/senders.js';
import { SERVICE_LIMITS } from './actions/service-limits.js';
import type { EngineLimits, EngineOptions } from './options.js';

type Needs = Pick<EngineOptions, 'senders' | 'wallClock' | 'random'>;
type AnyQueue = Pick<BatchQueue<unknown>, 'oldestMs' | 'abandon'>;

/** One queue per stream, table, function, …, shared by all rules that feed it. */
export class Targets {
  readonly #options: Needs;
  readonly #limits: EngineLimits;
  readonly #queues = new Map<string, AnyQueue>();

  constructor(options: Needs, limits: EngineLimits) {
    this.#options = options;
    this.#limits = limits;
  }

  /** @throws PitwallError `PW-RULE-NO-SENDER` when nobody sends there */
  queue<Name extends Service>(service: Name, target: Services[Name]['target']): BatchQueue<Services[Name]['entry']> {
    const key = `${service} ${target}`;
    const known = this.#queues.get(key);
    // A key names one service, so what is kept under it is a queue of that service's entries.
    if (known !== undefined) return known as unknown as BatchQueue<Services[Name]['entry']>;
    const sender = this.#options.senders[service]?.(target) as Sender<Services[Name]['entry']> | undefined;
    if (sender === undefined) {
      throw new PitwallError('PW-RULE-NO-SENDER', {
        what: `Nothing here sends to ${service} ${target}.`,
        fix: 'Pass a sender for it in, or take the action out of the rule.',
      });
    }
    const { wallClock: wall, random } = this.#options;
    const { retry, lingerMs } = this.#limits;
    const queue = new BatchQueue({ sender, limits: SERVICE_LIMITS[service], retry, lingerMs, wall, random });
    this.#queues.set(key, queue as unknown as AnyQueue);
    return queue;
  }

  /** Wall time of the oldest record that is not settled. */
  oldestMs(): number | undefined {
    let oldestMs: number | undefined;
    for (const { oldestMs: candidate } of this.#queues.values()) {
      if (candidate !== undefined && (oldestMs === undefined || candidate < oldestMs)) oldestMs = candidate;
    }
    return oldestMs;
  }

  abandon(): void {
    for (const queue of this.#queues.values()) queue.abandon();
  }
}
