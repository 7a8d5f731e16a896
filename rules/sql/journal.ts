/**
 * How an evaluation waits. Closures are synchronous, which is what makes them fast; so a look-up whose answer is not there yet
 * throws `Suspended`, and once the answer has come the evaluation runs again from its start. The journal keeps answers and
 * random numbers in the order in which they were asked for, so that the second run takes the same way as the first and
 * finds what it then waited for. A statement without look-ups has no journal and pays nothing.
 */
import type { Random } from '#wire/random.js';
import { evaluationError, limitError } from './errors.js';
import type { LookupKind } from './lookups.js';
import type { Value } from './values.js';

/** Runs again at most so often; a statement of AWS has one get_dynamodb and a few others. */
const MAX_LOOKUPS = 32;
/** iot-sql §4: "once per statement". */
const MOST_OF: Partial<Record<LookupKind, number>> = { dynamodb: 1, registry: 1 };

type Answer = { value: unknown } | { error: unknown };

/** Thrown by a look-up that has no answer yet. Not an Error, so that nothing takes it for a failure. */
export class Suspended {
  /** Resolves when the answer is in the journal; never rejects. */
  readonly answered: Promise<void>;

  constructor(answered: Promise<void>) {
    this.answered = answered;
  }
}

export class Journal {
  readonly #answers: Answer[] = [];
  readonly #draws: number[] = [];
  readonly #asked = new Map<LookupKind, number>();
  #nextAnswer = 0;
  #nextDraw = 0;

  /** Back to the start, keeping what is known. */
  rewind(): void {
    this.#nextAnswer = 0;
    this.#nextDraw = 0;
    this.#asked.clear();
  }

  draw(random: Random): number {
    if (this.#nextDraw === this.#draws.length) this.#draws.push(random());
    return this.#draws[this.#nextDraw++];
  }

  /**
   * The answer of a look-up.
   *
   * @throws Suspended when it has to be waited for; PitwallError `PW-RULE-EVALUATION` when it failed, `PW-RULE-LIMIT` when
   * there were too many
   */
  answer<Result = Value>(kind: LookupKind, name: string, ask: () => Promise<Result>): Result {
    const asked = (this.#asked.get(kind) ?? 0) + 1;
    this.#asked.set(kind, asked);
    if (asked > (MOST_OF[kind] ?? MAX_LOOKUPS) || this.#nextAnswer === MAX_LOOKUPS) {
      throw limitError(`${name} was called ${asked} times for one message, which is more than a statement may.`);
    }
    const place = this.#nextAnswer++;
    const answer = this.#answers[place];
    if (answer === undefined) throw new Suspended(this.#ask(place, ask));
    if ('value' in answer) return answer.value as Result;
    throw evaluationError(`${name} failed: ${messageOf(answer.error)}`, answer.error);
  }

  async #ask(place: number, ask: () => Promise<unknown>): Promise<void> {
    try {
      this.#answers[place] = { value: await ask() };
    } catch (error) {
      this.#answers[place] = { error };
    }
  }
}

/**
 * Runs an evaluation, again after each look-up that it waits for. What it gives comes at once when nothing was waited for.
 * It must have no effect before it ends.
 */
export function settle<Result>(attempt: (journal: Journal) => Result): Result | Promise<Result> {
  const journal = new Journal();
  try {
    return attempt(journal);
  } catch (error) {
    if (error instanceof Suspended) return resume(journal, attempt, error);
    throw error;
  }
}

async function resume<Result>(
  journal: Journal,
  attempt: (journal: Journal) => Result,
  suspended: Suspended,
): Promise<Result> {
  for (let waiting = suspended; ; ) {
    await waiting.answered;
    journal.rewind();
    try {
      return attempt(journal);
    } catch (error) {
      if (!(error instanceof Suspended)) throw error;
      waiting = error;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
