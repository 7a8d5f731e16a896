import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Handle } from './handle.js';
import type { Usage } from './protocol.js';

export interface LastingOptions<Info> {
  /** Starts one; `onExit` hears of an end that nobody asked for. `start` counts from 1. */
  start(onExit: (error: Error) => void, start: number): Promise<Handle<Info>>;
  /** It ended more often than `MAX_STARTS`, or could not be started again. */
  onFailure(error: Error): void;
  log: Log;
}

/** As often as a part may be started in one race: what dies that often does not die by accident. */
const MAX_STARTS = 10;

/** A part that is started again when its process dies, as a service of a cloud is; the calls go to the one that lives. */
export async function startLasting<Info>(options: LastingOptions<Info>): Promise<Handle<Info>> {
  const lasting = new LastingHandle(options);
  await lasting.begin();
  return lasting;
}

class LastingHandle<Info> implements Handle<Info> {
  readonly #options: LastingOptions<Info>;
  #present!: Handle<Info>;
  #starts = 0;
  #restarting: Promise<void> | undefined;
  #stopped = false;
  /** Of processes that died. */
  #past: Usage = { cpuSeconds: 0, rssMb: 0 };

  constructor(options: LastingOptions<Info>) {
    this.#options = options;
  }

  get name(): string {
    return this.#present.name;
  }

  get pid(): number {
    return this.#present.pid;
  }

  get info(): Info {
    return this.#present.info;
  }

  /** One that is away holds nobody up: others have taken its work over, or will. */
  get lag() {
    return this.#restarting ? { name: this.name, share: 0 } : this.#present.lag;
  }

  get usage(): Usage {
    const { cpuSeconds, rssMb } = this.#present.usage;
    return { cpuSeconds: this.#past.cpuSeconds + cpuSeconds, rssMb: Math.max(this.#past.rssMb, rssMb) };
  }

  async begin(): Promise<void> {
    this.#present = await this.#options.start((error) => this.#ended(error), ++this.#starts);
  }

  async call<Result>(method: string, argument?: unknown): Promise<Result> {
    await this.#restarting;
    return this.#present.call(method, argument);
  }

  setClock(sync: Parameters<Handle<Info>['setClock']>[0]): void {
    this.#present.setClock(sync);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#restarting;
    await this.#present.stop();
  }

  #ended(error: Error): void {
    const { log, onFailure } = this.#options;
    if (this.#stopped) return;
    this.#past = this.usage;
    if (this.#starts >= MAX_STARTS) {
      onFailure(error);
      return;
    }
    log.warn('A process ended and is started again.', { part: this.name, error: error.message });
    this.#restarting = this.begin()
      .catch((cause: unknown) => {
        log.error('A process could not be started again.', { part: this.name, code: errorCode(cause) });
        onFailure(error);
      })
      .finally(() => {
        this.#restarting = undefined;
      });
  }
}
