import { applyShadowRequest, type ShadowOutcome, type ShadowRecord } from './core.js';
import { DEFAULT_SHADOW_LIMITS, type ShadowLimits } from './limits.js';
import { type ShadowAddress, type ShadowId, shadowBase } from './topics.js';

/** Key of a shadow wherever records are kept. */
export const shadowKey = (id: ShadowId): string => shadowBase(id);

/**
 * All shadows, in memory: the whole service except durability. `pitwall shadow eval` runs on it alone.
 *
 * @example
 * const table = new ShadowTable();
 * const address = parseShadowTopic('$aws/things/car-24/shadow/name/setup/update')!;
 * table.apply(address, Buffer.from('{"state":{"desired":{"wingDeg":6}}}'), 1_700_000_000).messages; // accepted, documents, delta
 */
export class ShadowTable {
  readonly limits: ShadowLimits;
  readonly #records = new Map<string, ShadowRecord>();

  constructor(limits: Partial<ShadowLimits> = {}) {
    this.limits = { ...DEFAULT_SHADOW_LIMITS, ...limits };
  }

  /** Answers a request at `at` (epoch seconds) and keeps what it changed. */
  apply(address: ShadowAddress, payload: Uint8Array, at: number): ShadowOutcome {
    const key = shadowKey(address);
    const outcome = applyShadowRequest(this.#records.get(key), address, payload, at, this.limits);
    if (outcome.record) this.#records.set(key, outcome.record);
    return outcome;
  }

  /** Puts back what a store kept. */
  restore(key: string, record: ShadowRecord): void {
    this.#records.set(key, record);
  }

  /** Names of a thing's named shadows, sorted. */
  names(thing: string): string[] {
    const prefix = `${shadowBase({ thing, name: undefined })}/name/`;
    const names: string[] = [];
    for (const [key, record] of this.#records) {
      if (key.startsWith(prefix) && 'sections' in record) names.push(key.slice(prefix.length));
    }
    return names.sort();
  }
}
