import { decimal } from './decimal.js';
import { Lexer, type Token } from './lexer.js';
import { Links } from './links.js';
import { FILE_ID_MAX, parseMessage, parseSignal } from './message.js';
import type { Dbc, DbcMessage, DbcSignal } from './model.js';

/** Statements that say nothing about how frames are decoded. They must end with a semicolon; the rest is passed over. */
const PASSED_OVER = [
  'BA_DEF_REL_ BA_DEF_DEF_REL_ BA_REL_ BA_DEF_SGTYPE_ BA_SGTYPE_ BO_TX_BU_ BU_BO_REL_ BU_EV_REL_ BU_SG_REL_ CAT_ CAT_DEF_',
  'ENVVAR_DATA_ EV_ EV_DATA_ FILTER NS_DESC_ SGTYPE_ SGTYPE_VAL_ SIGTYPE_VALTYPE_ SIG_GROUP_ SIG_TYPE_REF_',
]
  .join(' ')
  .split(' ');

/**
 * Reads a DBC file: nodes, messages, signals with plain and extended multiplexing, float types, choices, comments, and the
 * attributes VFrameFormat, GenMsgCycleTime, SystemMessageLongSymbol and SystemSignalLongSymbol.
 *
 * A line that is not DBC, a signal outside its message and a statement about a signal's bits that names no signal are
 * refused with `PW-CONFIG-DBC`: file, line, column, what was expected. What else names nothing is told in `warnings`.
 *
 * @param file name for messages
 *
 * @example
 * parseDbc('car.dbc', 'BO_ 320 Engine: 8 X\n SG_ RPM : 16|14@1+ (1, 0) [0|10000] "rpm" X').messages[0].signals[0].name; // 'RPM'
 */
export function parseDbc(file: string, text: string): Dbc {
  return new Parser(new Lexer(file, text)).parse();
}

class Parser {
  readonly #lexer: Lexer;
  readonly #links: Links;
  readonly #valueTables = new Map<string, Map<number, string>>();
  #version = '';
  #nodes: string[] = [];
  /** The message that SG_ lines belong to. */
  #message: (DbcMessage & { signals: DbcSignal[] }) | undefined;
  readonly #statements: ReadonlyMap<string, (keyword: Token) => void>;

  constructor(lexer: Lexer) {
    this.#lexer = lexer;
    this.#links = new Links(lexer);
    this.#statements = new Map<string, (keyword: Token) => void>([
      ['VERSION', () => this.#parseVersion()],
      ['NS_', () => this.#parseNewSymbols()],
      ['BS_', () => this.#parseBitTiming()],
      ['BU_', () => this.#parseNodes()],
      ['BO_', (keyword) => this.#parseMessage(keyword)],
      ['SG_', (keyword) => this.#parseSignal(keyword)],
      ['VAL_TABLE_', () => this.#parseValueTable()],
      ['VAL_', (keyword) => this.#parseChoices(keyword)],
      ['SIG_VALTYPE_', (keyword) => this.#parseValueType(keyword)],
      ['SG_MUL_VAL_', (keyword) => this.#parseMultiplexing(keyword)],
      ['CM_', (keyword) => this.#parseComment(keyword)],
      ['BA_DEF_', (keyword) => this.#parseAttributeDefinition(keyword)],
      ['BA_DEF_DEF_', (keyword) => this.#parseAttributeDefault(keyword)],
      ['BA_', (keyword) => this.#parseAttribute(keyword)],
      ...PASSED_OVER.map((word): [string, (keyword: Token) => void] => [word, (keyword) => this.#passOver(keyword)]),
    ]);
  }

  parse(): Dbc {
    const lexer = this.#lexer;
    while (lexer.token.kind !== 'end') {
      const statement = lexer.token.kind === 'word' ? this.#statements.get(lexer.token.text) : undefined;
      if (!statement) throw lexer.expected('a statement such as BO_, SG_, VAL_ or CM_');
      statement(lexer.next());
    }
    this.#links.resolve();
    return {
      file: lexer.file,
      version: this.#version,
      nodes: this.#nodes,
      messages: this.#links.messages,
      valueTables: this.#valueTables,
      warnings: this.#links.warnings,
    };
  }

  #parseVersion(): void {
    this.#version = this.#lexer.string('the version');
  }

  /** The list of keywords that the file may use: of no use to a reader who knows them all. */
  #parseNewSymbols(): void {
    this.#lexer.sign(':', 'after NS_');
    while (this.#lexer.token.kind === 'word' && !['BS_', 'BU_', 'BO_'].includes(this.#lexer.token.text)) {
      this.#lexer.next();
    }
  }

  /** Obsolete: the bus's speed is not taken from here. */
  #parseBitTiming(): void {
    this.#lexer.sign(':', 'after BS_');
    while (this.#lexer.token.kind === 'number' || this.#lexer.isSign(':') || this.#lexer.isSign(','))
      this.#lexer.next();
  }

  #parseNodes(): void {
    this.#lexer.sign(':', 'after BU_');
    const nodes: string[] = [];
    while (this.#lexer.token.kind === 'word' && !this.#statements.has(this.#lexer.token.text)) {
      nodes.push(this.#lexer.next().text);
      this.#lexer.takeSign(',');
    }
    this.#nodes = nodes;
  }

  #parseMessage(keyword: Token): void {
    this.#message = parseMessage(this.#lexer);
    this.#links.addMessage(this.#message, keyword);
  }

  #parseSignal(keyword: Token): void {
    if (!this.#message) throw this.#lexer.error(keyword, 'expected BO_, a message, before its first SG_');
    const parsed = parseSignal(this.#lexer, this.#message, (word) => this.#statements.has(word));
    this.#links.addSignal(this.#message, parsed, keyword);
  }

  #parseValueTable(): void {
    const name = this.#lexer.word('the name of a value table').text;
    this.#valueTables.set(name, this.#parseNamedValues());
  }

  #parseChoices(keyword: Token): void {
    // An environment variable's values start with its name.
    if (this.#lexer.token.kind === 'word') {
      this.#passOver(keyword);
      return;
    }
    const id = this.#parseId();
    const name = this.#lexer.word('the name of a signal').text;
    this.#links.choices({ id, name, keyword }, this.#parseNamedValues());
  }

  #parseNamedValues(): Map<number, string> {
    const values = new Map<number, string>();
    while (!this.#lexer.takeSign(';')) {
      const value = decimal(this.#lexer.number('a value or ";"')).value;
      values.set(value, this.#lexer.string("the value's name"));
    }
    return values;
  }

  #parseValueType(keyword: Token): void {
    const id = this.#parseId();
    const name = this.#lexer.word('the name of a signal').text;
    this.#lexer.takeSign(':');
    const type = this.#lexer.whole('a value type: 0 integer, 1 float, 2 double', 2);
    this.#lexer.sign(';', 'after the value type');
    this.#links.valueType({ id, name, keyword }, (['integer', 'float32', 'float64'] as const)[type]);
  }

  #parseMultiplexing(keyword: Token): void {
    const id = this.#parseId();
    const name = this.#lexer.word('the name of a multiplexed signal').text;
    const multiplexer = this.#lexer.word('the name of its multiplexer').text;
    const ranges: [number, number][] = [];
    do {
      const from = this.#lexer.whole('the start of a range of values', Number.MAX_SAFE_INTEGER);
      this.#lexer.sign('-', 'between the ends of a range');
      ranges.push([from, this.#lexer.whole('the end of a range of values', Number.MAX_SAFE_INTEGER)]);
    } while (this.#lexer.takeSign(','));
    this.#lexer.sign(';', 'after the ranges');
    this.#links.selector({ id, name, keyword }, { multiplexer, ranges });
  }

  #parseComment(keyword: Token): void {
    const about = this.#lexer.token.kind === 'word' ? this.#lexer.next().text : '';
    if (about === 'BO_' || about === 'SG_') {
      const id = this.#parseId();
      const name = about === 'SG_' ? this.#lexer.word('the name of a signal').text : undefined;
      this.#links.comment({ id, name, keyword }, this.#lexer.string('a comment'));
    } else {
      if (about !== '') this.#lexer.word('the name of what the comment is about');
      this.#lexer.string('a comment');
    }
    this.#lexer.sign(';', 'after the comment');
  }

  /** Only the names of VFrameFormat's values are of use. */
  #parseAttributeDefinition(keyword: Token): void {
    if (this.#lexer.token.kind === 'word') this.#lexer.next();
    if (this.#lexer.string('the name of an attribute') !== 'VFrameFormat' || !this.#lexer.isWord('ENUM')) {
      this.#passOver(keyword);
      return;
    }
    this.#lexer.next();
    const names: string[] = [];
    do names.push(this.#lexer.string('a value'));
    while (this.#lexer.takeSign(','));
    this.#lexer.sign(';', 'after the values');
    this.#links.frameFormats = names;
  }

  #parseAttributeDefault(_keyword: Token): void {
    const attribute = this.#lexer.string('the name of an attribute');
    const value = this.#parseAttributeValue();
    this.#lexer.sign(';', 'after the default');
    this.#links.attributeDefault(attribute, value);
  }

  #parseAttribute(keyword: Token): void {
    const attribute = this.#lexer.string('the name of an attribute');
    const about = this.#lexer.token.kind === 'word' ? this.#lexer.next().text : '';
    if (about !== 'BO_' && about !== 'SG_') {
      this.#passOver(keyword);
      return;
    }
    const id = this.#parseId();
    const name = about === 'SG_' ? this.#lexer.word('the name of a signal').text : undefined;
    const value = this.#parseAttributeValue();
    this.#lexer.sign(';', "after the attribute's value");
    this.#links.attribute({ id, name, keyword }, attribute, value);
  }

  #parseAttributeValue(): string | number {
    if (this.#lexer.token.kind === 'string') return this.#lexer.next().text;
    return decimal(this.#lexer.number('a value')).value;
  }

  #parseId(): number {
    return this.#lexer.whole('the id of a message', FILE_ID_MAX);
  }

  /** To the semicolon; a statement that starts on a later line shows that it is missing. */
  #passOver(keyword: Token): void {
    let line = keyword.line;
    while (!this.#lexer.isSign(';')) {
      const { token } = this.#lexer;
      const startsStatement = token.line > line && token.kind === 'word' && this.#statements.has(token.text);
      if (token.kind === 'end' || startsStatement) throw this.#lexer.expected(`";" at the end of ${keyword.text}`);
      line = token.line;
      this.#lexer.next();
    }
    this.#lexer.next();
  }
}
