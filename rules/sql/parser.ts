/**
 * Tokens → AST. Statements by descent, expressions by binding power (Pratt).
 *
 *     statement  [SET @v = expr (, @v = expr)*] SELECT projection [FROM 'filter'] [WHERE expr]
 *     projection VALUE expr | item (, item)*        item = * [AS name] | expr [AS name(.name)*]
 *     query      ( SELECT projection FROM expr [AS name] [WHERE expr] )
 *
 * Binding, loosest first: OR, AND, NOT, comparison and IN, + -, * / %, sign, `.` and `[ ]` (ANSI; the guide is silent).
 */
import {
  type BinaryOperator,
  type CaseBranch,
  type CastType,
  childrenOf,
  type Expression,
  type Item,
  type Projection,
  type Query,
  type Statement,
} from './ast.js';
import { Cursor, isSymbol, isWord } from './cursor.js';
import { SqlError } from './errors.js';
import { type Token, tokenize } from './lexer.js';
import { checkFilter } from './topic-filter.js';
import { ARRAY_INDEX_IS_SERVED, BANG_EQUALS_IS_SERVED } from './unsettled.js';
import { LATEST_VERSION, requireLatest, type SqlVersion } from './versions.js';

/** Bounds recursion: deeper is no rule that a person wrote. */
const MAX_DEPTH = 100;
/** Bounds the recursion of what walks over the tree, where `a + b + …` is as deep as it is long. */
const MAX_HEIGHT = 500;
/** iot-sql, SET: at most ten. */
const MAX_VARIABLES = 10;
const MAX_VARIABLE_NAME = 64;

const NOT_POWER = 3;
const SIGN_POWER = 7;
const BINARY_POWER: Record<string, number> = {
  OR: 1,
  AND: 2,
  '=': 4,
  '<>': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  IN: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};

const CAST_TYPES: Record<string, CastType> = {
  STRING: 'String',
  NVARCHAR: 'String',
  TEXT: 'String',
  NTEXT: 'String',
  VARCHAR: 'String',
  INT: 'Int',
  INTEGER: 'Int',
  DOUBLE: 'Decimal',
  DECIMAL: 'Decimal',
  BOOL: 'Boolean',
  BOOLEAN: 'Boolean',
};

/** Words that end an expression, so that no field can be called so without being taken for one. */
const RESERVED = new Set(['SELECT', 'FROM', 'WHERE', 'AS', 'AND', 'OR', 'IN', 'WHEN', 'THEN', 'ELSE', 'END', 'SET']);

/**
 * Parses a whole statement.
 *
 * @throws SqlError `PW-RULE-SYNTAX`, `PW-RULE-FROM`
 */
export function parseStatement(text: string, version: SqlVersion = LATEST_VERSION): Statement {
  return new Parser(text, tokenize(text), version).statement();
}

/** Parses the expression between two offsets: what stands in a template's `${…}`. */
export function parseExpression(
  text: string,
  from: number,
  to: number,
  version: SqlVersion = LATEST_VERSION,
): Expression {
  return new Parser(text, tokenize(text, from, to), version).wholeExpression();
}

class Parser {
  readonly #text: string;
  readonly #cursor: Cursor;
  readonly #version: SqlVersion;
  readonly #heights = new Map<Expression, number>();
  #depth = 0;

  constructor(text: string, tokens: Token[], version: SqlVersion) {
    this.#text = text;
    this.#cursor = new Cursor(text, tokens);
    this.#version = version;
  }

  statement(): Statement {
    const variables = this.#cursor.takeWord('SET') ? this.#variables() : [];
    this.#cursor.expectWord('SELECT');
    const projection = this.#projection();
    const filter = this.#cursor.takeWord('FROM') ? this.#filter() : undefined;
    const where = this.#cursor.takeWord('WHERE') ? this.#expression() : undefined;
    this.#cursor.expectEnd();
    return { kind: 'statement', text: this.#text, variables, projection, filter, where };
  }

  wholeExpression(): Expression {
    const expression = this.#expression();
    this.#cursor.expectEnd();
    return expression;
  }

  #variables(): Statement['variables'] {
    const variables: Statement['variables'] = [];
    do {
      const token = this.#cursor.take('variable', "a variable such as '@lap'");
      if (token.text.length - 1 > MAX_VARIABLE_NAME) {
        throw this.#cursor.error(
          token,
          `The variable's name has ${token.text.length - 1} characters; at most ${MAX_VARIABLE_NAME}`,
        );
      }
      if (variables.some((variable) => variable.name === token.text)) {
        throw this.#cursor.error(token, `${token.text} is set twice; variables do not change`);
      }
      this.#cursor.expectSymbol('=');
      variables.push({ at: token.at, name: token.text, value: this.#expression() });
      if (variables.length > MAX_VARIABLES) throw this.#cursor.error(token, `More than ${MAX_VARIABLES} variables`);
    } while (this.#cursor.takeSymbol(','));
    return variables;
  }

  #filter(): string {
    const token = this.#cursor.take('string', "a topic filter in quotes, such as 'pitwall/v1/+/events'");
    checkFilter(token.text, this.#text, token.at);
    return token.text;
  }

  #projection(): Projection {
    // `VALUE` is a word only here; a field may be called so: SELECT value FROM …, SELECT value, x FROM …
    if (isWord(this.#cursor.peek(), 'VALUE') && isSymbol(this.#cursor.peek(1), '*') && this.#endsProjection(2)) {
      this.#cursor.next();
      return { kind: 'items', items: [this.#item()] };
    }
    if (isWord(this.#cursor.peek(), 'VALUE') && this.#startsExpression(this.#cursor.peek(1))) {
      const { place } = this.#cursor;
      const isSigned = isSymbol(this.#cursor.peek(1), '-');
      this.#cursor.next();
      const value = this.#expression();
      // `VALUE - 1 AS x` is the field less one: what has a name is an item.
      const isItem = isWord(this.#cursor.peek(), 'AS') || isSymbol(this.#cursor.peek(), ',');
      if (!isSigned || !isItem) return { kind: 'value', value };
      this.#cursor.goBack(place);
    }
    const items: Item[] = [];
    do items.push(this.#item());
    while (this.#cursor.takeSymbol(','));
    return { kind: 'items', items };
  }

  #endsProjection(ahead: number): boolean {
    const token = this.#cursor.peek(ahead);
    return token.kind === 'end' || isSymbol(token, ')') || isWord(token, 'FROM') || isWord(token, 'WHERE');
  }

  #startsExpression(token: Token): boolean {
    if (token.kind === 'name') return !RESERVED.has(token.text.toUpperCase());
    return token.kind !== 'end' && (token.kind !== 'symbol' || '([{-'.includes(token.text));
  }

  #item(): Item {
    const at = this.#cursor.peek().at;
    if (this.#cursor.takeSymbol('*')) return { kind: 'all', at, alias: this.#alias() };
    return { kind: 'expression', at, value: this.#expression(), alias: this.#alias() };
  }

  #alias(): string[] | undefined {
    if (!this.#cursor.takeWord('AS')) return undefined;
    const path = [this.#aliasPart()];
    while (this.#cursor.takeSymbol('.')) path.push(this.#aliasPart());
    if (path.length > MAX_DEPTH)
      throw this.#cursor.error(this.#cursor.peek(), `A name of more than ${MAX_DEPTH} parts`);
    return path;
  }

  #aliasPart(): string {
    const token = this.#cursor.peek();
    if (token.kind === 'string') throw this.#cursor.unexpected(token, 'a name', 'A name stands without quotes.');
    // `AS FROM 'a'`: the name was forgotten.
    const isForgotten = isWord(token, 'FROM') && this.#cursor.peek(1).kind === 'string';
    if (isForgotten) throw this.#cursor.unexpected(token, 'a name');
    return this.#cursor.take('name', 'a name').text;
  }

  #query(at: number): Query {
    this.#sinceLatest('A nested query', at);
    this.#cursor.expectWord('SELECT');
    const projection = this.#projection();
    this.#cursor.expectWord('FROM');
    const source = this.#expression();
    const alias = this.#cursor.takeWord('AS') ? this.#cursor.take('name', 'a name').text : undefined;
    const where = this.#cursor.takeWord('WHERE') ? this.#expression() : undefined;
    this.#cursor.expectSymbol(')');
    return { at, projection, source, alias, where };
  }

  #expression(power = 0): Expression {
    if (++this.#depth > MAX_DEPTH) throw this.#cursor.error(this.#cursor.peek(), `Nested deeper than ${MAX_DEPTH}`);
    let left = this.#measured(this.#prefix());
    for (;;) {
      const token = this.#cursor.peek();
      const word = token.kind === 'name' ? token.text.toUpperCase() : token.kind === 'symbol' ? token.text : '';
      if (word === '.' || word === '[') {
        left = this.#measured(this.#access(left));
        continue;
      }
      const binding = BINARY_POWER[word];
      if (binding === undefined || binding <= power) break;
      this.#cursor.next();
      if (word === '!=' && !BANG_EQUALS_IS_SERVED) throw this.#cursor.error(token, "'!=' is no operator", 'Write <>.');
      const operator = (word === '!=' ? '<>' : word) as BinaryOperator;
      left = this.#measured({ kind: 'binary', at: token.at, operator, left, right: this.#expression(binding) });
    }
    this.#depth--;
    return left;
  }

  #measured(expression: Expression): Expression {
    const height = childrenOf(expression).reduce((most, child) => Math.max(most, this.#heights.get(child) ?? 0), 0) + 1;
    if (height > MAX_HEIGHT) {
      const what = `More than ${MAX_HEIGHT} operations one within another`;
      throw new SqlError('PW-RULE-SYNTAX', this.#text, expression.at, what, 'Break it up with SET.');
    }
    this.#heights.set(expression, height);
    return expression;
  }

  #sinceLatest(what: string, at: number): void {
    requireLatest(what, at, this.#text, this.#version);
  }

  #access(of: Expression): Expression {
    const { at } = this.#cursor.peek();
    if (this.#cursor.takeSymbol('.')) return { kind: 'member', at, of, name: this.#cursor.take('name', 'a name').text };
    if (!ARRAY_INDEX_IS_SERVED)
      throw this.#cursor.error(this.#cursor.peek(), 'An array has no [ ]', 'Write get(a, 1).');
    this.#cursor.expectSymbol('[');
    const index = this.#expression();
    this.#cursor.expectSymbol(']');
    return { kind: 'element', at, of, index };
  }

  #prefix(): Expression {
    const token = this.#cursor.next();
    const { at } = token;
    switch (token.kind) {
      case 'number':
        return { kind: 'literal', at, value: token.number! };
      case 'string':
        return { kind: 'literal', at, value: token.text };
      case 'variable':
        return { kind: 'variable', at, name: token.text };
      case 'name':
        return this.#word(token);
      case 'symbol':
        return this.#symbol(token);
      case 'end':
        throw this.#cursor.unexpected(token, 'a value');
    }
  }

  #symbol(token: Token): Expression {
    const { at } = token;
    switch (token.text) {
      case '-':
        return { kind: 'negative', at, operand: this.#expression(SIGN_POWER) };
      case '(': {
        if (isWord(this.#cursor.peek(), 'SELECT')) return { kind: 'query', at, query: this.#query(at) };
        const inner = this.#expression();
        if (isSymbol(this.#cursor.peek(), ',')) {
          throw this.#cursor.unexpected(this.#cursor.peek(), "')'", 'Values side by side are an array: [1, 2].');
        }
        this.#cursor.expectSymbol(')');
        return inner;
      }
      case '[':
        this.#sinceLatest('An array literal', at);
        return { kind: 'array', at, items: this.#list(']', () => this.#expression()) };
      case '{':
        this.#sinceLatest('An object literal', at);
        return { kind: 'object', at, entries: this.#list('}', () => this.#entry()) };
      default:
        throw this.#cursor.unexpected(token, 'a value');
    }
  }

  #entry(): { key: string; value: Expression } {
    const key = this.#cursor.take('string', 'a key in quotes').text;
    this.#cursor.expectSymbol(':');
    return { key, value: this.#expression() };
  }

  #word(token: Token): Expression {
    const { at } = token;
    const word = token.text.toUpperCase();
    const called = isSymbol(this.#cursor.peek(), '(');
    switch (word) {
      case 'TRUE':
      case 'FALSE':
        return { kind: 'literal', at, value: word === 'TRUE' };
      case 'NULL':
        return { kind: 'literal', at, value: null };
      case 'NOT':
        return { kind: 'not', at, operand: this.#expression(NOT_POWER) };
      case 'CASE':
        return this.#case(at);
      case 'EXISTS':
        this.#cursor.expectSymbol('(');
        return { kind: 'exists', at, query: this.#query(at) };
      case 'CAST':
        if (called) return this.#cast(at);
    }
    if (RESERVED.has(word)) throw this.#cursor.unexpected(token, 'a value');
    if (!called) return { kind: 'field', at, name: token.text };
    this.#cursor.next();
    return { kind: 'call', at, name: token.text, args: this.#list(')', () => this.#argument()) };
  }

  #argument(): Expression {
    const { at } = this.#cursor.peek();
    return this.#cursor.takeSymbol('*') ? { kind: 'payload', at } : this.#expression();
  }

  #cast(at: number): Expression {
    this.#cursor.expectSymbol('(');
    const operand = this.#expression();
    this.#cursor.expectWord('AS');
    const token = this.#cursor.take('name', 'a type');
    const type = CAST_TYPES[token.text.toUpperCase()];
    if (type === undefined) {
      throw this.#cursor.error(token, `'${token.text}' is no type of cast`, 'Use Int, Decimal, Boolean or String.');
    }
    if (type === 'Boolean' || token.text.toUpperCase() === 'DECIMAL') {
      this.#sinceLatest(`cast to ${token.text}`, token.at);
    }
    this.#cursor.expectSymbol(')');
    return { kind: 'cast', at, operand, type };
  }

  #case(at: number): Expression {
    const subject = this.#expression();
    const branches: CaseBranch[] = [];
    while (this.#cursor.takeWord('WHEN')) {
      const when = this.#expression();
      this.#cursor.expectWord('THEN');
      branches.push({ when, result: this.#expression() });
    }
    if (branches.length === 0) throw this.#cursor.unexpected(this.#cursor.peek(), 'WHEN');
    const otherwise = this.#cursor.takeWord('ELSE') ? this.#expression() : undefined;
    this.#cursor.expectWord('END');
    return { kind: 'case', at, subject, branches, otherwise };
  }

  /** Elements between commas up to the closing symbol; the opening one is behind us. */
  #list<Element>(close: string, element: () => Element): Element[] {
    const elements: Element[] = [];
    if (this.#cursor.takeSymbol(close)) return elements;
    do elements.push(element());
    while (this.#cursor.takeSymbol(','));
    this.#cursor.expectSymbol(close);
    return elements;
  }
}
