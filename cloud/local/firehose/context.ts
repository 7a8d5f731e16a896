import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Store } from '../kinesis/store.js';
import type { LocalFunctions } from '../lambda/functions.js';
import type { Catalog } from './catalog.js';
import type { FirehoseCounters } from './counters.js';
import type { FirehoseLimits } from './limits.js';
import type { Neighbours } from './neighbours.js';

/** What every delivery stream works with. */
export interface FirehoseContext {
  store: Store;
  catalog: Catalog;
  functions: LocalFunctions;
  neighbours(): Neighbours;
  limits: FirehoseLimits;
  counters: FirehoseCounters;
  statusDelayMs: number;
  region: string;
  accountId: string;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}
