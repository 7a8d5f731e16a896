import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Renewal } from './held-lease.js';
import type { LeaseRow, LeaseStore } from './lease.js';

/** Keeps leases alive. Two of them: in this thread (`startRenewals`), or in one of its own (`renewal-thread.ts`). */
export interface Renewer {
  hold(row: LeaseRow): void;
  drop(leaseKey: string): void;
  /** Written with the next renewal, for the workers that balance by it. */
  throughput(leaseKey: string, kBps: number): void;
  stop(): Promise<void>;
}

export interface RenewalOptions {
  store: Pick<LeaseStore, 'renew'>;
  renewMs: number;
  /** Monotonic. */
  clock: Clock;
  /** False while whoever works under the leases hangs: then none is renewed. Default: always true. */
  isAlive?(): boolean;
  onRenewal(renewal: Renewal): void;
}

interface Held {
  row: LeaseRow;
  kBps: number;
  renewing: boolean;
  stalled: boolean;
}

/**
 * Renews each lease every `renewMs`, all at once; one that is still under way is not sent twice.
 *
 * @example
 * const renewer = startRenewals({ store, renewMs: 1_000, clock: wallClock, onRenewal: (renewal) => leases.get(renewal.leaseKey)?.renewed(renewal) });
 * renewer.hold(row);
 */
export function startRenewals({ store, renewMs, clock, isAlive = () => true, onRenewal }: RenewalOptions): Renewer {
  const leases = new Map<string, Held>();

  const renew = async (held: Held): Promise<void> => {
    const { leaseKey, fence } = held.row;
    const sentMs = clock.nowMs();
    held.renewing = true;
    held.stalled = false;
    try {
      const row = await store.renew(held.row, held.kBps);
      if (leases.get(leaseKey) !== held) return;
      if (row) held.row = row;
      else leases.delete(leaseKey);
      onRenewal({ leaseKey, fence, sentMs, outcome: row ? { kind: 'renewed', row } : { kind: 'taken' } });
    } catch (error) {
      if (leases.get(leaseKey) !== held) return;
      onRenewal({ leaseKey, fence, sentMs, outcome: { kind: 'failed', code: errorCode(error) } });
    } finally {
      held.renewing = false;
    }
  };

  const stall = (held: Held): void => {
    if (held.stalled) return;
    held.stalled = true;
    const { leaseKey, fence } = held.row;
    onRenewal({ leaseKey, fence, sentMs: clock.nowMs(), outcome: { kind: 'stalled' } });
  };

  const timer = setInterval(() => {
    const alive = isAlive();
    for (const held of leases.values()) {
      if (!alive) stall(held);
      else if (!held.renewing) void renew(held);
    }
  }, renewMs);
  timer.unref();

  return {
    hold: (row) => {
      const held = { row, kBps: row.throughputKBps, renewing: false, stalled: false };
      leases.set(row.leaseKey, held);
      // At once: a thread that was started again comes late already.
      void renew(held);
    },
    drop: (leaseKey) => void leases.delete(leaseKey),
    throughput: (leaseKey, kBps) => {
      const held = leases.get(leaseKey);
      if (held) held.kBps = kBps;
    },
    stop: async () => {
      clearInterval(timer);
      leases.clear();
    },
  };
}
