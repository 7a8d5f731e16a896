/**
 * What stands between `[` and `]`, as JDK 11 reads it:
 *
 *     class    [ [^] items ]                         `^` negates all of it
 *     items    (class | escape | a-b | a | && items)*
 */
import { type CharSet, PatternError } from './ast.js';
import { type ClassFlags, complement, intersection, predefined, property, range, single, union } from './char-sets.js';
import { readEscapedCode } from './escapes.js';
import type { PatternReader } from './reader.js';

const MAX_DEPTH = 100;

export class ClassParser {
  readonly #reader: PatternReader;
  readonly #flags: ClassFlags;
  #depth = 0;

  constructor(reader: PatternReader, flags: ClassFlags) {
    this.#reader = reader;
    this.#flags = flags;
  }

  /** The opening bracket is behind the reader. */
  parse(): CharSet {
    const negated = this.#reader.take('^');
    const set = this.#items();
    this.#reader.next();
    return negated ? complement(set) : set;
  }

  /** Up to the closing bracket. */
  #items(): CharSet {
    if (++this.#depth > MAX_DEPTH) throw new PatternError('Character classes nested too deep');
    let set: CharSet | undefined;
    for (;;) {
      this.#skipComments();
      const next = this.#reader.peek();
      if (next === '') throw new PatternError('Unclosed character class');
      // A bracket that closes nothing stands for itself: `[]a]`.
      if (next === ']' && set !== undefined) break;
      if (this.#reader.take('&&')) {
        const right = this.#right();
        if (set === undefined && right === undefined) throw new PatternError('Bad class syntax');
        set = set === undefined || right === undefined ? (set ?? right) : intersection(set, right);
      } else {
        const item = this.#item();
        set = set === undefined ? item : union(set, item);
      }
    }
    this.#depth--;
    return set;
  }

  /** Right of `&&`, up to the closing bracket or the next `&`. */
  #right(): CharSet | undefined {
    let right: CharSet | undefined;
    for (;;) {
      this.#skipComments();
      const next = this.#reader.peek();
      if (next === ']' || next === '&') return right;
      const isClass = this.#reader.take('[');
      const set = isClass ? this.parse() : this.#items();
      right = right === undefined ? set : union(right, set);
    }
  }

  #skipComments(): void {
    if (this.#flags.comments) this.#reader.skipComments();
  }

  #item(): CharSet {
    if (this.#reader.take('[')) return this.parse();
    if (!this.#reader.take('\\')) return this.#rangeFrom(this.#reader.next().codePointAt(0)!);
    const letter = this.#reader.peek();
    const set = predefined(letter, this.#flags);
    if (set !== undefined) {
      this.#reader.next();
      return set;
    }
    if (letter === 'p' || letter === 'P') return readProperty(this.#reader, this.#flags);
    if (letter === 'Q') return this.#quoted();
    return this.#rangeFrom(readEscapedCode(this.#reader));
  }

  /** `a-b`; a dash before `]` or `[` is a dash. */
  #rangeFrom(from: number): CharSet {
    const flags = this.#flags;
    if (this.#reader.takeMatch(/-(?![\][])/y) === null) return single(from, flags);
    const next = this.#reader.next();
    if (next === '') throw new PatternError('Illegal character range');
    const to = next === '\\' ? readEscapedCode(this.#reader) : next.codePointAt(0)!;
    return range(from, to, flags);
  }

  #quoted(): CharSet {
    const text = this.#reader.takeMatch(/Q((?:[^\\]|\\(?!E))*)(?:\\E)?/y)![1];
    let set: CharSet = () => false;
    for (const character of text) set = union(set, single(character.codePointAt(0)!, this.#flags));
    return set;
  }
}

/** `\p{Lu}`, `\pL`, `\P{Lu}`; the reader stands at the letter. */
export function readProperty(reader: PatternReader, flags: ClassFlags): CharSet {
  const match = reader.takeMatch(/([pP])(?:\{([^}]*)\}|([^{]))/y);
  if (match === null) throw new PatternError('Unclosed character family');
  const set = property(match[2] ?? match[3], flags);
  return match[1] === 'p' ? set : (code) => !set(code);
}
