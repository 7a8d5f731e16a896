import type { Envelope } from '#wire/messages.js';

/** Records of one boot before the next boot's numbers start; 9 million boots fit a safe integer. */
const RECORDS_PER_BOOT = 1e9;

/**
 * Place of a record in its sender's own order: boot counter first, then seq. Of two records that state the same fact, the
 * greater one counts, whichever arrived first. NaN when the envelope is damaged.
 */
export function recordVersion(envelope: Pick<Envelope, 'boot' | 'seq'>): number {
  return bootCounter(envelope.boot) * RECORDS_PER_BOOT + envelope.seq;
}

/** Counter of a `formatBoot` text; NaN when it is none. */
export function bootCounter(boot: string): number {
  return Number.parseInt(boot, 10);
}
