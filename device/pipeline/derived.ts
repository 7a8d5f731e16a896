import type { SampleBlock } from '../sources/source.js';
import { ChannelTable } from '../wire/channels.js';
import { PitwallError } from '../wire/errors.js';
import { compile, type Expression } from './expression/compile.js';
import type { Signals, WindowSet } from './expression/signals.js';

/**
 * A channel that the car computes.
 *
 * @example { name: 'brakeBias', unit: '%', scale: 0.1, expression: '100 * brakeFront / (brakeFront + brakeRear)' }
 */
export interface DerivedChannel {
  name: string;
  unit: string;
  /** Resolution, as in the channel table. */
  scale: number;
  /** Default 0. */
  offset?: number;
  /** A number (grammar: `expression/syntax.ts`); it may read other derived channels. */
  expression: string;
  /** Evaluated once in each period counted from the epoch. Absent: whenever a channel that it reads has a sample. */
  everyMs?: number;
}

/** The table with derived channels behind those of the sources. Raises PW-DERIVED-INVALID for a name that is taken. */
export function withDerived(table: ChannelTable, derived: readonly DerivedChannel[]): ChannelTable {
  if (derived.length === 0) return table;
  const names = new Set(table.channels.map(({ name }) => name));
  const fastestHz = Math.max(...table.channels.map(({ rateHz }) => rateHz));
  const added = derived.map(({ name, unit, scale, offset = 0, everyMs }) => {
    if (names.has(name)) {
      throw new PitwallError('PW-DERIVED-INVALID', { what: `Derived channel "${name}": the name is taken.` });
    }
    names.add(name);
    return { name, unit, scale, offset, rateHz: everyMs === undefined ? fastestHz : 1000 / everyMs };
  });
  return new ChannelTable([...table.channels, ...added]);
}

/** A derived channel, compiled. */
export interface Derivation {
  readonly channel: number;
  readonly expression: Expression;
  /** 0 = at every sample that it reads. */
  readonly periodUs: number;
  /** Epoch µs of the last evaluation; periodic ones only. */
  lastUs: number;
}

/**
 * Compiles derived channels, in an order in which each comes behind those that it reads. Raises PW-EXPRESSION-…, or
 * PW-DERIVED-INVALID naming a cycle.
 */
export function compileDerived(derived: readonly DerivedChannel[], signals: Signals, windows: WindowSet): Derivation[] {
  const { table } = signals;
  const compiled = new Map<number, Derivation>();
  for (const { name, expression: text, everyMs = 0 } of derived) {
    const channel = table.indexOf(name);
    const expression = compile(text, 'number', signals, windows);
    if (expression.channels.length === 0) {
      throw new PitwallError('PW-DERIVED-INVALID', { what: `Derived channel "${name}" reads no channel: ${text}` });
    }
    compiled.set(channel, { channel, expression, periodUs: everyMs * 1000, lastUs: Number.NEGATIVE_INFINITY });
  }
  const ordered = new Set<Derivation>();
  const visit = (derivation: Derivation, path: readonly number[]) => {
    const { channel, expression } = derivation;
    if (path.includes(channel)) {
      const names = [...path.slice(path.indexOf(channel)), channel].map((index) => table.channels[index].name);
      throw new PitwallError('PW-DERIVED-INVALID', { what: `Derived channels in a circle: ${names.join(' → ')}.` });
    }
    if (ordered.has(derivation)) return;
    for (const read of expression.channels) {
      const inner = compiled.get(read);
      if (inner) visit(inner, [...path, channel]);
    }
    ordered.add(derivation);
  };
  for (const derivation of compiled.values()) visit(derivation, []);
  return [...ordered];
}

/** What the derivations that a layout calls for give at its rows: a block that goes with each block of the layout. */
export class DerivedRows {
  /** In the order in which they are evaluated. */
  readonly #derivations: readonly Derivation[];
  readonly #channels: Uint16Array;
  #block: SampleBlock;
  /** Column of each derivation: a table's channels ascend, evaluation need not. */
  readonly #columns: readonly number[];

  constructor(derivations: readonly Derivation[]) {
    this.#derivations = derivations;
    this.#channels = Uint16Array.from(derivations.map(({ channel }) => channel)).sort();
    this.#columns = derivations.map(({ channel }) => this.#channels.indexOf(channel));
    this.#block = { timeMs: 0, periodUs: 0, count: 0, channels: this.#channels, values: new Float64Array(0) };
  }

  get channels(): Uint16Array {
    return this.#channels;
  }

  /** The block with the times of `like`; its values come row by row. */
  begin(like: SampleBlock): SampleBlock {
    const { timeMs, count } = like;
    const size = count * this.#channels.length;
    const values = this.#block.values.length < size ? new Float64Array(size) : this.#block.values;
    const common = { timeMs, count, channels: this.#channels, values };
    this.#block = like.timesUs ? { ...common, timesUs: like.timesUs } : { ...common, periodUs: like.periodUs };
    return this.#block;
  }

  /** Evaluates at the row of `signals.timeUs`, and lets the signals know. */
  evaluate(signals: Signals, row: number): void {
    const { values, count } = this.#block;
    for (let i = 0; i < this.#derivations.length; i++) {
      const { channel, expression } = this.#derivations[i];
      const value = expression.evaluate();
      signals.take(channel, value);
      values[this.#columns[i] * count + row] = value;
    }
  }
}
