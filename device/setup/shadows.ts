import type { Link } from '../uplink/link.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import type { JsonObject } from './json.js';
import { ShadowSync } from './shadow-sync.js';
import type { ShadowStats, ShadowUse } from './shadow-use.js';

export interface ShadowsOptions {
  thing: string;
  /** Folder of the agent; each shadow has a file of its name in it. */
  dir: string;
  link: Link;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** One shadow of any kind, as those see it that only let it run. */
type AnyShadow = Pick<ShadowSync<object>, 'start' | 'onLinkUp' | 'onLinkDown' | 'tick' | 'changed' | 'stats'>;

/** The car's named shadows, each by the same engine. */
export class Shadows {
  readonly #options: ShadowsOptions;
  readonly #byName = new Map<string, AnyShadow>();

  constructor(options: ShadowsOptions) {
    this.#options = options;
  }

  add<State extends object>(use: ShadowUse<State>): this {
    this.#byName.set(use.name, new ShadowSync({ ...this.#options, use }));
    return this;
  }

  /** Call before the link connects. */
  start(): void {
    for (const shadow of this.#byName.values()) shadow.start();
  }

  onLinkState(state: 'up' | 'down'): void {
    for (const shadow of this.#byName.values()) {
      if (state === 'up') shadow.onLinkUp();
      else shadow.onLinkDown();
    }
  }

  tick(): void {
    for (const shadow of this.#byName.values()) shadow.tick();
  }

  /** See `ShadowSync.changed`. A shadow that this car does not have takes nothing. */
  changed(name: string, change: JsonObject): void {
    this.#byName.get(name)?.changed(change);
  }

  stats(): Record<string, ShadowStats> {
    return Object.fromEntries([...this.#byName].map(([name, { stats }]) => [name, stats]));
  }
}
