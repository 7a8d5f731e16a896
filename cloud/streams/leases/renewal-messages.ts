import type { CloudConfig } from '../../config.js';
import type { Renewal } from './held-lease.js';
import type { LeaseRow } from './lease.js';

/** What the thread is started with. */
export interface RenewalThreadData {
  config: CloudConfig;
  tableName: string;
  renewMs: number;
  stallMs: number;
  /** When the main thread was last seen to turn, monotonic ns. */
  beats: BigInt64Array;
}

export type ToThread =
  | { type: 'hold'; row: LeaseRow }
  | { type: 'drop'; leaseKey: string }
  | { type: 'throughput'; leaseKey: string; kBps: number };

/** `sentMs` of a renewal is `monotonicMs()`. */
export type FromThread = { type: 'ready' } | { type: 'renewal'; renewal: Renewal };

/** The machine's monotonic counter: the same in every thread. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
