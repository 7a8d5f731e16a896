import { PitwallError } from '#wire/errors.js';
import { namedRandom, type Random } from '#wire/random.js';

/** What can be made to go wrong in a service, on purpose. */
export const FAULT_KINDS = {
  throttle: 'the call is refused as too fast',
  error: 'the call fails with a 500 before anything is done',
  slow: 'the call waits for so many milliseconds first',
  partial: 'each item of a batch may be refused as too fast',
  duplicate: 'the call is carried out twice, as when a network repeats a request',
  dropAfterCommit: 'the call is carried out and its connection cut before the answer',
  lateChildren: 'children of a split or merge are not listed for so many milliseconds of race time',
} as const;

export type FaultKind = keyof typeof FAULT_KINDS;

/** One line of a plan. */
export interface Fault {
  /** `kinesis.PutRecords`, `kinesis.*` or `*`; services by the names in their signatures. */
  operation: string;
  kind: FaultKind;
  /** Probability per call (`partial`: per item; `lateChildren`: per change of shards). */
  rate: number;
  /** Of `slow` (wall ms) and `lateChildren` (race ms). */
  ms: number;
}

const MS_DEFAULT = 1_000;
const MS_MAX = 60_000;
const FAULT = /^(\*|[a-z0-9]+\.(?:\*|\w+)):(\w+)=([\d.]+)(?:\/(\d+))?$/;

/**
 * Reads a plan, comma-separated: `OPERATION:KIND=RATE[/MS]`; empty text = no faults. Raises PW-CONFIG-FAULTS.
 *
 * @example
 * parseFaults('kinesis.PutRecords:partial=0.05,kinesis.*:slow=0.1/200');
 */
export function parseFaults(plan: string): Fault[] {
  const texts = plan.split(',').filter((text) => text.trim() !== '');
  return texts.map((text) => {
    const [, operation, kind, rateText, msText] = FAULT.exec(text.trim()) ?? [];
    const rate = Number(rateText);
    const ms = msText === undefined ? MS_DEFAULT : Number(msText);
    if (operation === undefined || !Object.hasOwn(FAULT_KINDS, kind) || !(rate >= 0 && rate <= 1) || ms > MS_MAX) {
      throw new PitwallError('PW-CONFIG-FAULTS', {
        what: `"${text.trim()}" is no fault.`,
        fix: `Write OPERATION:KIND=RATE[/MS], with a rate from 0 to 1, at most ${MS_MAX} ms, and KIND one of ${Object.keys(FAULT_KINDS).join(', ')}.`,
      });
    }
    return { operation, kind: kind as FaultKind, rate, ms };
  });
}

/**
 * Draws the faults of a plan. Each operation and kind has a generator of its own, so that the n-th call of an operation
 * meets the same faults whatever else is going on. Without a plan nothing is ever drawn.
 */
export class Faults {
  readonly #plan: readonly Fault[];
  readonly #seed: number;
  readonly #random = new Map<string, Random>();
  readonly #injected = new Map<string, number>();

  constructor(plan: readonly Fault[] = [], seed = 0) {
    this.#plan = plan;
    this.#seed = seed;
  }

  get isPlanned(): boolean {
    return this.#plan.length > 0;
  }

  /** Whether it goes wrong this time; counted when it does. `operation` is `service.Operation`. */
  happens(operation: string, kind: FaultKind): boolean {
    return this.draw(operation, kind) !== undefined;
  }

  /** As `happens`, with the fault that does. */
  draw(operation: string, kind: FaultKind): Fault | undefined {
    // The most frequent answer, on the path of every record.
    if (!this.isPlanned) return undefined;
    const name = `${operation} ${kind}`;
    const fault = this.#plan.find((candidate) => candidate.kind === kind && matches(candidate.operation, operation));
    if (fault === undefined) return undefined;
    const random = this.#random.get(name) ?? namedRandom(this.#seed, name);
    this.#random.set(name, random);
    if (random() >= fault.rate) return undefined;
    this.#injected.set(name, (this.#injected.get(name) ?? 0) + 1);
    return fault;
  }

  /** How often each happened, by `service.Operation kind`. */
  toJSON(): Record<string, number> {
    return Object.fromEntries(this.#injected);
  }
}

function matches(pattern: string, operation: string): boolean {
  if (pattern === '*' || pattern === operation) return true;
  return pattern.endsWith('.*') && operation.startsWith(pattern.slice(0, -1));
}
