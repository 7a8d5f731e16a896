import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { RetryLimits } from './actions/batch-queue.js';
import type { ErrorSink } from './actions/outbox.js';
import type { Senders } from './actions/senders.js';
import { DEFAULT_LOOKUP_LIMITS, type LookupLimits } from './bounded-lookups.js';
import type { RuleDefinition } from './definition.js';
import type { Lookups } from './sql/lookups.js';

export interface EngineLimits {
  /** Actions not yet settled, over all rules; from then on `ingest` makes publishers wait. One message may pass it by its own actions. */
  queueRecords: number;
  /** Payload bytes of the messages that they hold. */
  queueBytes: number;
  /** Messages that wait for room; beyond it they are refused. */
  waitingMessages: number;
  /** How long a record may wait for others to share its call, wall time. */
  lingerMs: number;
  retry: RetryLimits;
  lookups: LookupLimits;
  /** How long `close` leaves retries to succeed, wall time. */
  closeMs: number;
  /** Topics whose rules are remembered. */
  cachedTopics: number;
}

export const DEFAULT_LIMITS: EngineLimits = {
  queueRecords: 20_000,
  queueBytes: 64 * 1024 * 1024,
  waitingMessages: 20_000,
  lingerMs: 20,
  retry: { attempts: 8, backoffMs: 50, backoffMsMax: 2_000 },
  lookups: DEFAULT_LOOKUP_LIMITS,
  closeMs: 5_000,
  cachedTopics: 10_000,
};

export interface EngineOptions {
  catalog: readonly RuleDefinition[];
  senders: Senders;
  outbox: ErrorSink;
  wallClock: Clock;
  random: Random;
  log: Log;
  /** What `accountid()` gives. */
  accountId?: string;
  /** What statements may look up. A rule that looks up anything else is refused. */
  lookups?: Lookups;
  limits?: Partial<EngineLimits>;
}
