import { compileBits, type ReadBits, readExact } from './bits.js';
import { scaling } from './dbc/decimal.js';
import { lastByte } from './dbc/message.js';
import type { DbcMessage, DbcSignal } from './dbc/model.js';

/** Which raw values of which signal let a multiplexed one be there. */
interface Gate {
  multiplexer: number;
  /** from, to, from, to …, both included. */
  ranges: Float64Array;
}

/**
 * Decodes the frames of one message. `decode` fills `values` and `active`, which belong to the decoder: nothing is
 * allocated for a frame.
 */
export class MessageDecoder {
  readonly message: DbcMessage;
  /** In the order of the file. */
  readonly signals: readonly DbcSignal[];
  /** Physical values of the last frame by signal; of those that are active only. Never clamped to [minimum|maximum]. */
  readonly values: Float64Array;
  /** 1 = the signal was in the last frame: not switched off by a multiplexer, and within the data. */
  readonly active: Uint8Array;
  /** Frames that were too short for some signal. */
  truncated = 0;
  readonly #read: readonly ReadBits[];
  readonly #raw: Float64Array;
  readonly #multiply: Float64Array;
  readonly #add: Float64Array;
  readonly #divide: Float64Array;
  /** Bytes of data that each signal needs. */
  readonly #bytes: Uint16Array;
  readonly #bytesMax: number;
  readonly #gates: readonly (Gate | undefined)[];
  /** Multiplexers before what they switch. */
  readonly #order: Uint16Array;
  readonly #isPlain: boolean;
  /** For multiplexers whose value is not what their bits read as an unsigned number. */
  readonly #valueReads = new Map<number, ReadBits>();

  constructor(message: DbcMessage) {
    this.message = message;
    const { signals } = message;
    const count = signals.length;
    this.signals = signals;
    this.values = new Float64Array(count);
    this.active = new Uint8Array(count);
    this.#raw = new Float64Array(count);
    const scalings = signals.map((signal) => scaling(signal.factor, signal.offset, rawMax(signal)));
    this.#multiply = Float64Array.from(scalings, ({ multiply }) => multiply);
    this.#add = Float64Array.from(scalings, ({ add }) => add);
    this.#divide = Float64Array.from(scalings, ({ divide }) => divide);
    this.#bytes = Uint16Array.from(signals, (signal) => lastByte(signal) + 1);
    this.#bytesMax = Math.max(0, ...this.#bytes);
    this.#gates = signals.map((signal) => gateOf(signal, signals));
    this.#order = byDepth(this.#gates);
    this.#isPlain = this.#gates.every((gate) => gate === undefined);
    // A multiplexer is compared by its bits: m15 means all four set, also where the file calls the signal signed.
    const isSelector = new Set(this.#gates.map((gate) => gate?.multiplexer));
    this.#read = signals.map((signal, i) => compileBits(isSelector.has(i) ? unsignedInteger(signal) : signal));
    for (const i of isSelector)
      if (i !== undefined && needsOwnRead(signals[i])) this.#valueReads.set(i, compileBits(signals[i]));
  }

  /** @returns how many signals are active */
  decode(data: Uint8Array, length: number): number {
    const { values, active } = this;
    const isWhole = length >= this.#bytesMax;
    if (!isWhole) this.truncated++;
    if (this.#isPlain && isWhole) {
      for (let i = 0; i < values.length; i++) {
        values[i] = (this.#read[i](data) * this.#multiply[i] + this.#add[i]) / this.#divide[i];
        active[i] = 1;
      }
      return values.length;
    }
    return this.#decodeSome(data, length);
  }

  /** The physical value of the last frame's signal with all its digits, where a double has too few. Undefined: `values` is exact. */
  exact(index: number, data: Uint8Array): bigint | undefined {
    const signal = this.signals[index];
    if (signal.valueType !== 'integer' || signal.length <= 53 || signal.factor.power > 0 || signal.offset.power > 0) {
      return undefined;
    }
    if (Number.isNaN(signal.factor.units) || Number.isNaN(signal.offset.units)) return undefined;
    const value = readExact(signal, data) * BigInt(signal.factor.units) + BigInt(signal.offset.units);
    return value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER ? value : undefined;
  }

  #decodeSome(data: Uint8Array, length: number): number {
    const { values, active } = this;
    let count = 0;
    for (const i of this.#order) {
      active[i] = 0;
      if (length < this.#bytes[i]) continue;
      const gate = this.#gates[i];
      if (gate && !(active[gate.multiplexer] === 1 && isWithin(this.#raw[gate.multiplexer], gate.ranges))) continue;
      const raw = this.#read[i](data);
      this.#raw[i] = raw;
      const value = this.#valueReads.get(i)?.(data) ?? raw;
      values[i] = (value * this.#multiply[i] + this.#add[i]) / this.#divide[i];
      active[i] = 1;
      count++;
    }
    return count;
  }
}

function rawMax({ valueType, length }: DbcSignal): number {
  return valueType === 'integer' ? 2 ** length : Number.POSITIVE_INFINITY;
}

function unsignedInteger(signal: DbcSignal): DbcSignal {
  return { ...signal, signed: false, valueType: 'integer' };
}

function needsOwnRead({ signed, valueType }: DbcSignal): boolean {
  return signed || valueType !== 'integer';
}

function gateOf({ selector }: DbcSignal, signals: readonly DbcSignal[]): Gate | undefined {
  if (!selector) return undefined;
  const multiplexer = signals.findIndex(({ name }) => name === selector.multiplexer);
  return { multiplexer, ranges: Float64Array.from(selector.ranges.flat()) };
}

function byDepth(gates: readonly (Gate | undefined)[]): Uint16Array {
  const depth = (i: number): number => {
    const gate = gates[i];
    return gate ? depth(gate.multiplexer) + 1 : 0;
  };
  return Uint16Array.from(gates.keys()).sort((a, b) => depth(a) - depth(b) || a - b);
}

function isWithin(raw: number, ranges: Float64Array): boolean {
  for (let r = 0; r < ranges.length; r += 2) if (raw >= ranges[r] && raw <= ranges[r + 1]) return true;
  return false;
}
