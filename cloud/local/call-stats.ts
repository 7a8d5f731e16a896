import { isThrottle } from './aws-error.js';

/** What one operation has done since the start. */
export interface OperationStats {
  calls: number;
  errors: number;
  /** Of the errors, those that asked the caller to slow down. */
  throttles: number;
  /** Wall time inside the service, ms, summed: divided by calls it is the mean. */
  busyMs: number;
  bytesIn: number;
  bytesOut: number;
}

/** Counters by `service.Operation`, and refused requests by reason. */
export class CallStats {
  readonly #operations = new Map<string, OperationStats>();
  readonly #refused = new Map<string, number>();

  record(name: string, call: { busyMs: number; bytesIn: number; bytesOut: number; errorCode?: string }): void {
    let stats = this.#operations.get(name);
    if (stats === undefined) {
      stats = { calls: 0, errors: 0, throttles: 0, busyMs: 0, bytesIn: 0, bytesOut: 0 };
      this.#operations.set(name, stats);
    }
    stats.calls++;
    stats.busyMs += call.busyMs;
    stats.bytesIn += call.bytesIn;
    stats.bytesOut += call.bytesOut;
    if (call.errorCode === undefined) return;
    stats.errors++;
    if (isThrottle(call.errorCode)) stats.throttles++;
  }

  /** A request that reached no operation: bad signature, foreign host, too large, unknown target. */
  refuse(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  toJSON(): { operations: Record<string, OperationStats>; refused: Record<string, number> } {
    const operations = Object.fromEntries([...this.#operations].map(([name, stats]) => [name, { ...stats }]));
    return { operations, refused: Object.fromEntries(this.#refused) };
  }
}
