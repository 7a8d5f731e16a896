import type { SimulatedSource } from '#device/sources/simulated.js';
import type { RegularBlock } from '#device/sources/source.js';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { CallMessage } from '#wire/messages.js';
import type { AgentLike } from './agents.js';
import { bodyFor, type Channel, endOf, type RemoteMessage, type ToFleet, type ToHost } from './remote-protocol.js';

export interface RemoteOptions {
  thing: string;
  source: SimulatedSource;
  channel: Channel;
  onCall: (call: CallMessage) => void;
  log: Log;
  /** How long the host may take to be ready, and to stop. Default 30 s. */
  timeoutMs?: number;
  /** Blocks on their way at most; one more is dropped and counted. Default 600: a minute of ticks. */
  blocksMost?: number;
}

const TIMEOUT_MS = 30_000;
const BLOCKS_MOST = 600;
/** What an answer may take on its way, beyond what the agent was given. */
const ANSWER_MS = 2_000;

/**
 * An agent whose process is another one: the fleet's end. Blocks go over as they come, and are counted until the host
 * says that its agent took them; `behindMs` tells how far it is behind.
 */
export class RemoteAgent<Stats> implements AgentLike<Stats> {
  /** Blocks that were not sent because the host was too far behind. */
  droppedBlocks = 0;
  readonly #options: RemoteOptions;
  readonly #unlisten: () => void;
  readonly #drains = new Map<number, (drained: boolean) => void>();
  #stats: Stats | undefined;
  #nextId = 1;
  #onWay = 0;
  #sentUntilMs = 0;
  #tookUntilMs = 0;
  #onReady: (outcome: ToFleet<Stats>) => void = () => {};
  #onStopped: () => void = () => {};

  private constructor(options: RemoteOptions) {
    this.#options = options;
    this.#unlisten = options.channel.listen((message) => {
      const body = bodyFor<ToFleet<Stats>>(message, options.thing);
      if (body) this.#receive(body);
    });
  }

  /** Resolves once the host says that its agent runs; raises PW-SIM-REMOTE when it failed or did not in time. */
  static async connect<Stats>(options: RemoteOptions): Promise<RemoteAgent<Stats>> {
    const agent = new RemoteAgent<Stats>(options);
    const outcome = await agent.#within(options.timeoutMs ?? TIMEOUT_MS, (resolve: (body: ToFleet<Stats>) => void) => {
      agent.#onReady = resolve;
    });
    if (outcome?.kind === 'ready') {
      options.source.start({
        samples: (block) => agent.#forward(block),
        event: (event) => {
          if (event.type !== 'lap') return;
          const { lapHint, lapTimeMs, eventTimeMs } = event;
          agent.#send({ kind: 'lap', lapHint, lapTimeMs, atMs: eventTimeMs ?? agent.#sentUntilMs });
        },
      });
      return agent;
    }
    agent.#unlisten();
    throw new PitwallError('PW-SIM-REMOTE', {
      what:
        outcome?.kind === 'failed'
          ? `The agent of ${options.thing} did not start in its process: ${outcome.code} ${outcome.message}`
          : `The process of ${options.thing} was not ready in ${options.timeoutMs ?? TIMEOUT_MS} ms.`,
    });
  }

  #forward(block: RegularBlock): void {
    if (this.#onWay >= (this.#options.blocksMost ?? BLOCKS_MOST)) {
      if (this.droppedBlocks++ === 0) {
        this.#options.log.warn('a hosted car is too far behind: its samples are dropped', {
          thing: this.#options.thing,
        });
      }
      return;
    }
    this.#onWay++;
    const endMs = endOf(block);
    if (this.#tookUntilMs === 0) this.#tookUntilMs = block.timeMs;
    this.#sentUntilMs = endMs;
    this.#send({ kind: 'block', block });
  }

  #receive(body: ToFleet<Stats>): void {
    if ('stats' in body) this.#stats = body.stats;
    switch (body.kind) {
      case 'ready':
      case 'failed':
        this.#onReady(body);
        return;
      case 'took':
        this.#onWay--;
        this.#tookUntilMs = body.untilMs;
        return;
      case 'call':
        this.#options.onCall(body.call);
        return;
      case 'drained':
        this.#drains.get(body.id)?.(body.drained);
        return;
      case 'stopped':
        this.#onStopped();
    }
  }

  /** As of the newest report of the host. */
  stats(): Stats {
    return this.#stats as Stats;
  }

  behindMs(): number {
    return this.#onWay === 0 ? 0 : this.#sentUntilMs - this.#tookUntilMs;
  }

  async drained(timeoutMs: number): Promise<boolean> {
    const id = this.#nextId++;
    const drained = await this.#within(timeoutMs + ANSWER_MS, (resolve: (drained: boolean) => void) => {
      this.#drains.set(id, resolve);
      this.#send({ kind: 'drain', id, timeoutMs });
    });
    this.#drains.delete(id);
    return drained ?? false;
  }

  /** Raises PW-SIM-REMOTE when the host does not say that its agent stopped. */
  async stop(): Promise<void> {
    this.#options.source.stop();
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS;
    const stopped = await this.#within(timeoutMs, (resolve: (done: true) => void) => {
      this.#onStopped = () => resolve(true);
      this.#send({ kind: 'stop' });
    });
    this.#unlisten();
    if (stopped) return;
    throw new PitwallError('PW-SIM-REMOTE', {
      what: `The process of ${this.#options.thing} did not stop its agent in ${timeoutMs} ms.`,
    });
  }

  #send(body: ToHost): void {
    this.#options.channel.send({ type: 'remoteCar', thing: this.#options.thing, body } satisfies RemoteMessage<ToHost>);
  }

  /** What `ask` resolves with, or undefined after `timeoutMs` of wall time. */
  async #within<Value>(timeoutMs: number, ask: (resolve: (value: Value) => void) => void): Promise<Value | undefined> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Value | undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), timeoutMs);
        ask(resolve);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
