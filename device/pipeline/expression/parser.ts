import { type Token, tokens } from './lexer.js';
import { refusal } from './refusal.js';
import {
  type BinaryOperator,
  EXPRESSION_CHARS_MAX,
  EXPRESSION_DEPTH_MAX,
  EXPRESSION_NODES_MAX,
  type Node,
} from './syntax.js';

const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='] as const;
const SUMS = ['+', '-'] as const;
const PRODUCTS = ['*', '/', '%'] as const;
const DURATION_MS: Record<string, number> = { ms: 1, s: 1000, min: 60_000 };
/** Words that are no names. */
const KEYWORDS = new Set(['or', 'and', 'not', 'true', 'false']);

/** The tree of an expression (grammar in `syntax.ts`). Raises PW-EXPRESSION-SYNTAX or PW-EXPRESSION-BUDGET. */
export function parse(text: string): Node {
  if (text.length > EXPRESSION_CHARS_MAX) {
    throw refusal('PW-EXPRESSION-BUDGET', `More than ${EXPRESSION_CHARS_MAX} characters`, text, EXPRESSION_CHARS_MAX);
  }
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #next = 0;
  #nodes = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokens(text);
  }

  parse(): Node {
    const tree = this.#or();
    const token = this.#peek();
    if (token.kind !== 'end') throw this.#unexpected(token, 'an operator or the end');
    return tree;
  }

  #or(): Node {
    let left = this.#and();
    while (this.#isWord('or')) left = this.#binary('or', left, () => this.#and());
    return left;
  }

  #and(): Node {
    let left = this.#negation();
    while (this.#isWord('and')) left = this.#binary('and', left, () => this.#negation());
    return left;
  }

  #negation(): Node {
    if (!this.#isWord('not')) return this.#comparison();
    const { at } = this.#take();
    return this.#node({ kind: 'not', at, operand: this.#deeper(at, () => this.#negation()) });
  }

  #comparison(): Node {
    const left = this.#sum();
    const operator = this.#symbol(COMPARISONS);
    if (!operator) return left;
    const compared = this.#binary(operator, left, () => this.#sum());
    if (this.#symbol(COMPARISONS)) {
      const { at } = this.#peek();
      throw refusal('PW-EXPRESSION-SYNTAX', 'A second comparison', this.#text, at, ' Write a < x and x < b.');
    }
    return compared;
  }

  #sum(): Node {
    let left = this.#product();
    for (let operator = this.#symbol(SUMS); operator; operator = this.#symbol(SUMS)) {
      left = this.#binary(operator, left, () => this.#product());
    }
    return left;
  }

  #product(): Node {
    let left = this.#sign();
    for (let operator = this.#symbol(PRODUCTS); operator; operator = this.#symbol(PRODUCTS)) {
      left = this.#binary(operator, left, () => this.#sign());
    }
    return left;
  }

  #sign(): Node {
    if (!this.#symbol(['-'])) return this.#primary();
    const { at } = this.#take();
    return this.#node({ kind: 'negative', at, operand: this.#deeper(at, () => this.#sign()) });
  }

  #primary(): Node {
    const token = this.#take();
    const { kind, text: name, at } = token;
    if (kind === 'number') return this.#number(token);
    if (kind === 'quoted') return this.#node({ kind: 'name', at, name, quoted: true });
    if (kind === 'name' && (name === 'true' || name === 'false')) {
      return this.#node({ kind: 'truth', at, value: name === 'true' });
    }
    if (kind === 'name' && !KEYWORDS.has(name)) {
      if (this.#symbol(['('])) return this.#call(token);
      return this.#node({ kind: 'name', at, name, quoted: false });
    }
    if (kind === 'symbol' && name === '(') {
      const inner = this.#deeper(at, () => this.#or());
      this.#expect(')');
      return inner;
    }
    throw this.#unexpected(token, 'a number, a channel, a function or (');
  }

  #call({ text: name, at }: Token): Node {
    this.#take();
    const args = [this.#deeper(at, () => this.#or())];
    while (this.#symbol([','])) {
      this.#take();
      args.push(this.#deeper(at, () => this.#or()));
    }
    this.#expect(')');
    return this.#node({ kind: 'call', at, name, args });
  }

  #number({ text, at }: Token): Node {
    const value = Number(text);
    const after = this.#peek();
    if (after.kind === 'unit') {
      this.#take();
      return this.#node({ kind: 'number', at, value, unit: after.text.trim() });
    }
    if (after.kind !== 'name' || KEYWORDS.has(after.text)) return this.#node({ kind: 'number', at, value });
    if (!Object.hasOwn(DURATION_MS, after.text)) {
      const advice = ` Durations are ms, s and min; other units stand in brackets: ${text} [${after.text}].`;
      throw refusal('PW-EXPRESSION-SYNTAX', 'A word behind a number', this.#text, after.at, advice);
    }
    this.#take();
    return this.#node({ kind: 'number', at, value: value * DURATION_MS[after.text], unit: 'ms', duration: true });
  }

  #binary(operator: BinaryOperator, left: Node, right: () => Node): Node {
    const { at } = this.#take();
    return this.#node({ kind: 'binary', at, operator, left, right: right() });
  }

  #node(node: Node): Node {
    if (++this.#nodes > EXPRESSION_NODES_MAX) {
      throw refusal('PW-EXPRESSION-BUDGET', `More than ${EXPRESSION_NODES_MAX} terms`, this.#text, node.at);
    }
    return node;
  }

  /** Recursion is bounded by the text, not by the stack. */
  #deeper(at: number, inner: () => Node): Node {
    if (++this.#depth > EXPRESSION_DEPTH_MAX) {
      throw refusal('PW-EXPRESSION-BUDGET', `Nested deeper than ${EXPRESSION_DEPTH_MAX}`, this.#text, at);
    }
    const node = inner();
    this.#depth--;
    return node;
  }

  #peek(): Token {
    return this.#tokens[this.#next];
  }

  #take(): Token {
    const token = this.#tokens[this.#next];
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  #isWord(word: string): boolean {
    const { kind, text } = this.#peek();
    return kind === 'name' && text === word;
  }

  #symbol<Symbols extends string>(symbols: readonly Symbols[]): Symbols | undefined {
    const { kind, text } = this.#peek();
    return kind === 'symbol' ? symbols.find((each) => each === text) : undefined;
  }

  #expect(symbol: string): void {
    const token = this.#take();
    if (token.kind !== 'symbol' || token.text !== symbol) throw this.#unexpected(token, symbol);
  }

  #unexpected(token: Token, wanted: string): Error {
    const came = token.kind === 'end' ? 'Nothing' : `"${token.text}"`;
    return refusal('PW-EXPRESSION-SYNTAX', `${came} where ${wanted} was wanted`, this.#text, token.at);
  }
}
