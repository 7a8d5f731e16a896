/**
 * Java's regular expressions, bounded in time and memory.
 *
 *     pattern ── parser (class-parser, escapes, assertions, char-sets) ─► nodes ── program ─► instructions ── matcher ─► match
 */
import type { Work } from '../work.js';
import { Matcher } from './matcher.js';
import { parsePattern } from './parser.js';
import { compileProgram, type Program } from './program.js';
import { parseReplacement, type Replacement } from './replacement.js';

export { PatternError, PatternUnserved } from './ast.js';

/** A pattern, compiled once. */
export class JavaRegExp {
  readonly #program: Program;

  /** @throws PatternError when it is no pattern of Java, PatternUnserved when it is one that is not served */
  constructor(pattern: string) {
    this.#program = compileProgram(parsePattern(pattern));
  }

  /** Whether a part of the text matches. */
  matches(text: string, work: Work): boolean {
    return new Matcher(this.#program, text, work).find(0) >= 0;
  }

  /** The first part of the text that matches. */
  first(text: string, work: Work): string | undefined {
    const matcher = new Matcher(this.#program, text, work);
    return matcher.find(0) >= 0 ? matcher.group(0) : undefined;
  }

  /** A replacement such as `$1-${name}` for this pattern; throws PatternError when it is none. */
  replacement(text: string): Replacement {
    return parseReplacement(text, this.#program.groups, this.#program.names);
  }

  /** Every match replaced. `grown` is told the length so far, and may throw. */
  replace(text: string, by: Replacement, work: Work, grown: (length: number) => void): string {
    const matcher = new Matcher(this.#program, text, work);
    let result = '';
    let copied = 0;
    let from = 0;
    for (;;) {
      const start = matcher.find(from);
      if (start < 0) break;
      result += text.slice(copied, start) + by(matcher);
      grown(result.length);
      copied = matcher.end;
      // After an empty match the search goes on one further, as in Java.
      from = matcher.end === start ? start + 1 : matcher.end;
    }
    return result + text.slice(copied);
  }
}
