import type { Lexer, Token } from './lexer.js';
import { EXTENDED_FLAG, type ParsedSignal } from './message.js';
import type { DbcMessage, DbcSignal, DbcWarning, Position, Selector } from './model.js';

type Draft = DbcMessage & { signals: DbcSignal[] };

/** A statement about a message, or a signal of it, by names that the file may define before or after. */
export interface Reference {
  /** As the file writes it, with the flag for extended ids. */
  id: number;
  name?: string;
  keyword: Token;
}

/** Vector's names for the values of VFrameFormat, where the file does not list them. */
const FRAME_FORMATS: Readonly<Record<number, string>> = { 3: 'J1939PG', 14: 'StandardCAN_FD', 15: 'ExtendedCAN_FD' };

/** Gathers what a file says about messages and signals in other places, and joins it at the end. */
export class Links {
  readonly messages: Draft[] = [];
  readonly warnings: DbcWarning[] = [];
  /** Names of VFrameFormat's values, if the file lists them. */
  frameFormats: readonly string[] | undefined;
  readonly #lexer: Lexer;
  readonly #byFileId = new Map<number, Draft>();
  readonly #positions = new Map<DbcMessage | DbcSignal, Position>();
  readonly #marks = new Map<DbcSignal, number>();
  readonly #selected = new Set<DbcSignal>();
  readonly #defaults = new Map<string, string | number>();
  readonly #later: (() => void)[] = [];

  constructor(lexer: Lexer) {
    this.#lexer = lexer;
  }

  addMessage(message: Draft, position: Position): void {
    const fileId = message.id + (message.extended ? EXTENDED_FLAG : 0);
    const other = this.#byFileId.get(fileId);
    if (other) {
      const where = `${other.name} on line ${this.#positions.get(other)?.line}`;
      throw this.#lexer.error(position, `expected an id used once, found that of ${where} again`);
    }
    if (!message.hasBusId) {
      const text = `${message.name} is never decoded: no frame has id ${fileId} (an extended one needs 2147483648 added)`;
      this.warnings.push({ line: position.line, column: position.column, text });
    }
    this.#byFileId.set(fileId, message);
    this.#positions.set(message, position);
    this.messages.push(message);
  }

  addSignal(message: Draft, { signal, multiplexedBy }: ParsedSignal, position: Position): void {
    if (message.signals.some(({ name }) => name === signal.name)) {
      throw this.#lexer.error(position, `expected a name used once in ${message.name}, found ${signal.name} again`);
    }
    message.signals.push(signal);
    this.#positions.set(signal, position);
    if (multiplexedBy !== undefined) this.#marks.set(signal, multiplexedBy);
  }

  choices(reference: Reference, values: ReadonlyMap<number, string>): void {
    this.#whenKnown(reference, (_message, signal) => {
      signal!.choices = values;
    });
  }

  comment(reference: Reference, text: string): void {
    this.#whenKnown(reference, (message, signal) => {
      (signal ?? message).comment = text;
    });
  }

  valueType(reference: Reference, valueType: DbcSignal['valueType']): void {
    this.#later.push(() => {
      const { signal } = this.#required(reference);
      const bits = { integer: signal.length, float32: 32, float64: 64 }[valueType];
      if (signal.length !== bits) {
        throw this.#lexer.error(
          reference.keyword,
          `expected a signal of ${bits} bits to be a ${valueType}, found ${signal.name} of ${signal.length}`,
        );
      }
      signal.valueType = valueType;
    });
  }

  selector(reference: Reference, selector: Selector): void {
    this.#later.push(() => {
      const { message, signal } = this.#required(reference);
      const multiplexer = message.signals.find(({ name }) => name === selector.multiplexer);
      if (!multiplexer?.multiplexer) {
        throw this.#lexer.error(
          reference.keyword,
          `expected a multiplexer of ${message.name}, found ${selector.multiplexer}`,
        );
      }
      signal.selector = selector;
      this.#selected.add(signal);
    });
  }

  attributeDefault(attribute: string, value: string | number): void {
    this.#defaults.set(attribute, value);
  }

  attribute(reference: Reference, attribute: string, value: string | number): void {
    this.#whenKnown(reference, (message, signal) => {
      if (signal) {
        // After all other statements, which know the signal by its short name.
        if (attribute === 'SystemSignalLongSymbol')
          this.#later.push(() => this.#rename(message, signal, String(value)));
      } else if (attribute === 'SystemMessageLongSymbol') message.name = String(value);
      else if (attribute === 'GenMsgCycleTime') message.cycleMs = Number(value) || 0;
      else if (attribute === 'VFrameFormat') this.#setFormat(message, value);
    });
  }

  /** To be called at the end of the file. */
  resolve(): void {
    for (const message of this.messages) {
      message.cycleMs = Number(this.#defaults.get('GenMsgCycleTime') ?? 0) || 0;
      this.#setFormat(message, this.#defaults.get('VFrameFormat') ?? '');
    }
    // The list grows: names are changed last.
    for (let i = 0; i < this.#later.length; i++) this.#later[i]();
    for (const message of this.messages) this.#linkMultiplexed(message);
  }

  #setFormat(message: DbcMessage, value: string | number): void {
    const name = typeof value === 'string' ? value : (this.frameFormats?.[value] ?? FRAME_FORMATS[value] ?? '');
    message.fd = name.endsWith('_FD');
    message.j1939 = name === 'J1939PG';
  }

  #rename(message: DbcMessage, signal: DbcSignal, name: string): void {
    if (message.signals.some((other) => other !== signal && other.name === name)) {
      throw this.#lexer.error(
        this.#positions.get(signal)!,
        `expected a long name used once in ${message.name}, found ${name}`,
      );
    }
    const shortName = signal.name;
    signal.name = name;
    for (const other of message.signals) {
      if (other.selector?.multiplexer === shortName) other.selector = { ...other.selector, multiplexer: name };
    }
  }

  /** Plain multiplexing: `m3` means the one multiplexer of the message; SG_MUL_VAL_ says more and wins. */
  #linkMultiplexed(message: Draft): void {
    const roots = message.signals.filter((signal) => signal.multiplexer && !this.#marks.has(signal));
    for (const signal of message.signals) {
      const value = this.#marks.get(signal);
      if (value === undefined || this.#selected.has(signal)) continue;
      if (roots.length !== 1) {
        throw this.#lexer.error(
          this.#positions.get(signal)!,
          `expected one multiplexer in ${message.name}, or a SG_MUL_VAL_ that names ${signal.name}'s, found ${roots.length}`,
        );
      }
      signal.selector = { multiplexer: roots[0].name, ranges: [[value, value]] };
    }
    for (const signal of message.signals) this.#refuseCycle(message, signal);
  }

  #refuseCycle(message: Draft, signal: DbcSignal): void {
    let above: DbcSignal | undefined = signal;
    for (let steps = 0; above?.selector; steps++) {
      if (steps > message.signals.length) {
        throw this.#lexer.error(
          this.#positions.get(signal)!,
          `expected multiplexers without a circle, found one above ${signal.name}`,
        );
      }
      const { multiplexer }: Selector = above.selector;
      above = message.signals.find(({ name }) => name === multiplexer);
    }
  }

  #required(reference: Reference): { message: Draft; signal: DbcSignal } {
    const message = this.#byFileId.get(reference.id);
    const signal = message?.signals.find(({ name }) => name === reference.name);
    if (!message || !signal)
      throw this.#lexer.error(reference.keyword, `expected a signal that is defined, found ${told(reference)}`);
    return { message, signal };
  }

  #whenKnown(reference: Reference, then: (message: Draft, signal: DbcSignal | undefined) => void): void {
    this.#later.push(() => {
      const message = this.#byFileId.get(reference.id);
      const signal = message?.signals.find(({ name }) => name === reference.name);
      if (message && (signal || reference.name === undefined)) {
        then(message, signal);
        return;
      }
      const { line, column, text } = reference.keyword;
      this.warnings.push({ line, column, text: `${text} names what is not defined: ${told(reference)}` });
    });
  }
}

function told({ id, name }: Reference): string {
  return name === undefined ? `message ${id}` : `${name} of message ${id}`;
}
