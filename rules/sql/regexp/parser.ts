/**
 * Java's regular expressions (java.util.regex.Pattern, JDK 11) → nodes.
 *
 *     choice    sequence (| sequence)*
 *     sequence  (atom [? * + {n} {n,} {n,m} [? +]])*
 *     atom      . ^ $ [class] (group) (?…) \escape literal
 *
 * Where Java refuses, `PatternError`; where only we do, `PatternUnserved`.
 */
import { asserted, type BoundaryFlags, lineBreak } from './assertions.js';
import { type Assertion, type Node, type ParsedPattern, PatternError, PatternUnserved } from './ast.js';
import { anyInLine, anything, type ClassFlags, predefined, single } from './char-sets.js';
import { ClassParser, readProperty } from './class-parser.js';
import { readEscapedCode } from './escapes.js';
import { PatternReader } from './reader.js';

/** Groups within groups: bounds recursion. */
const MAX_DEPTH = 200;

interface Flags extends BoundaryFlags, ClassFlags {
  dotAll: boolean;
}

const NO_FLAGS: Flags = {
  ignoreCase: false,
  unicodeCase: false,
  unicodeClasses: false,
  multiline: false,
  unixLines: false,
  dotAll: false,
  comments: false,
};

const FLAG_LETTERS: Record<string, (keyof Flags)[]> = {
  i: ['ignoreCase'],
  d: ['unixLines'],
  m: ['multiline'],
  s: ['dotAll'],
  u: ['unicodeCase'],
  x: ['comments'],
  U: ['unicodeClasses', 'unicodeCase'],
};

/** @throws PatternError, PatternUnserved */
export function parsePattern(pattern: string): ParsedPattern {
  return new Parser(pattern).parse();
}

class Parser {
  readonly #reader: PatternReader;
  readonly #names = new Map<string, number>();
  #groups = 0;
  #depth = 0;
  #flags = NO_FLAGS;

  constructor(pattern: string) {
    this.#reader = new PatternReader(pattern);
  }

  parse(): ParsedPattern {
    const root = this.#choice();
    if (!this.#reader.ended) throw new PatternError("Unmatched closing ')'");
    return { root, groups: this.#groups, names: this.#names };
  }

  /** Flags that are set within a group end with it. */
  #choice(): Node {
    if (++this.#depth > MAX_DEPTH) throw new PatternUnserved(`groups nested deeper than ${MAX_DEPTH}`);
    const flags = this.#flags;
    const options = [this.#sequence()];
    while (this.#reader.take('|')) options.push(this.#sequence());
    this.#flags = flags;
    this.#depth--;
    return options.length === 1 ? options[0] : { kind: 'choice', options };
  }

  #sequence(): Node {
    const items: Node[] = [];
    for (;;) {
      if (this.#flags.comments) this.#reader.skipComments();
      const next = this.#reader.peek();
      if (next === '' || next === '|' || next === ')') break;
      const atom = this.#atom();
      if (atom !== undefined) items.push(this.#quantified(atom));
    }
    return items.length === 1 ? items[0] : items.length === 0 ? { kind: 'empty' } : { kind: 'sequence', items };
  }

  /** Undefined for what stands for nothing, such as `(?i)`. */
  #atom(): Node | undefined {
    // A repetition of nothing, which Java takes: `(?i){2}`, `a{2}{3}`.
    if (this.#reader.peek() === '{') return { kind: 'empty' };
    const character = this.#reader.next();
    switch (character) {
      case '.':
        return { kind: 'set', set: this.#flags.dotAll ? anything : anyInLine(this.#flags.unixLines) };
      case '^':
      case '$':
        return { kind: 'assert', at: asserted(character, this.#flags) };
      case '[':
        return { kind: 'set', set: new ClassParser(this.#reader, this.#flags).parse() };
      case '(':
        return this.#group();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new PatternError(`Dangling meta character '${character}'`);
      default:
        return this.#literal(character.codePointAt(0)!);
    }
  }

  #literal(code: number): Node {
    return { kind: 'set', set: single(code, this.#flags) };
  }

  #quantified(body: Node): Node {
    if (this.#flags.comments) this.#reader.skipComments();
    const bounds = this.#bounds();
    if (bounds === undefined) return body;
    const [min, max] = bounds;
    if (this.#flags.comments) this.#reader.skipComments();
    // What \R has taken it keeps when it is repeated: `\R{2}` does not match \r\n.
    const repeated: Node = body === lineBreak ? { kind: 'atomic', body } : body;
    const mode = this.#reader.take('?') ? 'lazy' : this.#reader.take('+') ? 'possessive' : 'greedy';
    return { kind: 'repeat', body: repeated, min, max, mode };
  }

  #bounds(): [min: number, max: number] | undefined {
    if (this.#reader.take('?')) return [0, 1];
    if (this.#reader.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#reader.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#reader.peek() !== '{') return undefined;
    const match = this.#reader.takeMatch(/\{(\d+)(?:(,)(\d*))?\}/y);
    if (match === null) throw new PatternError('Illegal repetition');
    const min = repetitions(match[1]);
    const max = match[2] === undefined ? min : match[3] === '' ? Number.POSITIVE_INFINITY : repetitions(match[3]);
    if (max < min) throw new PatternError('Illegal repetition range');
    return [min, max];
  }

  #group(): Node | undefined {
    if (!this.#reader.take('?')) return this.#capture();
    const named = this.#reader.takeMatch(/<([a-zA-Z][a-zA-Z0-9]*)>/y);
    if (named !== null) {
      const [, name] = named;
      if (this.#names.has(name)) throw new PatternError(`Named capturing group <${name}> is already defined`);
      this.#names.set(name, this.#groups + 1);
      return this.#capture();
    }
    const kind = this.#reader.takeMatch(/:|>|=|!|<=|<!/y)?.[0];
    switch (kind) {
      case ':':
        return this.#closed(this.#choice());
      case '>':
        return { kind: 'atomic', body: this.#closed(this.#choice()) };
      case undefined:
        return this.#inlineFlags();
      default: {
        const body = this.#closed(this.#choice());
        return { kind: 'look', behind: kind.startsWith('<'), negative: kind.endsWith('!'), body };
      }
    }
  }

  #capture(): Node {
    const group = ++this.#groups;
    return { kind: 'capture', group, body: this.#closed(this.#choice()) };
  }

  #closed(body: Node): Node {
    if (!this.#reader.take(')')) throw new PatternError('Unclosed group');
    return body;
  }

  /** `(?i)` for the rest of the group, `(?i:…)` for its own. */
  #inlineFlags(): Node | undefined {
    const match = this.#reader.takeMatch(/([idmsuxU]*)(?:-([idmsuxU]*))?([:)])/y);
    if (match === null) throw new PatternError('Unknown inline modifier or group');
    const [, on, off = '', end] = match;
    const before = this.#flags;
    this.#flags = { ...before, ...flagsOf(on, true), ...flagsOf(off, false) };
    if (end === ')') return undefined;
    const body = this.#closed(this.#choice());
    this.#flags = before;
    return body;
  }

  #escape(): Node {
    const reader = this.#reader;
    const letter = reader.peek();
    const set = predefined(letter, this.#flags);
    if (set !== undefined) {
      reader.next();
      return { kind: 'set', set };
    }
    if (letter === 'Q') return this.#quoted();
    if (letter === 'p' || letter === 'P') return { kind: 'set', set: readProperty(reader, this.#flags) };
    if (/[1-9]/.test(letter)) return this.#reference();
    if (letter === 'k') return this.#namedReference();
    if (letter === 'R') {
      reader.next();
      return lineBreak;
    }
    const assertion = this.#boundary(letter);
    if (assertion !== undefined) return { kind: 'assert', at: assertion };
    return this.#literal(readEscapedCode(reader));
  }

  #boundary(letter: string): Assertion | undefined {
    if (!'bBAGZz'.includes(letter) || letter === '') return undefined;
    this.#reader.next();
    if (letter === 'b' && this.#reader.startsWith('{g}')) throw new PatternUnserved('\\b{g}');
    return asserted(`\\${letter}`, this.#flags);
  }

  #quoted(): Node {
    const text = this.#reader.takeMatch(/Q((?:[^\\]|\\(?!E))*)(?:\\E)?/y)![1];
    const items = Array.from(text, (character) => this.#literal(character.codePointAt(0)!));
    // A quantifier after \E belongs to the last character.
    const last = items.pop();
    if (last === undefined) return { kind: 'empty' };
    return { kind: 'sequence', items: [...items, this.#quantified(last)] };
  }

  /** As many digits as there are groups; the first always. */
  #reference(): Node {
    let group = Number(this.#reader.next());
    while (/[0-9]/.test(this.#reader.peek())) {
      const longer = group * 10 + Number(this.#reader.peek());
      if (longer > this.#groups) break;
      group = longer;
      this.#reader.next();
    }
    return this.#backReference(group);
  }

  #namedReference(): Node {
    const match = this.#reader.takeMatch(/k<([a-zA-Z][a-zA-Z0-9]*)>/y);
    const group = match === null ? undefined : this.#names.get(match[1]);
    if (group === undefined) throw new PatternError("\\k is not followed by '<' and the name of a group");
    return this.#backReference(group);
  }

  #backReference(group: number): Node {
    const { ignoreCase, unicodeCase } = this.#flags;
    return { kind: 'reference', group, ignoreCase: !ignoreCase ? 'no' : unicodeCase ? 'unicode' : 'ascii' };
  }
}

/** Java counts them in an int. */
function repetitions(digits: string): number {
  const count = Number(digits);
  if (count > 0x7fffffff) throw new PatternError('Illegal repetition range');
  return count;
}

function flagsOf(letters: string, value: boolean): Partial<Flags> {
  return Object.fromEntries([...letters].flatMap((letter) => FLAG_LETTERS[letter].map((flag) => [flag, value])));
}
