/**
 * What one rule may cost on one message. A unit is about one character written, one element visited or one step of a
 * regular expression: some ten nanoseconds. Whoever does more than a fixed amount of work says so before doing it, so that no
 * statement, however it is written and whatever it is fed, holds up the other rules.
 */
import type { Random } from '#wire/random.js';
import { limitError } from './errors.js';
import type { Journal } from './journal.js';

/** Thirty payloads of the greatest size written out, or a twentieth of a second of regular expressions. */
const MAX_WORK = 4 * 1024 * 1024;

export class Work {
  readonly #random: Random;
  /** Absent where nothing can be waited for: the usual case pays nothing for it. */
  readonly journal: Journal | undefined;
  #left = MAX_WORK;

  constructor(random: Random, journal?: Journal) {
    this.#random = random;
    this.journal = journal;
  }

  /** @throws PitwallError `PW-RULE-LIMIT` */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw limitError(`The statement asks for more than ${MAX_WORK} units of work on one message.`);
  }

  /** A number in [0, 1). The same one when the statement runs again after a look-up. */
  random(): number {
    return this.journal === undefined ? this.#random() : this.journal.draw(this.#random);
  }
}
