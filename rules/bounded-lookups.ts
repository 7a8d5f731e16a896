/**
 * Look-ups of all rules, within bounds of number and time. A look-up waits for its turn among those of its kind: a service
 * that hangs takes the turns of its own kind and no others.
 */
import { evaluationError } from './sql/errors.js';
import type { LookupKind, Lookups } from './sql/lookups.js';

export interface LookupLimits {
  /** Under way at a time, of each kind. */
  concurrency: number;
  /** That wait for their turn, of each kind; more fail at once. */
  waiting: number;
  /** Longest wait for a turn, wall time. */
  turnMs: number;
  /** Longest wait for an answer, wall time (iot-sql §4: aws_lambda ends after two seconds; the others are given the same). */
  answerMs: number;
}

export const DEFAULT_LOOKUP_LIMITS: LookupLimits = {
  concurrency: 64,
  waiting: 20_000,
  turnMs: 5_000,
  answerMs: 2_000,
};

/** Of one kind since the engine started. */
export interface LookupStats {
  asked: number;
  underWay: number;
  waiting: number;
  /** Answered with an error. */
  failed: number;
  /** No answer in time. */
  late: number;
  /** Never asked: too many waited, or for too long, or the engine was closing. */
  refused: number;
}

/** The look-ups of an engine. */
export interface AskedLookups {
  lookups: Lookups;
  /** Of the kinds that were asked. */
  stats(): Partial<Record<LookupKind, LookupStats>>;
  /** Refuses what waits for its turn, now and from now on. What is under way ends within its time. */
  abandon(): void;
}

/**
 * The same look-ups, each within its bounds: every answer or failure comes within `turnMs + answerMs`.
 *
 * @example const asked = boundLookups(createLookups(clients), DEFAULT_LOOKUP_LIMITS);
 */
export function boundLookups(lookups: Lookups, limits: LookupLimits): AskedLookups {
  const turns = new Map<LookupKind, Turns>();
  const bounded = Object.entries(lookups)
    .filter(([, ask]) => ask !== undefined)
    .map(([name, ask]) => {
      const kind = name as LookupKind;
      const of = new Turns(limits);
      turns.set(kind, of);
      const each = ask as (request: never, signal: AbortSignal) => Promise<unknown>;
      return [kind, (request: never) => of.take((signal) => each(request, signal))];
    });
  return {
    lookups: Object.fromEntries(bounded) as Lookups,
    stats: () => {
      const asked = [...turns].filter(([, { stats }]) => stats.asked + stats.refused > 0);
      return Object.fromEntries(asked.map(([kind, { stats }]) => [kind, { ...stats }]));
    },
    abandon: () => {
      for (const of of turns.values()) of.abandon();
    },
  };
}

interface Waiting {
  begin: () => void;
  refuse: (error: Error) => void;
}

/** Turns of one kind, first come, first served. */
class Turns {
  readonly stats: LookupStats = { asked: 0, underWay: 0, waiting: 0, failed: 0, late: 0, refused: 0 };
  readonly #limits: LookupLimits;
  /** In the order of their coming; what has been waiting for too long is gone from it. */
  readonly #waiting = new Set<Waiting>();
  #abandoned = false;

  constructor(limits: LookupLimits) {
    this.#limits = limits;
  }

  async take<Result>(ask: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    if (this.stats.underWay >= this.#limits.concurrency || this.#abandoned) await this.#turn();
    else this.stats.underWay++;
    this.stats.asked++;
    try {
      return await this.#inTime(ask);
    } catch (error) {
      this.stats.failed++;
      throw error;
    } finally {
      this.#passOn();
    }
  }

  abandon(): void {
    this.#abandoned = true;
    for (const { refuse } of this.#waiting) refuse(evaluationError('the rules engine is closing'));
  }

  /** Resolves with a turn taken. */
  #turn(): Promise<void> {
    const { waiting, turnMs } = this.#limits;
    if (this.#abandoned || this.#waiting.size >= waiting) {
      this.stats.refused++;
      const why = this.#abandoned ? 'the rules engine is closing' : `${waiting} others wait for their turn`;
      return Promise.reject(evaluationError(why));
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        this.#waiting.delete(turn);
        this.stats.waiting = this.#waiting.size;
      };
      const turn: Waiting = {
        begin: () => {
          leave();
          resolve();
        },
        refuse: (error) => {
          leave();
          this.stats.refused++;
          reject(error);
        },
      };
      const timer = setTimeout(() => turn.refuse(evaluationError(`no turn in ${turnMs} ms`)), turnMs);
      timer.unref();
      this.#waiting.add(turn);
      this.stats.waiting = this.#waiting.size;
    });
  }

  /** A turn goes to who waits longest, or is free. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.stats.underWay--;
    else next.begin();
  }

  #inTime<Result>(ask: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { answerMs } = this.#limits;
    return new Promise((resolve, reject) => {
      const late = new AbortController();
      const timer = setTimeout(() => {
        this.stats.late++;
        reject(evaluationError(`no answer in ${answerMs} ms`));
        late.abort();
      }, answerMs);
      timer.unref();
      ask(late.signal)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
  }
}
